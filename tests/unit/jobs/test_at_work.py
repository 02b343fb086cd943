"""A measurement is refused beside a run, whoever started that."""

from __future__ import annotations

import subprocess
import sys

import pytest

from loraloom.jobs.at_work import refuse_if_held
from loraloom.spec.errors import LoomError


def test_refused_while_a_child_runs() -> None:
    refuse_if_held("cuda:7")
    held = subprocess.Popen(
        [sys.executable, "-c", "input()", "-m", "loraloom.train"], stdin=subprocess.PIPE, start_new_session=True
    )
    try:
        with pytest.raises(LoomError) as found:
            refuse_if_held("cpu")
        assert found.value.code == "in_use" and "(process" in found.value.message, (
            "this one, or another that trains here"
        )
        refuse_if_held("cuda:7")
    finally:
        held.kill()
        held.communicate()

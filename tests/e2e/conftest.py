"""A real server for each test that asks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.served import Served


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A server on an empty home, without a warm child."""
    server = Served(tmp_path / "home", "--no-warm").start()
    yield server
    server.stop()

"""The command line with a made-up training child, so that no test here needs torch."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from loraloom.jobs.runners.local import LocalRunner

CHILD = """
import sys, time, signal
from pathlib import Path
sys.path.insert(0, {tests!r})
from tests.made_events import finished, logged, started, write
from loraloom.spec.event import CheckpointSaved, RunFailed, RunInterrupted, StageStarted, WarningRaised
run_dir = Path(sys.argv[1])
lora = run_dir / "lora" / "x.safetensors"
{body}
"""


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Call it with a body: that is what `loraloom train` will start."""

    def use(body: str) -> None:
        script = tmp_path / "child.py"
        script.write_text(CHILD.format(tests=str(Path(__file__).parents[3]), body=body), encoding="utf-8")
        runner = partial(LocalRunner, [sys.executable, str(script)])
        monkeypatch.setattr("loraloom.cli.carry_out.LocalRunner", runner)

    return use


@pytest.fixture
def config(base_folder: Path, pictures: Path, tmp_path: Path) -> Path:
    """A config file that can run."""
    file = tmp_path / "my style.yaml"
    file.write_text(
        f"base_model: {base_folder}\ndataset:\n  path: {pictures}\ntraining:\n  epochs: 2\n", encoding="utf-8"
    )
    return file

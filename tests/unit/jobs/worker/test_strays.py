"""A child that its worker had no time to note is found and ended; what works elsewhere is left alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from loraloom.jobs.runners import detached


def _sleeper(run_dir: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", str(run_dir)])


def test_only_what_was_started_for_the_folder_ends(tmp_path: Path) -> None:
    stray, other = _sleeper(tmp_path / "run.1"), _sleeper(tmp_path / "run.12")
    try:
        detached.end_strays(tmp_path / "run.1")
        assert stray.wait(timeout=10) != 0
        assert other.poll() is None
    finally:
        for process in (stray, other):
            process.kill()
            process.wait()

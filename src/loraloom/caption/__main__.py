"""`python -m loraloom.caption JOB_DIR`: one captioning in one process. Exit code 0, 1 failed, 2 usage, 130 stopped."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from loraloom.child import limits
from loraloom.child.stop import Stop
from loraloom.child.work import Words, carry_out
from loraloom.spec.journal import Journal

WORDS = Words(
    kept="the captions made so far are kept",
    again="Start it again to go on.",
    memory="Take a smaller batch (--batch 1) or a smaller model.",
    busy="captioned",
)


def main(arguments: list[str]) -> int:
    """Carry out the folder named in `arguments`; every failure is an event with what to do, and a traceback in the log."""
    limits.apply()
    began = time.time()
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write("usage: python -m loraloom.caption JOB_DIR\n")
        return 2
    return carry_out(
        Path(arguments[0]).absolute(), lambda folder, emit, stop: _caption(folder, emit, stop, began), WORDS
    )


def _caption(job_dir: Path, emit: Journal, stop: Stop, began: float) -> str | None:
    from loraloom.caption.job import read_job, run_job

    return run_job(job_dir, read_job(job_dir), emit, stop, began)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # no waiting for questions that are still on their way

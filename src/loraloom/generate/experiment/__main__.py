"""`python -m loraloom.generate.experiment RUN_DIR`: one experiment. Exit code 0, 1 failed, 2 usage, 130 stopped."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from loraloom.child import limits
from loraloom.child.stop import Stop
from loraloom.child.work import Words, carry_out
from loraloom.spec.journal import Journal

WORDS = Words(
    kept="what was made so far is kept",
    again="Start it again to go on.",
    memory="Compare smaller pictures, or a smaller base.",
    busy="compared",
)


def main(arguments: list[str]) -> int:
    """Carry out the folder named in `arguments`; every failure is an event with what to do, and a traceback in the log."""
    limits.apply()
    began = time.time()
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write("usage: python -m loraloom.generate.experiment RUN_DIR\n")
        return 2
    return carry_out(
        Path(arguments[0]).absolute(), lambda folder, emit, stop: _compare(folder, emit, stop, began), WORDS
    )


def _compare(run_dir: Path, emit: Journal, stop: Stop, began: float) -> str | None:
    from loraloom.generate.experiment.job import read_job, run_job

    return run_job(run_dir, read_job(run_dir), emit, stop, began)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

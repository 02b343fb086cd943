"""`python -m loraloom.train RUN_DIR`: one run in one process. Exit code 0 finished, 1 failed, 2 usage, 130 interrupted.

`--warm FOLDER [BASE]` makes ready and waits on the standard input for the run folder: see `train.warm`.
"""

from __future__ import annotations

import gc
import sys
import time
from pathlib import Path

from loraloom.child import limits
from loraloom.child.stop import Stop
from loraloom.child.work import carry_out
from loraloom.spec.journal import Journal
from loraloom.train.words import WORDS


def main(arguments: list[str]) -> int:
    """Run the folder named in `arguments`; every failure is an event with what to do, and a traceback in the log."""
    limits.apply()
    gc.disable()  # until the base model is loaded: looking for garbage among a million new things costs a second or two
    began = _process_start()
    if arguments[:1] == ["--warm"] and len(arguments) in (2, 3):
        from loraloom.train.warm import wait

        given = wait(Path(arguments[1]), arguments[2] if len(arguments) == 3 else None)
        if given is None:
            return 0
        run_dir, began = given, time.time()
    elif len(arguments) == 1 and not arguments[0].startswith("-"):
        run_dir = Path(arguments[0]).absolute()
    else:
        sys.stderr.write("usage: python -m loraloom.train RUN_DIR\n")
        return 2
    return carry_out(run_dir, lambda folder, emit, stop: _train(folder, emit, stop, began), WORDS)


def _train(run_dir: Path, emit: Journal, stop: Stop, began: float) -> str | None:
    from loraloom.train.child import name_of, read_run, run_child

    run = read_run(run_dir)
    limits.limit_memory(run.training.processes)
    if run.tensorboard_dir is not None:
        from loraloom.train.tensorboard import TensorBoard

        emit.listen(TensorBoard(Path(run.tensorboard_dir) / name_of(run_dir), run_dir))
    return run_child(run_dir, run, emit, stop, began)


def _process_start() -> float:
    """When this process started, in seconds of the wall clock: so that imports count in the time to the first step."""
    try:
        import psutil

        return psutil.Process().create_time()
    except Exception:
        return time.time()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

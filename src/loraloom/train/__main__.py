"""`python -m loraloom.train RUN_DIR`: one run in one process. Exit code 0 finished, 1 failed, 2 usage, 130 interrupted.

`--warm FOLDER [BASE]` makes ready and waits on the standard input for the run folder: see `train.warm`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from loraloom.child import limits
from loraloom.spec.errors import LoomError
from loraloom.spec.event import RunFailed
from loraloom.spec.journal import Journal


def main(arguments: list[str]) -> int:
    """Run the folder named in `arguments`; every failure is an event with what to do, and a traceback in the log."""
    limits.apply()
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
    return _run(run_dir, began)


def _run(run_dir: Path, began: float) -> int:
    emit: Journal | None = None
    try:
        with _lock(run_dir):
            os.chdir(run_dir)  # relative paths in run.yaml start there
            emit = Journal(run_dir)
            return _train(run_dir, emit, began)
    except (Exception, KeyboardInterrupt) as error:
        traceback.print_exc()
        failure = translate(error)
        sys.stderr.write(f"error: {failure.message}\nhint: {failure.hint}\n")
        if emit is not None:
            with contextlib.suppress(OSError):  # a full disk; the log and the exit code say it then
                emit(RunFailed(code=failure.code, message=failure.message, hint=failure.hint))
        return 130 if failure.code == "interrupted" else 1


def _train(run_dir: Path, emit: Journal, began: float) -> int:
    from loraloom.child.stop import Stop

    stop = Stop()
    from loraloom.train.child import name_of, read_run, run_child

    run = read_run(run_dir)
    if run.tensorboard_dir is not None:
        from loraloom.train.tensorboard import TensorBoard

        emit.listen(TensorBoard(Path(run.tensorboard_dir) / name_of(run_dir), run_dir))
    reason = run_child(run_dir, run, emit, stop, began)
    emit.close()
    return 0 if reason is None else 130


def translate(error: BaseException) -> LoomError:
    """What happened, in the user's words."""
    if isinstance(error, LoomError):
        return error
    if isinstance(error, KeyboardInterrupt):
        return LoomError(
            "interrupted", "The run was stopped at once.", "Start it again to go on from its last checkpoint."
        )
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return LoomError(
            "disk_full",
            "The disk is full; what was written before is whole.",
            "Free some space and start the run again.",
        )
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        return LoomError(
            "not_writable",
            f"{error.filename or 'The run folder'} cannot be written.",
            "Check its permissions, or use --out.",
        )
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower() or "alloc" in str(error).lower():
        return LoomError(
            "out_of_memory",
            "Memory ran out.",
            "Lower training.batch_size (raise training.accumulation as much), set training.gradient_checkpointing, or "
            "lower dataset.resolution.",
        )
    return LoomError(
        "internal", f"Something unexpected went wrong: {error}", "The log has the details; please report it."
    )


def _lock(run_dir: Path) -> Any:
    """Held while a child works in the folder. Raises LoomError `run_busy` or `run_not_found`."""
    from filelock import FileLock, Timeout

    if not run_dir.is_dir():
        raise LoomError("run_not_found", f"There is no run folder {run_dir}.", "Check the path.")
    try:
        return FileLock(run_dir / "lock").acquire(timeout=0)
    except Timeout as error:
        raise LoomError(
            "run_busy", f"{run_dir.name} is being trained by another process.", "Wait for it, or stop that one."
        ) from error


def _process_start() -> float:
    """When this process started, in seconds of the wall clock: so that imports count in the time to the first step."""
    try:
        import psutil

        return psutil.Process().create_time()
    except Exception:
        return time.time()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

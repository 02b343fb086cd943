"""`python -m loraloom.caption JOB_DIR`: one captioning in one process. Exit code 0, 1 failed, 2 usage, 130 stopped."""

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
    """Carry out the folder named in `arguments`; every failure is an event with what to do, and a traceback in the log."""
    limits.apply()
    began = time.time()
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write("usage: python -m loraloom.caption JOB_DIR\n")
        return 2
    job_dir = Path(arguments[0]).absolute()
    emit: Journal | None = None
    try:
        with _lock(job_dir):
            os.chdir(job_dir)  # relative paths in job.yaml start there
            emit = Journal(job_dir)
            from loraloom.child.stop import Stop

            stop = Stop()
            from loraloom.caption.job import read_job, run_job

            reason = run_job(job_dir, read_job(job_dir), emit, stop, began)
            emit.close()
            return 0 if reason is None else 130
    except (Exception, KeyboardInterrupt) as error:
        traceback.print_exc()
        failure = translate(error)
        sys.stderr.write(f"error: {failure.message}\nhint: {failure.hint}\n")
        if emit is not None:
            with contextlib.suppress(OSError):  # a full disk; the log and the exit code say it then
                emit(RunFailed(code=failure.code, message=failure.message, hint=failure.hint))
        return 130 if failure.code == "interrupted" else 1


def translate(error: BaseException) -> LoomError:
    """What happened, in the user's words."""
    if isinstance(error, LoomError):
        return error
    if isinstance(error, KeyboardInterrupt):
        text = "The captioning was stopped at once; the captions made so far are kept."
        return LoomError("interrupted", text, "Start it again to go on.")
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        text = "The disk is full; the captions made so far are kept."
        return LoomError("disk_full", text, "Free some space and start it again.")
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        return LoomError(
            "not_writable", f"{error.filename or 'The job folder'} cannot be used.", "Check its permissions."
        )
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return LoomError("out_of_memory", "Memory ran out.", "Take a smaller batch (--batch 1) or a smaller model.")
    return LoomError(
        "internal", f"Something unexpected went wrong: {error}", "The log has the details; please report it."
    )


def _lock(job_dir: Path) -> Any:
    """Held while a child works in the folder. Raises LoomError `run_busy` or `run_not_found`."""
    from filelock import FileLock, Timeout

    if not job_dir.is_dir():
        raise LoomError("run_not_found", f"There is no job folder {job_dir}.", "Check the path.")
    try:
        return FileLock(job_dir / "lock").acquire(timeout=0)
    except Timeout as error:
        text = f"{job_dir.name} is being captioned by another process."
        raise LoomError("run_busy", text, "Wait for it, or stop that one.") from error


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # no waiting for questions that are still on their way

"""One child from its folder to its exit code: the lock, the journal, and every failure as an event with what to do."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loraloom.child.stop import Stop
from loraloom.spec.errors import LoomError
from loraloom.spec.event import RunFailed
from loraloom.spec.journal import Journal

FINISHED, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
MEMORY = (
    *("out of memory", "can't allocate memory", "cannot allocate memory", "bad_alloc"),
    *("could not create a memory", "could not create a primitive", "can't start new thread"),
)
"""What torch, the C++ library, oneDNN and Python say then. The last two have other reasons too; lowering does no harm."""
Work = Callable[[Path, Journal, Stop], str | None]
"""Carries the folder out; returns the reason why it ended early, None when it finished. Raises anything."""


@dataclass(frozen=True)
class Words:
    """How a kind of work speaks of itself. `kept`: what is there after a stop; `again`: how to go on; `memory`: what to do
    when that runs out; `busy`: what another process does with the folder."""

    kept: str
    again: str
    memory: str
    busy: str


def carry_out(folder: Path, work: Work, words: Words) -> int:
    """Do `work` in `folder`, where relative paths then start. The exit code; a traceback goes to the log."""
    emit: Journal | None = None
    try:
        with _lock(folder, words):
            os.chdir(folder)
            emit = Journal(folder)
            reason = work(folder, emit, Stop())
            emit.close()
            return FINISHED if reason is None else INTERRUPTED
    except (Exception, KeyboardInterrupt) as error:
        traceback.print_exc()
        failure = translate(error, words)
        sys.stderr.write(f"error: {failure.message}\nhint: {failure.hint}\n")
        if emit is not None:
            with contextlib.suppress(OSError):  # a full disk; the log and the exit code say it then
                emit(RunFailed(code=failure.code, message=failure.message, hint=failure.hint))
        return INTERRUPTED if failure.code == "interrupted" else FAILED


def translate(error: BaseException, words: Words) -> LoomError:
    """What happened, in the user's words."""
    if isinstance(error, LoomError):
        return error
    if isinstance(error, KeyboardInterrupt):
        return LoomError("interrupted", f"Stopped at once; {words.kept}.", words.again)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return LoomError("disk_full", f"The disk is full; {words.kept}.", f"Free some space. {words.again}")
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        says = f"{error.filename or 'The folder'} cannot be written ({error.strerror})."
        return LoomError("not_writable", says, "Check its permissions, or use another folder.")
    if is_memory(error):
        return LoomError("out_of_memory", "Memory ran out.", words.memory)
    return LoomError(
        "internal", f"Something unexpected went wrong: {error}", "The log has the details; please report it."
    )


def is_memory(error: BaseException) -> bool:
    """Whether memory ran out: Python's, torch's on a card or a processor, or that of a library below."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or any(word in text for word in MEMORY)


def _lock(folder: Path, words: Words) -> Any:
    """Held while a child works in the folder. Raises LoomError `run_busy` or `run_not_found`."""
    from filelock import FileLock, Timeout

    if not folder.is_dir():
        raise LoomError("run_not_found", f"There is no folder {folder}.", "Check the path.")
    try:
        return FileLock(folder / "lock").acquire(timeout=0)
    except Timeout as error:
        text = f"{folder.name} is being {words.busy} by another process."
        raise LoomError("run_busy", text, "Wait for it, or stop that one.") from error

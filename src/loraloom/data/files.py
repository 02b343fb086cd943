"""Reading one file that a stranger named: regular files only, never a pipe or a device, and never more than allowed."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from loraloom.data.refusal import Refused

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def read_regular(path: Path, max_bytes: int) -> bytes:
    """The bytes of `path`. Raises Refused: `unreadable`, `too_large` above `max_bytes`, `empty_file`.

    A pipe that took the place of a file is not waited for (O_NONBLOCK where there is one).
    """
    try:
        handle = os.open(path, _FLAGS)
    except OSError as error:
        raise Refused("unreadable", f"Cannot be opened ({_why(error)}); check its permissions.") from error
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise Refused("unreadable", "Not a regular file; only files with content are read.")
        if status.st_size > max_bytes:
            raise Refused(
                "too_large", f"Larger than the limit of {max_bytes // 2**20} MiB for such a file; make it smaller."
            )
        try:
            data = file.read(min(max_bytes, status.st_size) + 1)  # room for all that is asked for is taken at once
        except OSError as error:
            raise Refused("unreadable", f"Cannot be read to its end ({_why(error)}); copy it again.") from error
    if len(data) > max_bytes:
        raise Refused(
            "too_large", f"Larger than the limit of {max_bytes // 2**20} MiB for such a file; make it smaller."
        )
    if not data:
        raise Refused("empty_file", "Holds 0 bytes; copy it again from where it came.")
    return data


def _why(error: OSError) -> str:
    return error.strerror or type(error).__name__

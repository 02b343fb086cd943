"""Writes texts whole or not at all, and says in the user's words why a file cannot be written."""

from __future__ import annotations

import errno
import secrets
from pathlib import Path

from loraloom.spec.errors import LoomError


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 beside `path`, then rename it over it. Raises LoomError `disk_full`, `not_writable`."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        try:
            beside.write_text(text, "utf-8", newline="\n")
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise refusal(path, error) from error


def refusal(path: Path, error: OSError) -> LoomError:
    """Why `path` cannot be written."""
    if error.errno == errno.ENOSPC:
        return LoomError("disk_full", f"There is no room left to write {path.name}.", "Free some space.")
    return LoomError("not_writable", f"{path} cannot be written: {error.strerror}.", "Check the folder's permissions.")

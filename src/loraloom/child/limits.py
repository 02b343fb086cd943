"""What this process may use, set by itself where the supervisor wants it: no core dumps, no endless files."""

from __future__ import annotations

import os
import sys

OPEN_FILES = 4096
FILE_BYTES = 64 << 30
"""Larger than any checkpoint, smaller than a disk."""


def apply() -> None:
    """Set the limits when LORALOOM_LIMITS asks for them; they hold for everything this process starts."""
    if not os.environ.get("LORALOOM_LIMITS") or sys.platform == "win32":
        return
    import resource

    os.umask(0o077)
    for kind, limit in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
    ):
        soft, hard = resource.getrlimit(kind)
        lowest = min([limit, *(value for value in (soft, hard) if value != resource.RLIM_INFINITY)])
        resource.setrlimit(kind, (lowest, lowest))

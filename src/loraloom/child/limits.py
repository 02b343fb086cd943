"""What this process may use, set by itself where the supervisor wants it: no core dumps, no endless files."""

from __future__ import annotations

import os
import sys

OPEN_FILES = 4096
FILE_BYTES = 64 << 30
"""Larger than any checkpoint, smaller than a disk."""


MEMORY = "LORALOOM_RUN_MEMORY"
"""Environment variable: bytes of memory that a run may have besides the program's own, of the machine and of a card."""


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


def limit_memory(processes: int = 1) -> None:
    """Let this process map no more than its share of LORALOOM_RUN_MEMORY bytes beyond what it maps now (RLIMIT_AS), where
    `processes` do the run together: called once the program is loaded, whose code and reserved room say nothing of what
    training needs."""
    wanted = os.environ.get(MEMORY)
    if not wanted or sys.platform == "win32":
        return
    import resource

    import psutil

    limit = psutil.Process().memory_info().vms + int(wanted) // processes
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))

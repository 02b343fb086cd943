"""`python -m loraloom.child.logged LOG MODULE ARGUMENTS`: that module, and all it prints at the end of LOG.

A child in a container writes its log itself: nobody outside has to hold its output for as long as it trains.
"""

from __future__ import annotations

import os
import sys


def main(arguments: list[str]) -> None:
    """Become `python -m MODULE ARGUMENTS`, the same process. Raises OSError."""
    log, module, *rest = arguments
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.close(file)
    os.execv(sys.executable, [sys.executable, "-P", "-m", module, *rest])  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    main(sys.argv[1:])

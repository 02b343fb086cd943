"""What runs in the pods of the tests in place of `loraloom worker`; STAND_IN says how it behaves."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

NAMES = ("LORALOOM_RUN_TOKEN", "LORALOOM_POD", "LORALOOM_POD_UID", "LORALOOM_HOME", "HOME")


def main() -> int:
    """Say what was given, then `finish` at once, `work` for a second, `fail`, `wait` for SIGTERM, be `stubborn` or `eat`."""
    print("arguments", *sys.argv[1:])
    for name in NAMES:
        print(name, os.environ.get(name, ""))
    (Path(os.environ["HOME"]) / "written").write_text("yes")
    how = os.environ["STAND_IN"]
    if how == "finish":
        return 0
    if how == "fail":
        return 3
    if how == "work":
        time.sleep(1)
        print("done")
        return 0
    if how == "stubborn":
        signal.signal(signal.SIGTERM, lambda *_: print("told to end, and stays"))
    elif how == "wait":
        signal.signal(signal.SIGTERM, lambda *_: _end())
    held: list[bytes] = []
    print("ready")
    while True:
        if how == "eat":
            held.append(b"x" * (8 << 20))
        time.sleep(0.05)


def _end() -> None:
    print("told to end")
    sys.exit(143)


if __name__ == "__main__":
    sys.exit(main())

"""Checks what is in deploy/: the Helm chart, compose.yaml, the Dockerfile. Reports only; `make check` runs it."""

from __future__ import annotations

import sys
import time

from tools.deploy import chart, compose, images


def main() -> int:
    """Print every fault; 1 if there is one."""
    began = time.monotonic()
    found = [*images.faults(), *compose.faults(), *chart.faults()]
    for fault in dict.fromkeys(found):
        print(f"deploy: {fault}")
    if not found:
        print(f"deploy: chart, compose.yaml and Dockerfile are sound ({time.monotonic() - began:.0f} s)")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

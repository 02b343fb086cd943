"""Python's garbage collector around the loading of a model."""

from __future__ import annotations

import gc


def keep() -> None:
    """Code and weights that are there now stay to the end: they are not looked through again. Turns the collector on, which
    a child turns off while it imports and loads."""
    gc.freeze()
    gc.enable()

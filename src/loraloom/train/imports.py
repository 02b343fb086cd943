"""Cuts two seconds from every start: `torch._dynamo` is loaded only when something really asks for the compiler.

diffusers and `torch.optim` import all of `torch._dynamo` (2 s) only to mark functions "not to be compiled". Loom compiles
nothing, so until the compiler itself is asked for, those marks can be answered with the function unchanged.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import torch


class _LazyDynamo(ModuleType):
    """Stands in for `torch._dynamo`; any name but the marks below loads the real module and steps aside."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


def _unchanged(fn: Any = None, *_: Any, **__: Any) -> Any:
    if fn is None:
        return _same
    return fn


def _nothing(*_: Any, **__: Any) -> None:
    """Nothing is compiled, so there is no graph to break."""


def _same(fn: Callable[..., Any]) -> Callable[..., Any]:
    return fn


def defer_dynamo() -> None:
    """Call before the first import of diffusers. `LORALOOM_DYNAMO=1` leaves everything as it is."""
    if "torch._dynamo" in sys.modules or os.environ.get("LORALOOM_DYNAMO") == "1":
        return
    stand_in = _LazyDynamo("torch._dynamo")
    stand_in.__path__ = [str(Path(torch.__file__).parent / "_dynamo")]  # its submodules stay importable one by one
    for mark in ("disable", "allow_in_graph", "assume_constant_result", "disallow_in_graph", "forbid_in_graph"):
        setattr(stand_in, mark, _unchanged)
    stand_in.graph_break = _nothing  # type: ignore[attr-defined]
    sys.modules["torch._dynamo"] = stand_in

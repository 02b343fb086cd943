"""Whether the commands that images are started with are commands of this version of Loom, and their variables are read."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from typing import Any

from tools.deploy.binaries import ROOT


def faults(arguments: Sequence[str]) -> Iterator[str]:
    """What is wrong with `arguments`, the words after `loraloom`."""
    command, words, called = _app(), list(arguments), "loraloom"
    while words and hasattr(command, "commands"):
        called = f"{called} {words[0]}"
        command = command.commands.get(words.pop(0))
        if command is None:
            yield f"there is no command `{called}`"
            return
    try:
        command.make_context(called, words)  # reads the words and calls nothing
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        yield f"`{called}`: {error.format_message()}"


def unread(variables: Sequence[str]) -> list[str]:
    """Those of `variables` that begin with LORALOOM_ and that no module reads."""
    return sorted({one for one in variables if one.startswith("LORALOOM_") and one not in _read()})


def script_commands(text: str) -> list[list[str]]:
    """The calls of `loraloom` in a shell script: the words, without redirections."""
    found = re.findall(r"(?:^|[\s(|;])loraloom((?: [\w$\"{}:.-]+)+)", re.sub(r"(?m)^\s*#.*$", "", text))
    return [call.split() for call in found]


@functools.cache
def _app() -> Any:
    from typer.main import get_command

    from loraloom.cli.app import app

    return get_command(app)


def unknown_metrics(query: str) -> list[str]:
    """Names of Loom's metrics in `query` that no module has; Prometheus lengthens those of counters and histograms."""
    names = set(re.findall(r"\bloraloom_\w+", query))
    return sorted(
        one for one in names if not {one, re.sub(r"_(total|bucket|sum|count|created)$", "", one)} & _metrics()
    )


@functools.cache
def _metrics() -> frozenset[str]:
    sources = (file.read_text(encoding="utf-8") for file in (ROOT / "src").rglob("*.py"))
    return frozenset(name for text in sources for name in re.findall(r"\"(loraloom_[a-z0-9_]+)\"", text))


@functools.cache
def _read() -> frozenset[str]:
    sources = (file.read_text(encoding="utf-8") for file in (ROOT / "src").rglob("*.py"))
    return frozenset(name for text in sources for name in re.findall(r"\"(LORALOOM_[A-Z0-9_]+)\"", text))

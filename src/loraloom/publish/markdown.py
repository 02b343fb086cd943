"""Small pieces of Markdown in which what people wrote can do no harm."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml


def front_matter(values: dict[str, Any]) -> str:
    """The hub's metadata at the top of a card; what is None is left out."""
    kept = {key: value for key, value in values.items() if value is not None}
    return f"---\n{yaml.safe_dump(kept, sort_keys=False, allow_unicode=True, width=1000)}---"


def table(rows: Iterable[tuple[str, str]]) -> str:
    """Names and values as a table without a head."""
    return "\n".join(("| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)))


def one_line(text: str) -> str:
    """One line without the signs that would open a link or a code span."""
    return (
        " ".join(text.split()).replace("`", "'").replace("[", "(").replace("]", ")").replace("<", "").replace("|", "/")
    )


def quoted(text: str) -> str:
    """`text` as a code span of one line."""
    return f"`{' '.join(text.replace('`', chr(39)).split())}`"

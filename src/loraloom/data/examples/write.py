"""Examples as JSON Lines, which `read.parse` reads back equal."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from loraloom.spec.example import Example


def to_jsonl(examples: Iterable[Example]) -> bytes:
    """One object a line: `messages`, or `text`, or `messages` with `chosen` and `rejected`; `held_out` where it is true."""
    return b"".join(_line(example) for example in examples)


def _line(example: Example) -> bytes:
    row: dict[str, Any] = {}
    if example.messages:
        row["messages"] = [message.model_dump(mode="json", exclude_defaults=True) for message in example.messages]
        for message in row["messages"]:
            message.setdefault("content", "")  # beside tool calls
    else:
        row["text"] = example.text
    if example.chosen is not None:
        row |= {"chosen": example.chosen, "rejected": example.rejected}
    if example.held_out:
        row["held_out"] = True
    return (json.dumps(row, ensure_ascii=False) + "\n").encode()

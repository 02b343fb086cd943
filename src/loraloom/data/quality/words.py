"""The sentences of findings, in every language there is, from what a finding counts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from loraloom.data.quality.report import Value

LANGUAGES = ("en", "zh")


def say(kind: str, values: Mapping[str, Value], language: str = "en") -> tuple[str, str]:
    """(message, hint) of a finding of `kind`; English for a language that there is not."""
    by_language = templates()[kind]
    words: dict[str, str] = by_language.get(language, by_language["en"])
    message = words["one"] if values.get("count") == 1 and "one" in words else words["other"]
    return message.format_map(values), words["hint"].format_map(values)


@cache
def templates() -> dict[str, Any]:
    """Kind -> language -> `other` (and `one`) for the message, `hint`; `{name}` stands for a value of the finding."""
    return json.loads(Path(__file__).with_name("words.json").read_text(encoding="utf-8"))

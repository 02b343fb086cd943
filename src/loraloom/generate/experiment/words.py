"""The prompt of a cell: with the words that call its LoRA, and without them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from loraloom.spec.prompt import without_lora_tags

HERE = "[trigger]"


def called(prompt: str, triggers: Sequence[str]) -> str:
    """The prompt with the trigger words in the place of `[trigger]`; a LoRA without any, and the base, get none."""
    text = without_lora_tags(prompt)
    if HERE not in text:
        return text
    return text.replace(HERE, ", ".join(triggers)) if triggers else _tidy(text.replace(HERE, ""))


def uncalled(prompt: str, triggers: Iterable[str]) -> str:
    """The prompt without trigger words, and without the commas and blanks that stood around them."""
    text = without_lora_tags(prompt)
    plain = text.replace(HERE, "")
    for word in sorted(triggers, key=len, reverse=True):
        plain = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "", plain, flags=re.IGNORECASE)
    return _tidy(plain) if plain != text else text


def _tidy(text: str) -> str:
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r"\s*,(?:\s*,)*", ",", text)
    return text.strip(" ,")

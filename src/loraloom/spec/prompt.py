"""What signs in a prompt mean: weights, LoRAs and wildcards, by the rules that AUTOMATIC1111 made usual."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

STEP = 1.1
"""One pair of round brackets multiplies by it, one pair of square brackets divides."""
MOST_WILDCARDS = 50
"""Wildcards may name further ones; so many are drawn in one prompt."""
_SIGN = re.compile(r"\\[()\[\]\\]|:\s*([+-]?\d*\.?\d+)\s*\)|[()\[\]]|[^\\()\[\]:]+|.", re.DOTALL)
_LORA = re.compile(r"<lora:([^:<>]+)(?::\s*([+-]?\d*\.?\d+)\s*)?(?::[^<>]*)?>", re.IGNORECASE)
_WILDCARD = re.compile(r"__([\w-]{1,60}?)__")


@dataclass(frozen=True)
class Piece:
    """Words of one weight; `start` and `end` are where they stand in the prompt, signs left out of `text`."""

    text: str
    weight: float
    start: int
    end: int


@dataclass(frozen=True)
class Tag:
    """`<lora:name:strength>` or `__name__`, and where it stands."""

    name: str
    start: int
    end: int
    strength: float = 1.0


def weighted(prompt: str) -> list[Piece]:
    """The prompt in pieces: `(a)` weighs 1.1, `((a))` 1.21, `[a]` 1 / 1.1, `(a:1.5)` 1.5; `\\(` is a bracket itself.

    A bracket that is never closed counts to the end. Neighbours of the same weight are one piece.
    """
    pieces: list[Piece] = []
    round_at: list[int] = []
    square_at: list[int] = []

    def weigh(first: int, factor: float) -> None:
        pieces[first:] = [replace(piece, weight=piece.weight * factor) for piece in pieces[first:]]

    for found in _SIGN.finditer(prompt):
        text, amount = found.group(), found.group(1)
        if text == "(":
            round_at.append(len(pieces))
        elif text == "[":
            square_at.append(len(pieces))
        elif amount is not None and round_at:
            weigh(round_at.pop(), float(amount))
        elif text == ")" and round_at:
            weigh(round_at.pop(), STEP)
        elif text == "]" and square_at:
            weigh(square_at.pop(), 1 / STEP)
        else:
            plain = text[1:] if len(text) == 2 and text[0] == "\\" else text
            pieces.append(Piece(plain, 1.0, found.start(), found.end()))
    for first in round_at:
        weigh(first, STEP)
    for first in square_at:
        weigh(first, 1 / STEP)
    return _joined(pieces)


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    found: list[Piece] = []
    for piece in pieces:
        if found and found[-1].weight == piece.weight:
            found[-1] = replace(found[-1], text=found[-1].text + piece.text, end=piece.end)
        else:
            found.append(piece)
    return found


def lora_tags(prompt: str) -> list[Tag]:
    """Every `<lora:name:strength>`; without a strength it is 1."""
    return [
        Tag(found[1].strip(), found.start(), found.end(), float(found[2]) if found[2] else 1.0)
        for found in _LORA.finditer(prompt)
    ]


def without_lora_tags(prompt: str) -> str:
    """The prompt as the text encoder gets it."""
    return re.sub(r"[ \t]{2,}", " ", _LORA.sub("", prompt)).strip()


def wildcards(prompt: str) -> list[Tag]:
    """Every `__name__`."""
    return [Tag(found[1], found.start(), found.end()) for found in _WILDCARD.finditer(prompt)]


def choose(prompt: str, lines: Mapping[str, Sequence[str]], seed: int) -> str:
    """The prompt with a line in the place of each wildcard, the same for the same seed; unknown ones stay as they stand."""
    lot = random.Random(seed)
    at = 0
    for _ in range(MOST_WILDCARDS):
        found = next((one for one in wildcards(prompt) if one.start >= at and lines.get(one.name)), None)
        if found is None:
            break
        prompt = prompt[: found.start] + lot.choice(list(lines[found.name])) + prompt[found.end :]
        at = found.start
    return prompt

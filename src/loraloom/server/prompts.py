"""What in a prompt means something: weights, LoRAs, wildcards, trigger words, and what the base's text encoder cuts off.

Tokens are counted without torch or transformers, in a few milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from loraloom.models.resolve import BaseModel
from loraloom.server.playing import PromptView, Span
from loraloom.spec import prompt as signs
from loraloom.store.drawings import wildcards
from loraloom.store.tables import Lora

if TYPE_CHECKING:
    from loraloom.data.quality.tokens import Tokens


def read(session: Session, prompt: str, base: BaseModel) -> PromptView:
    """Spans by where they begin; tokens as the first text encoder of `base` counts them. Raises LoomError
    `weights_unreadable` for a tokenizer that cannot be read."""
    tags = signs.lora_tags(prompt)
    found = [*_weights(prompt), *_loras(session, tags), *_wildcards(session, prompt), *_triggers(session, prompt, base)]
    tokens, cut = _counted(prompt, tags, tokenizer(base))
    if cut is not None:
        found.append(Span(start=cut, end=len(prompt), kind="cut"))
    room = tokenizer(base).room
    places = _utf16(prompt)
    found = [span.model_copy(update={"start": places[span.start], "end": places[span.end]}) for span in found]
    return PromptView(
        tokens=tokens,
        limit=room if room is not None else tokens,
        spans=sorted(found, key=lambda span: (span.start, -span.end)),
    )


def tokenizer(base: BaseModel) -> Tokens:
    """The tokenizer of the base's (first) text encoder: its own, or CLIP's for single files and hub ids. Raises LoomError
    `weights_unreadable`."""
    folder = base.path / "tokenizer" if base.path is not None and base.path.is_dir() else None
    if folder is None or not folder.is_dir():
        return _of(None, 0)
    return _of(folder, max((file.stat().st_mtime_ns for file in folder.iterdir()), default=0))


@lru_cache(8)
def _of(folder: Path | None, changed: int) -> Tokens:
    from loraloom.data.quality.tokens import clip_tokens, tokens_of  # not needed to start the server
    from loraloom.models.clip_vocab import clip_vocabulary

    del changed  # part of the key: another file, other tokens
    return clip_tokens(*clip_vocabulary()) if folder is None else tokens_of(folder)


def _weights(prompt: str) -> Iterator[Span]:
    for piece in signs.weighted(prompt):
        if abs(piece.weight - 1) > 1e-6:
            yield Span(start=piece.start, end=piece.end, kind="weight", weight=round(piece.weight, 4))


def _loras(session: Session, tags: Iterable[signs.Tag]) -> Iterator[Span]:
    tags = list(tags)
    if not tags:
        return
    rows = session.execute(select(Lora.name, Lora.file).where(Lora.family != "causal_lm"))
    known = {name.casefold() for row in rows for name in (row[0], Path(row[1]).stem)}
    for tag in tags:
        there = tag.name.casefold() in known
        yield Span(start=tag.start, end=tag.end, kind="lora", weight=tag.strength, name=tag.name, known=there)


def _wildcards(session: Session, prompt: str) -> Iterator[Span]:
    tags = signs.wildcards(prompt)
    known = wildcards(session, {tag.name for tag in tags})
    for tag in tags:
        yield Span(start=tag.start, end=tag.end, kind="wildcard", name=tag.name, known=bool(known.get(tag.name)))


def _triggers(session: Session, prompt: str, base: BaseModel) -> Iterator[Span]:
    """Trigger words of the gallery's LoRAs that fit the base, where they stand as words of their own."""
    rows = session.execute(select(Lora.trigger, Lora.name).where(Lora.family == base.family, Lora.trigger != ""))
    loras = {trigger.strip().casefold(): name for trigger, name in rows if trigger.strip()}
    if not loras:
        return
    any_of = "|".join(re.escape(trigger) for trigger in sorted(loras, key=len, reverse=True))
    for found in re.finditer(rf"(?<!\w)(?:{any_of})(?!\w)", prompt, re.IGNORECASE):
        yield Span(start=found.start(), end=found.end(), kind="trigger", name=loras.get(found.group().casefold(), ""))


def _counted(prompt: str, tags: Iterable[signs.Tag], tokens: Tokens) -> tuple[int, int | None]:
    """Tokens of what the encoder gets, and the character from which on it is cut."""
    for tag in tags:  # in their place nothing is read; what comes after keeps its place
        prompt = prompt[: tag.start] + " " * (tag.end - tag.start) + prompt[tag.end :]
    pieces = signs.weighted(prompt)
    text = "".join(piece.text for piece in pieces)
    at = tokens.cut_at(text)
    return tokens(text), None if at is None else _place(prompt, pieces, at)


def _place(prompt: str, pieces: Iterable[signs.Piece], at: int) -> int:
    """Where in `prompt` the character `at` of the pieces' texts stands. Inside a piece signs are missing from its text, so
    its characters are looked for one after the other."""
    for piece in pieces:
        if at < len(piece.text):
            here = piece.start
            for letter in piece.text[:at]:
                here = prompt.index(letter, here) + 1
            return prompt.index(piece.text[at], here)
        at -= len(piece.text)
    return len(prompt)


def _utf16(text: str) -> list[int]:
    """Of every character of `text`, and of its end, the place in UTF-16 code units."""
    places = [0]
    for letter in text:
        places.append(places[-1] + (2 if ord(letter) > 0xFFFF else 1))
    return places

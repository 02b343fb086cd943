"""What may be meant by the letters that were typed: trigger words, LoRAs, wildcards, tags and words of captions."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from loraloom.server.playing import Word
from loraloom.store.drawings import wildcards
from loraloom.store.tables import Dataset, Image, Lora, User

SECONDS = 30.0
"""How long the tags of a person are remembered."""
USERS = 32
"""Whose tags are remembered at once."""
CAPTIONS = 20_000
"""The newest captions that are looked at."""
LONGEST = 60
"""Characters of a tag."""
_WORD = re.compile(r"[^\W\d_][\w'-]{2,}")
_COMMON = frozenset(
    ("the", "and", "with", "for", "from", "its", "his", "her", "are", "has", "was", "over", "under", "into")
)


class Vocabulary:
    """Safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tags: OrderedDict[str, tuple[float, Counter[str]]] = OrderedDict()

    def meant(self, session: Session, user: User, search: str, family: str | None) -> list[Word]:
        """The likeliest first: what begins with `search` before what holds it, the few special words before tags, then by
        how often they are used. After `<lora:` only LoRAs are meant, after `__` only wildcards."""
        typed = search.strip().casefold()
        only_loras, only_wildcards = typed.startswith("<lora:"), typed.startswith("__")
        typed = typed.removeprefix("<lora:").strip("_ ") if only_loras or only_wildcards else typed
        found: list[Word] = []
        if not only_wildcards:
            found += _loras(session, family, triggers=not only_loras)
        if not only_loras:
            found += [
                Word(text=f"__{name}__", kind="wildcard", detail=", ".join(lines[:3])[:LONGEST])
                for name, lines in wildcards(session).items()
            ]
        if not only_loras and not only_wildcards:
            found += [Word(text=tag, kind="tag", count=count) for tag, count in self._of(session, user).items()]
        ranked = [(rank, word) for word in found if (rank := _rank(word, typed)) is not None]
        return [word for _, word in sorted(ranked, key=lambda one: one[0])]

    def _of(self, session: Session, user: User) -> Counter[str]:
        """The tags in the captions of the user's own data sets, and in how many captions each stands."""
        with self._lock:
            until, tags = self._tags.get(user.id, (0.0, Counter[str]()))
        if time.monotonic() < until:
            return tags
        tags = Counter(tag for caption in _captions(session, user) for tag in _tags(caption))
        with self._lock:
            self._tags[user.id] = (time.monotonic() + SECONDS, tags)
            self._tags.move_to_end(user.id)
            while len(self._tags) > USERS:
                self._tags.popitem(last=False)
        return tags


def _rank(word: Word, typed: str) -> tuple[int, bool, int, str] | None:
    """Small is likely; None for a word that does not hold `typed`."""
    text = word.text.casefold().removeprefix("<lora:").lstrip("_")
    at = text.find(typed)
    if at < 0:
        return None
    begins = 0 if at == 0 else 1 if not text[at - 1].isalnum() else 2
    return begins, word.kind == "tag", -word.count, word.text


def _loras(session: Session, family: str | None, triggers: bool) -> Iterator[Word]:
    rows = select(Lora.name, Lora.file, Lora.trigger).where(Lora.family != "causal_lm").order_by(Lora.id.desc())
    if family:
        rows = rows.where(Lora.family == family)
    names: dict[str, str] = {}
    called: dict[str, list[str]] = {}
    for name, file, trigger in session.execute(rows):
        short = name if not any(sign in name for sign in ":<>") else Path(file).stem
        names.setdefault(short, trigger)
        if trigger.strip():
            called.setdefault(trigger.strip(), []).append(name)
    for name, trigger in names.items():
        yield Word(text=f"<lora:{name}:1>", kind="lora", detail=trigger)
    for trigger, used in called.items() if triggers else ():
        yield Word(text=trigger, kind="trigger", detail=used[0], count=len(used))


def _captions(session: Session, user: User) -> Iterator[str]:
    rows = (
        select(Image.caption)
        .join(Dataset, Dataset.id == Image.dataset_id)
        .where(Dataset.user_id == user.id, Image.removed.is_(False), Image.caption.is_not(None))
        .order_by(Image.id.desc())
        .limit(CAPTIONS)
    )
    return (caption for caption in session.scalars(rows) if caption)


def _tags(caption: str) -> set[str]:
    """The tags of a caption that separates them by commas, of one without commas its words."""
    found: set[str] = set()
    for line in caption.splitlines():
        parts = [part.strip() for part in line.split(",")]
        if len(parts) > 1:
            found |= {part for part in parts if part and len(part) <= LONGEST}
        else:
            found |= {word.lower() for word in _WORD.findall(line) if word.lower() not in _COMMON}
    return found

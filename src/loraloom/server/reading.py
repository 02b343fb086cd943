"""What texts look like to a base model: checks of whole data sets and previews of one example, for pages that ask often."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy.orm import Session

from loraloom.jobs.kept import Kept
from loraloom.jobs.texts import TextSet, text_set, words_of
from loraloom.spec.errors import LoomError
from loraloom.spec.example import Example, TextCheck, TextPreview
from loraloom.spec.text import TextDataset
from loraloom.store.models import bases
from loraloom.store.tables import Dataset

CHECKS = 32
"""Checks that stay in memory."""


class Seen(Protocol):
    """With what the model sees the texts."""

    @property
    def base_model(self) -> str: ...
    @property
    def max_length(self) -> int: ...
    @property
    def train_on(self) -> str: ...
    @property
    def system(self) -> str: ...


class Reading:
    """Works on the thread of whoever asks. A check is worked out once for each version of a data set and each setting."""

    def __init__(self) -> None:
        self._checks: Kept[TextCheck] = Kept(CHECKS)

    def check(self, session: Session, dataset: Dataset, seen: Seen, share: float, seed: int) -> TextCheck:
        """How the data set looks; `groups` and `leaks` name examples by their numbers. Raises LoomError `dataset_empty`, and
        what `words_of` raises."""
        from loraloom.data.examples.checks import check

        texts = text_set(session, dataset)
        words, folder = words_of(_source(session, seen.base_model))
        session.commit()  # the connection is not kept meanwhile
        with_ = _dataset(seen)
        key = (texts, folder, with_, seen.train_on, share, seed)
        train_on = "everything" if seen.train_on == "everything" else "answers"
        return self._checks.get(key, lambda: _numbered(check(texts.report, with_, words, train_on, share, seed), texts))

    def preview(self, session: Session, example: Example, seen: Seen) -> TextPreview:
        """Exactly what the model sees of `example`. Raises LoomError `dataset_unreadable`, and what `words_of` raises."""
        from loraloom.data.examples.checks import preview

        words, _ = words_of(_source(session, seen.base_model))
        return preview(example, words, _dataset(seen), "everything" if seen.train_on == "everything" else "answers")


def _dataset(seen: Seen) -> TextDataset:
    return TextDataset(path="data", max_length=seen.max_length, system=seen.system)


def _source(session: Session, name: str) -> str:
    """What a config calls the base model of this id, name or source. Raises LoomError `base_model_not_found`: only those
    that somebody added to this server are looked at."""
    source = bases(session).get(name)
    if source is None:
        says = f"{name!r} is not among this server's base models."
        raise LoomError("base_model_not_found", says, "Add it under Models first.")
    return source


def _numbered(found: TextCheck, texts: TextSet) -> TextCheck:
    """With examples called by the numbers that the page shows instead of by their places."""
    numbers = [example.line for example in texts.report.examples]
    groups = tuple(tuple(numbers[i] for i in group) for group in found.groups)
    leaks = tuple((numbers[a], numbers[b]) for a, b in found.leaks)
    return found.model_copy(update={"groups": groups, "leaks": leaks})

"""Advice for a run, with what only files and records know: which captions are cut, how the last run like it went."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from loraloom.forecast import advice
from loraloom.forecast.advice_data import cut_captions
from loraloom.jobs.foresee import Case
from loraloom.models.clip_vocab import clip_vocabulary
from loraloom.spec.forecast import Advice

if TYPE_CHECKING:
    from loraloom.data.quality.tokens import Tokens

KEPT = 20_000
"""Captions whose tokens stay counted."""


def advise(case: Case, course: Sequence[tuple[int, float]] = ()) -> list[Advice]:
    """Plain warnings, the gravest first. `course`: (step, validation loss) of the last run on the same data and base."""
    room = case.shape.text_length - 2
    return advice.advise(
        case.run, case.plan, case.shape, cut=cut_captions(case.plan, case.run, _count, room), room=room, course=course
    )


@lru_cache(maxsize=KEPT)
def _count(text: str) -> int:
    return _tokens()(text)


@cache
def _tokens() -> Tokens:
    from loraloom.data.quality.tokens import clip_tokens  # a tokenizer is not needed to start the server

    return clip_tokens(*clip_vocabulary())

"""Advice for a run, with what only files and records know: which captions are cut, how the last run like it went."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from loraloom.forecast import advice
from loraloom.forecast.advice_data import cut_captions
from loraloom.forecast.language import advice as of_texts
from loraloom.jobs.foresee import Case
from loraloom.models.clip_vocab import clip_vocabulary
from loraloom.models.shape import Shape
from loraloom.models.text_shape import TextShape
from loraloom.spec.dataset import Plan
from loraloom.spec.example import TextPlan, TextReport
from loraloom.spec.forecast import Advice
from loraloom.spec.run import ImageRun
from loraloom.spec.text import TextRun

if TYPE_CHECKING:
    from loraloom.data.quality.tokens import Tokens

KEPT = 20_000
"""Captions whose tokens stay counted."""
COMPARED = 5_000
"""Texts that are compared with each other: a second."""


def advise(case: Case, course: Sequence[tuple[int, float]] = (), texts: TextReport | None = None) -> list[Advice]:
    """Plain warnings, the gravest first. `course`: (step, validation loss) of the last run on the same data and base;
    `texts` where the run is on texts and they are at hand."""
    if isinstance(case.run, TextRun):
        return _of_texts(case, case.run, course, texts)
    return _of_pictures(case, case.run, course)


def _of_pictures(case: Case, run: ImageRun, course: Sequence[tuple[int, float]]) -> list[Advice]:
    assert isinstance(case.plan, Plan) and isinstance(case.shape, Shape)
    room = case.shape.text_length - 2
    cut = cut_captions(case.plan, run, _count, room)
    return advice.advise(run, case.plan, case.shape, cut=cut, room=room, course=course)


def _of_texts(case: Case, run: TextRun, course: Sequence[tuple[int, float]], texts: TextReport | None) -> list[Advice]:
    assert isinstance(case.plan, TextPlan) and isinstance(case.shape, TextShape)
    leaks = _leaks(run, texts) if texts is not None and case.plan.held_out else 0
    prompts = list(_questions(texts)) if texts is not None else []
    return of_texts.advise(run, case.plan, case.shape, leaks=leaks, prompts=prompts, course=course)


def _leaks(run: TextRun, texts: TextReport) -> int:
    """Held-out texts that say nearly what a trained one says; none where there are too many to compare at once."""
    from loraloom.data.examples.near import near, words_of
    from loraloom.data.examples.plan import split

    if len(texts.examples) > COMPARED:
        return 0
    held = split(texts.examples, run.validation.share, run.training.seed)
    groups = near([words_of(example) for example in texts.examples])
    return sum(sum(index in held for index in group) for group in groups if not held.issuperset(group))


def _questions(texts: TextReport) -> Iterator[str]:
    for example in texts.examples:
        asked = next((message.content for message in example.messages if message.role == "user"), "")
        if asked:
            yield asked


@lru_cache(maxsize=KEPT)
def _count(text: str) -> int:
    return _tokens()(text)


@cache
def _tokens() -> Tokens:
    from loraloom.data.quality.tokens import clip_tokens  # a tokenizer is not needed to start the server

    return clip_tokens(*clip_vocabulary())

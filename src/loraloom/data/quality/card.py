"""The score card of a set: what is wrong with its pictures and captions, worst first, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from loraloom.data.quality.report import Card, Finding, Looked
from loraloom.data.quality.said import said
from loraloom.data.quality.seen import seen
from loraloom.data.quality.weigh import card_of, finding

ENOUGH = 10
"""Pictures from which a set is no longer small."""


def card(
    images: Sequence[Looked],
    *,
    trigger: str = "",
    limit: int | None = None,
    tokens: Callable[[str], int] | None = None,
    embeddings: NDArray[np.floating] | None = None,
    resolution: int | None = None,
) -> Card:
    """The card of `images`. `tokens` counts those of a text, of which the text encoder reads `limit` (see `tokens.py`);
    `embeddings` [n, d] are of the same pictures in the same order; `resolution` is the side trained at, in pixels.

    An empty set scores 0. Pictures without measures count for what is known of them.
    """
    if not images:
        return card_of([]).model_copy(update={"score": 0})
    return card_of([*_few(images), *seen(images, embeddings, resolution), *said(images, trigger, limit, tokens)])


def _few(images: Sequence[Looked]) -> Iterator[Finding]:
    if len(images) < ENOUGH:
        missing = 1 - len(images) / ENOUGH
        yield finding("few_pictures", [image.id for image in images], len(images), {"enough": ENOUGH}, share=missing)

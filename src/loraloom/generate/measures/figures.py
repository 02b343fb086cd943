"""The figures of one column, from what was seen of its pictures. What each can and cannot say: docs/experiments.md."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from loraloom.generate.measures.seen import Seen, distances, likeness


class Nearest(NamedTuple):
    """The picture that is most like one that was trained on: row of the one, row of the other."""

    likeness: float
    picture: int
    trained: int


def adherence(seen: Seen, texts: np.ndarray, prompts: Sequence[int]) -> float | None:
    """Mean cosine of pictures and their prompts; `texts` [prompts, width] are unit vectors, `prompts` says whose a picture
    is."""
    if not len(seen):
        return None
    return float(np.mean(np.sum(seen.clip * texts[list(prompts)], axis=1)))


def diversity(seen: Seen, prompts: Sequence[int]) -> float | None:
    """Mean distance of two pictures of the same prompt; None where no prompt has two."""
    by_prompt: dict[int, list[int]] = defaultdict(list)
    for row, prompt in enumerate(prompts):
        by_prompt[prompt].append(row)
    found = [_within(seen.some(rows)) for rows in by_prompt.values() if len(rows) > 1]
    return float(np.mean(found)) if found else None


def nearest(seen: Seen, trained: Seen) -> Nearest | None:
    """The likest pair; None where there is nothing to compare."""
    if not len(seen) or not len(trained):
        return None
    like = likeness(seen, trained)
    row, column = np.unravel_index(int(like.argmax()), like.shape)
    return Nearest(float(like[row, column]), int(row), int(column))


def leak(own: Seen, base: Seen, prompts: Sequence[int]) -> float | None:
    """Mean distance of pictures without the trigger from the base's of the same prompt and seed (rows go together), as a
    share of what the base's own differ by seed. None where there are no two seeds, or the base always draws the same."""
    usual = diversity(base, prompts)
    if not usual or len(own) != len(base):
        return None
    return float(np.mean(np.diagonal(distances(own, base)))) / usual


def _within(seen: Seen) -> float:
    """Mean distance of two different pictures among `seen`."""
    apart = distances(seen, seen)
    return max(0.0, float(apart[np.triu_indices(len(seen), 1)].mean()))

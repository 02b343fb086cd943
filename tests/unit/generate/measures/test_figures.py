"""The figures of a column, on vectors whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from loraloom.generate.measures.figures import adherence, diversity, leak, nearest
from loraloom.generate.measures.seen import SIDE, Seen, distances, likeness


def seen(*numbers: int) -> Seen:
    """A picture for each number; the same number is the same picture, others have nothing in common."""
    small = np.zeros((len(numbers), SIDE, SIDE, 3), np.float32)
    for row, number in enumerate(numbers):
        small[row] = np.random.default_rng(number).normal(0, 1, (SIDE, SIDE, 3))
    flat = small.reshape(len(numbers), -1)
    flat -= flat.mean(1, keepdims=True)
    return Seen(np.eye(8, dtype=np.float32)[list(numbers)], flat / np.linalg.norm(flat, axis=1, keepdims=True))


def test_a_copy_is_1_and_what_has_nothing_in_common_about_0() -> None:
    like = likeness(seen(1, 2), seen(2, 3))
    assert like[1, 0] == pytest.approx(1, abs=1e-5)
    assert max(like[0, 0], like[0, 1], like[1, 1]) < 0.2
    assert np.diagonal(distances(seen(1, 2), seen(1, 2))) == pytest.approx(0, abs=1e-5)


def test_a_mirrored_and_a_moved_copy_are_found_but_not_one_of_other_content() -> None:
    one = seen(1)
    picture = one.small.reshape(SIDE, SIDE, 3)
    for changed in (picture[:, ::-1], np.roll(picture, 1, axis=1)):
        copy = Seen(one.clip, np.ascontiguousarray(changed).reshape(1, -1))
        assert likeness(one, copy)[0, 0] > 0.8
    assert likeness(one, Seen(seen(2).clip, one.small))[0, 0] == 0, "the same shades on another thing"


def test_nearest_names_both_pictures() -> None:
    found = nearest(seen(1, 2, 3), seen(4, 3))
    assert found is not None
    assert (found.picture, found.trained) == (2, 1)
    assert nearest(seen(1), Seen(np.zeros((0, 8)), np.zeros((0, SIDE * SIDE * 3)))) is None


def test_diversity_is_within_prompts() -> None:
    assert diversity(seen(1, 1, 2, 2), [0, 0, 1, 1]) == pytest.approx(0, abs=1e-5)
    apart = diversity(seen(1, 2, 1, 2), [0, 0, 1, 1])
    assert apart is not None and apart > 0.8
    assert diversity(seen(1, 2), [0, 1]) is None, "one seed"


def test_a_leak_is_a_share_of_what_seeds_change() -> None:
    base = seen(1, 2, 3, 4)
    prompts = [0, 0, 1, 1]
    assert leak(base, base, prompts) == pytest.approx(0, abs=1e-5)
    assert leak(seen(5, 6, 7, 0), base, prompts) == pytest.approx(1, abs=0.15)
    assert leak(base, base, [0, 1, 2, 3]) is None
    assert leak(seen(1, 1), seen(1, 1), [0, 0]) is None, "the base always draws the same"


def test_adherence_is_the_mean_cosine() -> None:
    texts = np.eye(8, dtype=np.float32)[[1, 2]]
    assert adherence(seen(1, 2), texts, [0, 1]) == 1
    assert adherence(seen(1, 3), texts, [0, 1]) == 0.5

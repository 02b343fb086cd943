"""Scores from votes: known strengths come back, and intervals hold what they promise."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from loraloom.jobs.ranking import Duel, fit, ranked

TRUE = np.array([1.2, 0.5, 0.0, -0.4, -1.3])


def simulated(draw: np.random.Generator, each: int) -> list[Duel]:
    """`each` votes between every two columns, as the model says they come."""
    found: list[Duel] = []
    for first, second in combinations(range(len(TRUE)), 2):
        chance = 1 / (1 + np.exp(TRUE[second] - TRUE[first]))
        found += [Duel(first, second, float(draw.random() < chance)) for _ in range(each)]
    return found


def test_known_strengths_come_back_in_their_order() -> None:
    rows = ranked(fit(simulated(np.random.default_rng(0), 200), 5))
    assert [row.column for row in rows] == [0, 1, 2, 3, 4]
    for row in rows:
        assert row.score == pytest.approx(TRUE[row.column], abs=0.25)
        assert row.low < row.score < row.high
        assert row.votes == 800
    assert sum(row.wins for row in rows) == 2000
    assert sum(row.score for row in rows) == pytest.approx(0, abs=1e-3)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    draw = np.random.default_rng(1)
    held = [row.low <= TRUE[row.column] <= row.high for _ in range(150) for row in ranked(fit(simulated(draw, 15), 5))]
    assert 0.92 <= np.mean(held) <= 0.98


def test_intervals_narrow_with_votes() -> None:
    draw = np.random.default_rng(2)
    few, many = (ranked(fit(simulated(draw, each), 5)) for each in (5, 80))
    width = [np.mean([row.high - row.low for row in rows]) for rows in (few, many)]
    assert width[1] < width[0] / 3


def test_who_always_won_has_a_finite_score() -> None:
    rows = ranked(fit([Duel(0, 1, 1.0)] * 50, 2))
    assert rows[0].column == 0 and 2 < rows[0].score < 5
    assert rows[0].score == pytest.approx(-rows[1].score, abs=1e-3)
    assert rows[0].high > rows[0].score


def test_ties_make_equals() -> None:
    found = fit([Duel(0, 1, 0.5)] * 20 + [Duel(1, 2, 1.0)] * 10 + [Duel(0, 2, 1.0)] * 10, 3)
    assert found.scores[0] == pytest.approx(found.scores[1])
    assert found.scores[2] < found.scores[0]
    assert found.chance(0, 1) == pytest.approx(0.5)


def test_without_votes_nothing_is_known() -> None:
    rows = ranked(fit([], 3))
    assert [(row.score, row.votes) for row in rows] == [(0, 0)] * 3
    assert all(row.high > 4 and row.low < -4 for row in rows)


def test_a_column_that_was_not_voted_on_is_less_sure_than_one_that_was() -> None:
    rows = {row.column: row for row in ranked(fit([Duel(0, 1, 0.5)] * 10, 3))}
    assert rows[2].high - rows[2].low > rows[0].high - rows[0].low
    assert fit([Duel(0, 1, 1.0)] * 30, 3).ahead(0, 1) > 2


def test_a_hundred_columns_take_no_time() -> None:
    draw = np.random.default_rng(3)
    duels = [Duel(int(a), int(b), 1.0) for a, b in draw.integers(0, 100, (3000, 2)) if a != b]
    assert len(ranked(fit(duels, 100))) == 100

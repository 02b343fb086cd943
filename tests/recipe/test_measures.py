"""The measures of an experiment: on sets made for it the right figure moves, and no other does."""

from __future__ import annotations

import pytest

from bench.measures import ENOUGH, FIGURES, MOVED, Bench, moved, sets


@pytest.fixture(scope="module")
def rows() -> dict[str, dict[str, float]]:
    bench = Bench()
    return {name: bench.measure(one) for name, one in sets().items()}


def test_every_figure_has_a_set_that_moves_it() -> None:
    assert {figure for figure, _ in MOVED.values()} == set(FIGURES) == set(ENOUGH)
    assert set(sets()) == {"plain", *MOVED}


@pytest.mark.parametrize("name", MOVED)
def test_the_right_figure_moves_and_the_others_do_not(name: str, rows: dict[str, dict[str, float]]) -> None:
    figure, way = MOVED[name]
    signs = moved(rows["plain"], rows[name])
    assert signs == {key: way if key == figure else 0 for key in FIGURES}, rows[name]


def test_a_copy_is_told_from_what_is_like_it(rows: dict[str, dict[str, float]]) -> None:
    from loraloom.jobs.proposal import COPY

    assert rows["plain"]["nearest"] < COPY - 0.1
    assert rows["memorised"]["nearest"] > COPY and rows["memorised, mirrored"]["nearest"] > COPY


def test_the_same_again_and_again_has_no_diversity(rows: dict[str, dict[str, float]]) -> None:
    assert rows["all the same"]["diversity"] < 0.01 < rows["plain"]["diversity"]

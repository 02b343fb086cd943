"""What is proposed, by what, and how sure."""

from __future__ import annotations

from loraloom.jobs.proposal import COPY, ENOUGH, LEAK, propose
from loraloom.jobs.ranking import Duel, Fit, fit
from loraloom.spec.experiment import Measured, Proposed

BASE = Measured(column=0, adherence=0.30, style=1.4, diversity=0.30)
GOOD = Measured(column=1, adherence=0.32, style=0.6, diversity=0.28, nearest=0.6, leak=0.2)
FAINT = Measured(column=2, adherence=0.30, style=1.2, diversity=0.30, nearest=0.5, leak=0.1)


def by_measures(*measured: Measured) -> Proposed:
    found = propose(0, None, measured, {0}, len(measured))
    assert found is not None
    return found


def keys(found: Proposed) -> list[str]:
    return [reason.key for reason in found.reasons]


def votes(count: int, first: int, second: int, columns: int = 3) -> tuple[int, Fit]:
    return count, fit([Duel(first, second, 1.0)] * count, columns)


def test_the_best_by_measures_with_what_it_is_best_at() -> None:
    found = by_measures(BASE, GOOD, FAINT)
    assert (found.column, found.by, found.sure) == (1, "measures", True)
    assert keys(found) == ["best_adherence", "best_style", "keeps_diversity"]
    assert found.reasons[1].value == 0.6 and found.reasons[1].other == 1.2
    assert all(reason.text.endswith(".") for reason in found.reasons)


def test_two_that_are_as_good_are_not_sure() -> None:
    found = by_measures(BASE, GOOD, GOOD.model_copy(update={"column": 2, "style": 0.62}))
    assert not found.sure
    assert "equal" in keys(found)


def test_copies_leaks_and_sameness_cost() -> None:
    for changed, key in (
        ({"nearest": COPY + 0.02}, "copies"),
        ({"leak": LEAK + 0.2}, "leaks"),
        ({"diversity": 0.1}, "loses_diversity"),
    ):
        spoilt = GOOD.model_copy(update=changed)
        rival = GOOD.model_copy(update={"column": 2, "style": 0.75})
        assert by_measures(BASE, spoilt, rival).column == 2, key
        alone = by_measures(BASE, spoilt)
        assert key in keys(alone), key


def test_a_lora_that_is_worse_than_the_base_is_said_to_be() -> None:
    found = by_measures(BASE, Measured(column=1, adherence=0.2, style=1.6, diversity=0.3))
    assert found.column == 1
    assert "base_better" in keys(found)


def test_enough_votes_count_more_than_measures() -> None:
    found = propose(*votes(ENOUGH, 2, 1), [BASE, GOOD, FAINT], {0}, 3)
    assert found is not None
    assert (found.column, found.by, found.sure) == (2, "votes", True)
    assert keys(found)[0] == "votes_first"
    assert found.reasons[0].value == 1.0 and found.reasons[0].other == ENOUGH


def test_few_votes_do_not_and_it_says_so() -> None:
    found = propose(*votes(ENOUGH - 1, 2, 1), [BASE, GOOD, FAINT], {0}, 3)
    assert found is not None
    assert (found.column, found.by) == (1, "measures")
    assert keys(found)[0] == "few_votes"


def test_votes_that_are_split_are_not_sure() -> None:
    duels = [Duel(1, 2, 1.0)] * 6 + [Duel(2, 1, 1.0)] * 5
    found = propose(11, fit(duels, 3), [], {0}, 3)
    assert found is not None
    assert (found.column, found.sure) == (1, False)
    assert "equal" in keys(found)


def test_the_base_that_wins_is_not_proposed_but_named() -> None:
    found = propose(*votes(12, 0, 1, 2), [], {0}, 2)
    assert found is not None
    assert found.column == 1
    assert "base_better" in keys(found)


def test_where_only_bases_are_compared_one_of_them_is() -> None:
    found = propose(*votes(12, 1, 0, 2), [], {0, 1}, 2)
    assert found is not None
    assert found.column == 1


def test_nothing_is_proposed_where_nothing_is_known() -> None:
    assert propose(0, fit([], 3), [], {0}, 3) is None
    assert propose(0, None, [GOOD.model_copy(update={"column": 0})], set(), 1) is None
    assert propose(0, None, [Measured(column=0), Measured(column=1)], {0}, 2) is None


def test_texts_are_proposed_by_perplexity() -> None:
    found = by_measures(
        Measured(column=0, perplexity=20), Measured(column=1, perplexity=9), Measured(column=2, perplexity=15)
    )
    assert (found.column, found.sure) == (1, True)
    assert keys(found) == ["best_perplexity"]

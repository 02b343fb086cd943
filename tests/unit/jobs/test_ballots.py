"""Pairs to judge: fair, telling, the same after a reload, and never telling what they are."""

from __future__ import annotations

from collections import Counter

import pytest

from loraloom.jobs.ballots import Choice, check, choose, disguise
from loraloom.spec.errors import LoomError
from loraloom.spec.experiment import Candidate, Experiment, cells
from loraloom.store.tables import Vote

ASKED = Experiment(
    candidates=(Candidate(what="base"), Candidate(what="lora", id="a"), Candidate(what="lora", id="b")),
    prompts=("x", "y"),
    seeds=(1, 2),
)
ALL = range(len(cells(ASKED)))
COLUMN = {cell.number: cell.column for cell in cells(ASKED)}


def vote(left: int, right: int, winner: str, user: str = "me") -> Vote:
    return Vote(run_id="r", user_id=user, left=left, right=right, winner=winner)


def judged(rounds: int, winner: str = "tie") -> tuple[list[Vote], Choice]:
    """What there is after so many votes, and what comes next."""
    votes: list[Vote] = []
    choice = choose(ASKED, ALL, votes, "me", b"0")
    for number in range(1, rounds + 1):
        assert choice.pair is not None
        votes.append(vote(*choice.pair, winner))
        choice = choose(ASKED, ALL, votes, "me", str(number).encode())
    return votes, choice


def test_every_pair_is_judged_once_and_then_there_is_none() -> None:
    votes, choice = judged(12)
    assert len({frozenset((one.left, one.right)) for one in votes}) == 12
    assert choice == Choice(None, 12, 12)


def test_a_pair_is_of_one_prompt_and_seed_and_of_two_columns() -> None:
    by_number = {cell.number: cell for cell in cells(ASKED)}
    for one in judged(12)[0]:
        left, right = by_number[one.left], by_number[one.right]
        assert left[2:] == right[2:] and left.column != right.column


def test_it_is_the_same_until_it_is_judged_whatever_others_vote() -> None:
    votes, choice = judged(3)
    again = choose(ASKED, ALL, [*votes, vote(0, 4, "left", "you"), vote(1, 5, "left", "you")], "me", b"3")
    assert again == choice


def test_pairs_of_columns_take_turns() -> None:
    votes, _ = judged(6)
    met = Counter(frozenset((COLUMN[one.left], COLUMN[one.right])) for one in votes)
    assert sorted(met.values()) == [2, 2, 2]


def test_what_is_decided_is_asked_less() -> None:
    decided = [vote(cell, cell + 4, "right", "you") for cell in (0, 1, 2, 3)] * 5
    mine = [*decided, vote(0, 8, "tie")]
    choice = choose(ASKED, ALL, mine, "me", b"1")
    assert choice.pair is not None
    assert {COLUMN[number] for number in choice.pair} != {0, 1}


def test_left_and_right_are_by_chance() -> None:
    first = [choose(ASKED, ALL, [], "me", str(number).encode()).pair for number in range(200)]
    on_the_left = Counter(COLUMN[pair[0]] < COLUMN[pair[1]] for pair in first if pair)
    assert 60 < on_the_left[True] < 140


def test_cells_that_are_not_there_are_not_asked() -> None:
    choice = choose(ASKED, [0, 4], [], "me", b"0")
    assert choice.pair is not None and set(choice.pair) == {0, 4}
    assert choice.total == 1
    assert choose(ASKED, [0, 5], [], "me", b"0") == Choice(None, 0, 0)


def test_what_is_no_pair_is_refused() -> None:
    check(ASKED, ALL, 0, 4)
    for left, right in ((0, 0), (0, 1), (0, 5), (0, 99)):
        with pytest.raises(LoomError, match="cannot be compared"):
            check(ASKED, ALL, left, right)
    with pytest.raises(LoomError):
        check(ASKED, [0], 0, 4)


def test_numbers_on_ballots_are_mixed_and_lead_back() -> None:
    mine, yours = disguise(ASKED, b"me"), disguise(ASKED, b"you")
    assert sorted(mine) == sorted(yours) == list(ALL)
    assert mine != yours and mine != list(ALL)
    assert disguise(ASKED, b"me") == mine

"""Which two cells somebody judges next: of the same prompt and seed, by chance left or right, where a vote tells most."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations

from loraloom.jobs.ranking import fit
from loraloom.jobs.results import duels
from loraloom.spec.errors import LoomError
from loraloom.spec.experiment import Cell, Experiment, cells, columns
from loraloom.store.tables import Vote

Pair = frozenset[int]


@dataclass(frozen=True)
class Choice:
    """Numbers of the cells, and how many pairs there are and were judged. None: all of them were."""

    pair: tuple[int, int] | None
    done: int
    total: int


def choose(
    experiment: Experiment, there: Collection[int], votes: Sequence[Vote], user_id: str, secret: bytes
) -> Choice:
    """The next pair for a user: the same until they have judged it, so that a page that is loaded again shows it again.

    `votes` stand by age. Those of others count up to the user's last one only: what somebody else votes meanwhile changes
    nothing.
    """
    mine = [place for place, vote in enumerate(votes) if vote.user_id == user_id]
    known: Sequence[Vote] = votes[: mine[-1] + 1] if mine else ()
    judged = {frozenset((vote.left, vote.right)) for vote in known if vote.user_id == user_id}
    places: dict[tuple[int, int], dict[int, int]] = {}
    for cell in cells(experiment):
        if cell.number in there:
            places.setdefault((cell.prompt, cell.seed), {})[cell.column] = cell.number
    total = sum(len(row) * (len(row) - 1) // 2 for row in places.values())
    done = len({pair for pair in judged if _is_pair(pair, places)})
    lot = random.Random(secret)
    for first, second in _by_worth(experiment, known, lot):
        open_ = [
            (row[first], row[second])
            for row in places.values()
            if first in row and second in row and frozenset((row[first], row[second])) not in judged
        ]
        if open_:
            pair = lot.choice(open_)
            return Choice(pair if lot.random() < 0.5 else (pair[1], pair[0]), done, total)
    return Choice(None, done, total)


def check(experiment: Experiment, there: Collection[int], left: int, right: int) -> None:
    """Raises LoomError `request_invalid` unless the two cells are a pair."""
    known: dict[int, Cell] = {cell.number: cell for cell in cells(experiment) if cell.number in there}
    one, other = known.get(left), known.get(right)
    if one is None or other is None or one.column == other.column or one[2:] != other[2:]:
        text = "These two cannot be compared: they are not of one prompt and seed, or not there."
        raise LoomError("request_invalid", text, "Load the page again.")


def disguise(experiment: Experiment, secret: bytes) -> list[int]:
    """Cell -> the number it has on a ballot: cells are numbered by column, and nobody is to see which that is."""
    numbers = list(range(len(cells(experiment))))
    random.Random(secret).shuffle(numbers)
    return numbers


def _by_worth(experiment: Experiment, votes: Sequence[Vote], lot: random.Random) -> list[tuple[int, int]]:
    """Pairs of columns, those first that were voted on the least and whose outcome is the most open."""
    fought = duels(experiment, votes)
    found = fit(fought, len(columns(experiment)))
    met = Counter(frozenset((duel.first, duel.second)) for duel in fought)

    def worth(pair: tuple[int, int]) -> float:
        chance = found.chance(*pair)
        return chance * (1 - chance) / (1 + met[frozenset(pair)])

    pairs = list(combinations(range(len(columns(experiment))), 2))
    lot.shuffle(pairs)
    return sorted(pairs, key=worth, reverse=True)


def _is_pair(pair: Pair, places: dict[tuple[int, int], dict[int, int]]) -> bool:
    return any(len(pair & set(row.values())) == 2 for row in places.values())

"""The column that is proposed, with its reasons: by votes where there are enough, else by what was measured."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from math import log
from statistics import median

from loraloom.jobs.ranking import Fit, ranked
from loraloom.spec.experiment import Measured, Proposed, Reason

ENOUGH = 10
"""Votes in all, and `EACH` of them with the one that won, before votes count more than measures."""
EACH = 4
SURE = 1.645
"""Deviations ahead of the second: right in 95 of 100 cases."""
ADHERENCE, STYLE, PERPLEXITY = 0.03, 0.1, 0.05
"""Differences that matter: of cosines, of shares of the look, of the logarithm. Each counts one point."""
COPY, LEAK, SAME = 0.93, 0.6, 0.6
"""From where on a picture counts as a copy, a leak as one, and how little of the base's diversity is too little."""
KEPT = 0.8
"""Share of the base's diversity that counts as kept."""
WARNED = 3.0
"""Points that a copy, a leak and too little diversity cost, each."""


def propose(
    votes: int, found: Fit | None, measured: Sequence[Measured], bases: Collection[int], columns: int
) -> Proposed | None:
    """The best column that is not the base alone (`bases`, unless there are no others), or None where nothing is known."""
    eligible = [column for column in range(columns) if column not in bases] or list(range(columns))
    if len(eligible) == 1 and columns == 1:
        return None
    if found is not None and votes >= ENOUGH:
        by_votes = _by_votes(found, eligible, bases)
        if by_votes is not None:
            warnings = _warnings(by_votes.column, _known(measured), bases)
            return by_votes.model_copy(update={"reasons": (*by_votes.reasons, *warnings)})
    by_measures = _by_measures(_known(measured), eligible, bases)
    if by_measures is None or not votes:
        return by_measures
    text = f"{votes} votes are too few to decide; at {ENOUGH} they count."
    few = Reason(key="few_votes", value=votes, other=ENOUGH, text=text)
    return by_measures.model_copy(update={"reasons": (few, *by_measures.reasons)})


def _by_votes(found: Fit, eligible: Sequence[int], bases: Collection[int]) -> Proposed | None:
    """None while the winner was hardly voted on."""
    order = [row for row in ranked(found) if row.column in set(eligible)]
    first = order[0]
    if first.votes < EACH:
        return None
    second = order[1] if len(order) > 1 else None
    sure = second is None or found.ahead(first.column, second.column) >= SURE
    share = first.wins / first.votes
    said = [
        Reason(
            key="votes_first", value=share, other=first.votes, text=f"It won {share:.0%} of its {first.votes} votes."
        )
    ]
    if second is not None and not sure:
        chance = found.chance(first.column, second.column)
        said.append(Reason(key="equal", value=chance, text="The next one is so close that more votes may turn it."))
    better = [base for base in bases if base != first.column and found.scores[base] > found.scores[first.column]]
    if better:
        score = max(float(found.scores[base]) for base in better)
        text = "The base alone won more often."
        said.append(Reason(key="base_better", value=first.score, other=score, text=text))
    return Proposed(column=first.column, by="votes", sure=sure, reasons=tuple(said))


def _by_measures(measured: dict[int, Measured], eligible: Sequence[int], bases: Collection[int]) -> Proposed | None:
    known = [
        column for column in eligible if column in measured and _points(measured[column], measured, bases) is not None
    ]
    if not known:
        return None
    points = {column: _points(measured[column], measured, bases) or 0.0 for column in known}
    order = sorted(known, key=lambda column: (-points[column], column))
    first = order[0]
    sure = len(order) == 1 or points[first] - points[order[1]] >= 1
    said = [*_praise(first, measured, known), *_kept(first, measured, bases), *_warnings(first, measured, bases)]
    if not sure:
        said.append(Reason(key="equal", text="The next one is about as good by these measures: look at both, or vote."))
    better = [base for base in bases if base in measured and base != first]
    base_points = [_points(measured[base], measured, bases) or 0.0 for base in better]
    if base_points and max(base_points) > points[first]:
        text = "By these measures the base alone is better."
        said.append(Reason(key="base_better", value=points[first], other=max(base_points), text=text))
    return Proposed(column=first, by="measures", sure=sure, reasons=tuple(said))


def _points(one: Measured, measured: dict[int, Measured], bases: Collection[int]) -> float | None:
    """How good a column is, in differences that matter; None where nothing of worth was measured."""
    if one.adherence is None and one.style is None and one.perplexity is None:
        return None
    points = (one.adherence or 0.0) / ADHERENCE - (one.style or 0.0) / STYLE
    if one.perplexity is not None:
        points -= log(max(one.perplexity, 1e-9)) / PERPLEXITY
    return points - WARNED * len(_warnings(one.column, measured, bases))


def _praise(first: int, measured: dict[int, Measured], known: Sequence[int]) -> list[Reason]:
    """What the proposed column is best at, beside the middle of the others."""
    own = measured[first]
    said: list[Reason] = []
    checks: tuple[tuple[str, Callable[[Measured], float | None], bool, str], ...] = (
        ("best_adherence", lambda one: one.adherence, True, "Its pictures follow the prompts best"),
        ("best_style", lambda one: one.style, False, "Its look is the nearest to the data set"),
        ("best_perplexity", lambda one: one.perplexity, False, "It expects the held-out texts best"),
    )
    for key, of, high, text in checks:
        mine = of(own)
        others = [value for column in known if column != first and (value := of(measured[column])) is not None]
        if mine is not None and others and (mine >= max(others) if high else mine <= min(others)):
            middle = median(others)
            said.append(Reason(key=key, value=mine, other=middle, text=f"{text}: {mine:.3g}, the others {middle:.3g}."))
    return said


def _kept(first: int, measured: dict[int, Measured], bases: Collection[int]) -> list[Reason]:
    own, usual = measured[first].diversity, _base_diversity(measured, bases)
    if own is None or usual is None or own < KEPT * usual:
        return []
    text = f"Its pictures of one prompt differ by {own:.2f}, the base's by {usual:.2f}."
    return [Reason(key="keeps_diversity", value=own, other=usual, text=text)]


def _base_diversity(measured: dict[int, Measured], bases: Collection[int]) -> float | None:
    return max((one.diversity for base in bases if (one := measured.get(base)) and one.diversity), default=None)


def _warnings(column: int, measured: dict[int, Measured], bases: Collection[int]) -> list[Reason]:
    """What is wrong with a column."""
    own = measured.get(column)
    if own is None or column in bases:
        return []
    said: list[Reason] = []
    if own.nearest is not None and own.nearest >= COPY:
        text = f"One of its pictures is nearly one that was trained on ({own.nearest:.2f})."
        said.append(Reason(key="copies", value=own.nearest, other=COPY, text=text))
    if own.leak is not None and own.leak >= LEAK:
        text = f"It changes pictures without its trigger word too ({own.leak:.2f} of what a seed changes)."
        said.append(Reason(key="leaks", value=own.leak, other=LEAK, text=text))
    usual = _base_diversity(measured, bases)
    if own.diversity is not None and usual is not None and own.diversity < SAME * usual:
        text = f"Its pictures of one prompt hardly differ ({own.diversity:.2f}, the base's {usual:.2f})."
        said.append(Reason(key="loses_diversity", value=own.diversity, other=usual, text=text))
    return said


def _known(measured: Sequence[Measured]) -> dict[int, Measured]:
    return {one.column: one for one in measured}

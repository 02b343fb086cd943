"""The rule of the queue once more, written down without the product: which run was next whenever one was given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations

from tests.audit import Fact

TOGETHER = timedelta(seconds=0.5)
"""Two transactions closer than this may not have seen each other."""
MOST = 6


@dataclass(frozen=True)
class Waiting:
    """A run in the line. Higher priority first; `place` is when it joined."""

    id: str
    user: str
    priority: int
    place: float


def next_of(line: Collection[Waiting], active: Counter[str]) -> str:
    """Id of the run that comes next: by priority, then by turn (a user's n-th run, those at work counted, waits for the others'
    n-th), then by place."""
    own: Counter[str] = Counter()
    turns: dict[str, int] = {}
    for run in sorted(line, key=lambda one: (-one.priority, one.place, one.id)):
        own[run.user] += 1
        turns[run.id] = own[run.user] + active[run.user]
    return min(line, key=lambda one: (-one.priority, turns[one.id], one.place, one.id)).id


def check(runs: Sequence[Waiting], facts: Sequence[Fact]) -> tuple[list[str], int]:
    """Grants that the rule does not explain, and how many it explains only by an end in the same moment that the claim may or
    may not have seen. All `runs` were in the line before the first grant, and each was given once."""
    by_id = {run.id: run for run in runs}
    line, wrong, close = dict(by_id), list[str](), 0
    told = [fact for fact in facts if fact.run_id in by_id and (fact.what == "given" or fact.what.startswith("end:"))]
    for at, fact in enumerate(told):
        if fact.what != "given":
            continue
        if fact.run_id not in line:
            wrong.append(f"run {fact.run_id} was given again")
            continue
        before = [other for other in told[:at] if other.what == "given"]
        ends = {other.run_id: other.at for other in told if other.what != "given"}
        sure = [
            one.run_id
            for one in before
            if ends.get(one.run_id, fact.at) >= fact.at + TOGETHER or one.run_id not in ends
        ]
        unsure = [one.run_id for one in before if one.run_id in ends and abs(ends[one.run_id] - fact.at) < TOGETHER]
        now = [one for one in unsure if ends[one] >= fact.at]
        seen = _next(line.values(), by_id, [*sure, *now])
        if fact.run_id != seen:
            maybe = {
                _next(line.values(), by_id, [*sure, *some])
                for count in range(min(len(unsure), MOST) + 1)
                for some in combinations(unsure, count)
            }
            close += fact.run_id in maybe
            if fact.run_id not in maybe:
                wrong.append(f"run {fact.run_id} was given at {fact.at:%H:%M:%S.%f}, when {seen} was next")
        del line[fact.run_id]
    return wrong, close


def _next(line: Collection[Waiting], by_id: dict[str, Waiting], active: Sequence[str]) -> str:
    return next_of(line, Counter(by_id[run_id].user for run_id in active))

"""The order of the queue, worked out by the database: priority, then fair turns between users, then place.

A user's n-th run waits for the other users' n-th; what they run now counts. The window function reads a few columns of the
rows that wait, never a config.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, String, Subquery, cast, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from loraloom.jobs.after import held_back
from loraloom.jobs.states import ACTIVE
from loraloom.spec.work import WorkerDevice
from loraloom.store.tables import Run

LABELS = cast(Run.labels, String)
"""As text: PostgreSQL compares no JSON."""


def line(
    session: Session, *more: ColumnElement[Any] | InstrumentedAttribute[Any], least: int | None = None
) -> Subquery:
    """`id`, `user_id`, `priority`, `turn`, `place` and `more` columns of all that waits, but for experiments that are held
    back. `least`: only priorities from there on, which stand in front of all others."""
    active = select(Run.user_id, func.count().label("count")).where(Run.state.in_(ACTIVE)).group_by(Run.user_id)
    going = active.subquery()
    own = func.row_number().over(partition_by=Run.user_id, order_by=(Run.priority.desc(), Run.place, Run.id))
    turn = (own + func.coalesce(going.c.count, 0)).label("turn")
    queued = select(Run.id, Run.user_id, Run.priority, turn, Run.place, *more).outerjoin(
        going, going.c.user_id == Run.user_id
    )
    queued = queued.where(Run.state == "queued")
    queued = queued.where(Run.priority >= least) if least is not None else queued
    held = held_back(session)
    return (queued.where(Run.id.not_in(held)) if held else queued).subquery("line")


def order(one: Subquery) -> tuple[ColumnElement[Any], ...]:
    """What a line is sorted by."""
    return one.c.priority.desc(), one.c.turn, one.c.place, one.c.id


def ids(session: Session, most: int | None = None, after: int = 0) -> Sequence[str]:
    """Ids of what waits, the next one first: at most `most`, behind the first `after`."""
    one = line(session)
    return session.scalars(select(one.c.id).order_by(*order(one)).limit(most).offset(after)).all()


def places(session: Session, wanted: Collection[str]) -> dict[str, int]:
    """Id -> place in the line, from 1, of those among `wanted` that wait."""
    return {run_id: place for place, run_id in enumerate(ids(session), 1) if run_id in wanted} if wanted else {}


def first_for(
    session: Session,
    device: WorkerDevice,
    labels: Collection[str],
    auto: bool,
    owners: Collection[str],
    skip: Collection[str],
    most: int,
) -> Sequence[str]:
    """Ids of the first `most` runs in the line that may go on `device` of a machine with `labels`, belong to none of
    `owners` and are none of `skip`. Thousands of runs have few different wishes: these are compared here, the database finds
    the runs."""
    wishes = session.execute(select(Run.wanted_device, LABELS).where(Run.state == "queued").distinct()).all()
    wanted = {device_wish for device_wish, _ in wishes if fits(device_wish, device, auto)}
    named = {text for _, text in wishes if set(json.loads(text)) <= set(labels)}

    def rules(
        device_wish: Any, text: Any, needs: Any, cards: Any, owner: Any, run_id: Any
    ) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = [device_wish.in_(wanted), text.in_(named)]
        found += [cards <= device.count] if device.kind == "cuda" else []
        found += [or_(needs.is_(None), needs <= device.memory_total)] if device.memory_total else []  # 0: nobody knows
        found += [owner.not_in(owners)] if owners else []
        return found + ([run_id.not_in(skip)] if skip else [])

    suited = rules(Run.wanted_device, LABELS, Run.needs_bytes, Run.cards, Run.user_id, Run.id)
    suited += [Run.id.not_in(held)] if (held := held_back(session)) else []
    queued = select(Run.priority).where(Run.state == "queued", *suited)
    highest = session.scalars(queued.order_by(Run.priority.desc()).limit(most)).all()
    if not highest:  # idle machines ask again and again: that must not cost the whole order
        return []
    one = line(session, Run.wanted_device, Run.needs_bytes, Run.cards, LABELS.label("labels"), least=highest[-1])
    columns = one.c.wanted_device, one.c.labels, one.c.needs_bytes, one.c.cards, one.c.user_id, one.c.id
    return session.scalars(select(one.c.id).where(*rules(*columns)).order_by(*order(one)).limit(most)).all()


def fits(wanted: str, device: WorkerDevice, auto: bool = True) -> bool:
    """Whether a run that wants `wanted` may go on `device`: the one that it names, one of that kind, or any if it leaves the
    choice (`auto`: whether this one is given such runs)."""
    if wanted == "auto":
        return auto
    if wanted == "mps":  # Apple's cards are not told apart from the processor here
        return device.kind in ("mps", "cpu")
    return wanted in (device.kind, device.id)


def enough(cards: int, device: WorkerDevice) -> bool:
    """Whether a run that computes on so many cards may go on `device`; on a processor any may."""
    return device.kind != "cuda" or cards <= device.count

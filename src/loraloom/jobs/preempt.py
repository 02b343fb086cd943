"""Which runs must stop so that others can go on: those over their time, and those of low priority that are in the way."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from loraloom.jobs import line
from loraloom.jobs.offers import Offer, offers
from loraloom.jobs.quotas import used_up
from loraloom.jobs.states import ACTIVE
from loraloom.spec.work import WorkerDevice
from loraloom.store.settings import queue_paused, read_settings
from loraloom.store.tables import Lease, Run, now

Wish = Literal["limit", "preempt"]
LOOKED_AT = 100
"""Runs at the head of the line that another may have to make room for."""


def to_stop(session: Session, here: Sequence[WorkerDevice] | None = None) -> list[tuple[str, Wish]]:
    """Runs that are to write a checkpoint and end, and why. To be asked again and again, once a second or so: a run that was
    asked to stop bears a wish by then and is not named again. `here`: this machine's own devices that take runs."""
    settings = read_settings(session)
    over = [] if settings.most_run_hours is None else _over_time(session, settings.most_run_hours)
    aside: list[str] = []
    if settings.preempt and not queue_paused(session):
        aside = _in_the_way(session, offers(session, here), over)
    return [*_each(over, "limit"), *_each(aside, "preempt")]


def _each(ids: Sequence[str], wish: Wish) -> list[tuple[str, Wish]]:
    return [(run_id, wish) for run_id in ids]


def _over_time(session: Session, hours: float) -> list[str]:
    """Runs whose child was started more than `hours` ago. One that is only about to start still bears the time at which it
    was started before."""
    old = select(Run.id).where(
        Run.state == "running", Run.wish.is_(None), Run.started_at < now() - timedelta(hours=hours)
    )
    return list(session.scalars(old))


def _in_the_way(session: Session, there: Sequence[Offer], over: Collection[str]) -> list[str]:
    """The run to push aside for the first that waits and finds no device, if one of lower priority sits on a device that
    would do. A device whose run is stopping already counts as free, so that no more are stopped than is needed."""
    going = session.scalars(select(Run).where(Run.state.in_(ACTIVE))).all()
    if not going:
        return []
    by_lease = {offer.lease: offer for offer in there}
    held = set(session.scalars(select(Lease.device).where(Lease.run_id.is_not(None))))
    seats = [(run, by_lease[run.device]) for run in going if run.device in by_lease]
    stay = [(run, seat) for run, seat in seats if run.wish is None and run.id not in over]
    free = [offer for offer in there if offer.lease not in held]
    free += [seat for run, seat in seats if run.wish is not None or run.id in over]
    for wanting in _first(session, min(run.priority for run in going)):
        room = next((offer for offer in free if offer.takes(*_wishes(wanting))), None)
        if room is not None:  # it is about to start there
            free.remove(room)
            continue
        less = [run for run, seat in stay if run.priority < wanting.priority and seat.takes(*_wishes(wanting))]
        if less:
            return [min(less, key=_lowest_and_youngest).id]
    return []


def _first(session: Session, above: int) -> Sequence[Row[Any]]:
    """The head of the line: those of a priority above the lowest at work, whose owners may start something."""
    one = line.line(session, Run.wanted_device, Run.labels, Run.needs_bytes, Run.cards)
    full = used_up(session)
    wanted = select(one).where(one.c.priority > above)
    wanted = wanted.where(one.c.user_id.not_in(full)) if full else wanted
    return session.execute(wanted.order_by(*line.order(one)).limit(LOOKED_AT)).all()


def _wishes(row: Row[Any]) -> tuple[str, list[str], int | None, int]:
    return row.wanted_device, row.labels, row.needs_bytes, row.cards


def _lowest_and_youngest(run: Run) -> tuple[int, float]:
    return run.priority, -(run.started_at.timestamp() if run.started_at is not None else 0.0)

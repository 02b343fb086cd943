"""The queue: what comes next for a device, and who gets it.

Priority goes first, then fair turns between users, then place (age, or where it was dragged); see `line`.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from loraloom.jobs import devices, line
from loraloom.jobs.after import held_back
from loraloom.jobs.quotas import room_for, used_up
from loraloom.jobs.states import move
from loraloom.spec.errors import LoomError
from loraloom.spec.work import WorkerDevice
from loraloom.store.settings import queue_paused
from loraloom.store.tables import Lease, Run, now


def waiting(session: Session, most: int | None = None, after: int = 0) -> list[Run]:
    """Queued runs, the next one first: at most `most` of them, behind the first `after`. What compares runs that have not
    ended yet is not among them."""
    ids = line.ids(session, most, after)
    rows: dict[str, Run] = {}
    for some in batched(ids):
        rows |= {run.id: run for run in session.scalars(select(Run).where(Run.id.in_(some)))}
    return [rows[run_id] for run_id in ids if run_id in rows]


def places(session: Session, wanted: Collection[str]) -> dict[str, int]:
    """Id -> place in the line, from 1, of those among `wanted` that wait."""
    return line.places(session, set(wanted))


def next_for(
    session: Session,
    device: WorkerDevice,
    labels: Collection[str] = (),
    skip: Collection[str] = (),
    *,
    auto: bool = True,
) -> str | None:
    """Id of the run that comes next for `device` of a machine with `labels`: the first in the line that fits there, whose
    owner's quota is not used up, and that is not among `skip`. None without one, and while the queue is paused.

    `auto`: whether runs that leave the choice of device may go there. A `memory_total` of 0 fits every run.
    """
    return next(iter(_next(session, device, labels, skip, auto, 1)), None)


def _next(
    session: Session, device: WorkerDevice, labels: Collection[str], skip: Collection[str], auto: bool, most: int
) -> Sequence[str]:
    if queue_paused(session):
        return []
    return line.first_for(session, device, labels, auto, used_up(session), skip, most)


def length(session: Session) -> int:
    """How many runs are in the line."""
    queued = session.scalar(select(func.count()).select_from(Run).where(Run.state == "queued")) or 0
    return queued - len(held_back(session))


def place_now() -> float:
    """The place of a run that joins the queue now."""
    return time.time()


def reorder(session: Session, run_id: str, before: str | None) -> None:
    """Put a waiting run before another one, or at the end; it takes that place's priority. Raises LoomError
    `run_not_ready` when one of them does not wait (any more)."""
    ids = list(line.ids(session))
    _find(ids, run_id)
    ids.remove(run_id)
    at = _find(ids, before) if before else len(ids)
    behind = session.get_one(Run, ids[at]) if at < len(ids) else None
    ahead = session.get_one(Run, ids[at - 1]) if at else None
    run, neighbour = session.get_one(Run, run_id), behind or ahead
    if neighbour is None:
        return
    run.priority = neighbour.priority
    same = [other for other in (ahead, behind) if other is not None and other.priority == run.priority]
    if len(same) == 2:
        run.place = (same[0].place + same[1].place) / 2
    elif same[0] is behind:
        run.place = same[0].place - 1
    else:
        run.place = max(place_now(), same[0].place + 1)


CANDIDATES = 40
"""Runs that one look at the line yields to whoever takes one: when many ask at once, the first ones are soon gone."""


def claim(session: Session, run_id: str, device: str, worker: str | None = None) -> bool:
    """Take a waiting run for a device (`cuda:0` here, `WORKER/cuda:0` on the machine named `worker`), and count up the
    number of its grants. False when another got it, or the device, or what was left of its owner's quota, first."""
    return _claim_first(session, [run_id], device, worker) is not None


def take(
    session: Session,
    device: WorkerDevice,
    labels: Collection[str] = (),
    *,
    name: str | None = None,
    worker: str | None = None,
    auto: bool = True,
) -> str | None:
    """Claim the run that comes next for a device, whose lease bears `name` (else its id). When others are faster, the one
    after it. Returns the run's id; None when nothing is there for it."""
    ids = _next(session, device, labels, (), auto, CANDIDATES)
    return _claim_first(session, ids, name or device.id, worker) if ids else None


def _claim_first(session: Session, ids: Sequence[str], device: str, worker: str | None) -> str | None:
    """The first of `ids` that can be had. From the first write on SQLite lets nobody else write: so what takes long, the
    look at the line, comes before."""
    _know(session, device)
    free = update(Lease).where(Lease.device == device, Lease.run_id.is_(None))
    granted = session.execute(free.values(run_id=ids[0], token=Lease.token + 1, beat_at=now()))
    if cast(CursorResult[Any], granted).rowcount != 1:
        return None
    owners = dict(session.execute(select(Run.id, Run.user_id).where(Run.id.in_(ids), Run.state == "queued")).all())
    full: set[str] = set()
    got: str | None = None
    for run_id in filter(owners.__contains__, ids):
        owner = owners[run_id]
        if owner not in full and not room_for(session, owner):
            full.add(owner)
        if owner not in full and _prepare(session, run_id, device, worker):
            got = run_id
            break
    if got != ids[0]:
        beat = now() if got is not None else None
        session.execute(update(Lease).where(Lease.device == device).values(run_id=got, beat_at=beat))
    return got


def _prepare(session: Session, run_id: str, device: str, worker: str | None) -> bool:
    given = {"device": device, "worker": worker, "fence": Run.fence + 1}
    fresh = dict.fromkeys(("stage", "stage_done", "stage_total", "error"))
    return move(session, run_id, "preparing", **given, **fresh)


def _know(session: Session, device: str) -> None:
    """Make sure that the device has a lease; several may try at once."""
    if session.scalar(select(Lease.device).where(Lease.device == device)) is None:
        insert = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[session.get_bind().dialect.name]
        session.execute(insert(Lease).values(device=device, token=0).on_conflict_do_nothing())


def release(session: Session, run_id: str) -> None:
    """Give back whatever device the run held."""
    session.execute(update(Lease).where(Lease.run_id == run_id).values(run_id=None, beat_at=None))


def busy(session: Session) -> set[str]:
    """Devices that runs hold, of several together (`cuda:0+1`) each."""
    leases = session.scalars(select(Lease.device).where(Lease.run_id.is_not(None)))
    return {card for lease in leases for card in devices.cards_in(lease)}


def batched(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """As many at a time as a statement takes."""
    yield from (ids[at : at + MOST_NAMED] for at in range(0, len(ids), MOST_NAMED))


MOST_NAMED = 1000


def _find(ids: Sequence[str], run_id: str) -> int:
    if run_id not in ids:
        raise LoomError("run_not_ready", "That run does not wait in the queue.", "Look at the queue again.")
    return ids.index(run_id)

"""Gives runs to workers and takes in what they send; the rules are in `jobs.grants` and `jobs.received`."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from loraloom.jobs import ending, errand, grants, meters, offers, queue, received, trace, workers
from loraloom.jobs.logs import about
from loraloom.jobs.runners import Exit
from loraloom.jobs.tail import tail
from loraloom.server.context import Context
from loraloom.spec.errors import CODES, LoomError
from loraloom.spec.event import RunFailed
from loraloom.spec.work import Claim, End, Events, FileRef, Files, Orders, Upload, UploadDone, UploadPlan, Work
from loraloom.store.changes import LOCK
from loraloom.store.tables import Artifact, Grant, Run, Worker, now

LINK_SECONDS = 6 * 3600
NO_ROOM = "no_room"
"""How a grant ended whose worker had no room on its disk to begin."""
LATELY = timedelta(hours=1)
MOST_PART = 256 * 2**20
"""Bytes of a part that goes through the server."""


def give(context: Context, worker_id: str, asked: Claim, traceparent: str) -> Work | None:
    """Claim the next run for a device of a worker and make its folder ready. None when nothing fits, or the queue is
    paused."""
    with context.database.session() as session:
        worker = workers.get(session, worker_id)
        device = workers.device_of(worker, asked.device)
        _take_back(session, worker, device.id)
    if worker.draining:
        return None
    giver = context.giver
    given = giver.give(worker, device, device.id)
    if given is None:
        return None
    began = trace.kept(given.run.id) or {"traceparent": traceparent}
    with trace.span("give run", given.run.id, began, kind="server"):
        try:
            with context.database.session() as session:
                return _work(context, session, given.grant, given.token, session.get_one(Run, given.run.id))
        except LoomError as error:  # its base model is not there
            giver.refuse(given.grant, error)
            return None
        except BaseException:
            giver.put_back(given.grant)
            raise


def again(context: Context, session: Session, grant: Grant, token: str) -> Work:
    """What was given with `token`. Raises LoomError `stale_lease`."""
    return _work(context, session, grant, token, grants.hold(session, grant))


def events(context: Context, session: Session, grant: Grant, said: Events) -> Orders:
    """Take events in. Raises LoomError `stale_lease`, `request_invalid`."""
    run_dir = context.home / "runs" / grant.run_id
    with _refusals():
        if said.lines:
            orders, spoke = received.take_events(session, grant, run_dir, said.after, said.lines)
        else:
            orders, spoke = received.hear(session, grant, run_dir), False
    workers.heard(session, grant.worker_id)
    session.commit()
    context.supervisor.leases.hear(grant.id)
    meters.EVENT_BATCHES.inc()
    if spoke:
        meters.EVENTS.inc(len(said.lines))
        context.hub.tell(grant.run_id, True)
    if said.lines:
        context.hub.tell(grant.run_id, False)
    return orders


def source(context: Context, session: Session, grant: Grant, sha256: str) -> Path:
    """The file with these bytes, if it was given with this grant. Raises LoomError `stale_lease`, `file_not_found`."""
    run = grants.hold(session, grant)
    known = _known(grant.id)
    if sha256 not in known:
        known |= errand.sources(run, context.home / "runs" / run.id)
    if sha256 in known and known[sha256].is_file():
        return known[sha256]
    sent = select(Artifact.path).where(Artifact.run_id == run.id, Artifact.sha256 == sha256)
    if session.scalars(sent).first() is None:
        raise LoomError("file_not_found", "That file was not given.", "Ask for the work again.")
    return context.blobs.path(sha256)


def plan_upload(context: Context, session: Session, grant: Grant, upload: Upload) -> UploadPlan:
    """How the worker sends a file. Raises LoomError `stale_lease`."""
    with _refusals():
        grants.hold(session, grant)
    session.commit()
    parts = context.blobs.begin(upload.sha256, upload.bytes)
    if parts is None:
        return UploadPlan(there=True)
    count = max(1, -(-upload.bytes // parts.part_bytes))
    own = [f"/api/work/parts/{upload.sha256}/{number}?upload={parts.upload_id}" for number in range(1, count + 1)]
    return UploadPlan(there=False, upload_id=parts.upload_id, part_bytes=parts.part_bytes, urls=list(parts.urls) or own)


async def part(context: Context, token: str, request: Request, sha256: str, upload_id: str, number: int) -> str:
    """Take one part; its ETag. Raises LoomError `stale_lease`, `too_large`, `upload_not_found`, `upload_refused`."""

    def check() -> str:
        with context.database.session() as session, _refusals():
            grant = grants.find(session, token)
            grants.hold(session, grant)
            return grant.id

    grant_id = await run_in_threadpool(check)
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > MOST_PART:
            raise LoomError("too_large", "That is more than a part may hold.", "Cut the file as the server said.")
        context.supervisor.leases.hear(grant_id)
    return await run_in_threadpool(context.blobs.take_part, sha256, upload_id, number, bytes(data))


def finish_upload(context: Context, session: Session, grant: Grant, done: UploadDone) -> None:
    """Join the parts of a file. Raises LoomError `stale_lease`, `checksum_mismatch`, `upload_not_found`."""
    with _refusals():
        grants.hold(session, grant)
    session.commit()
    context.blobs.complete(done.sha256, done.upload_id, done.etags)
    context.supervisor.leases.hear(grant.id)


def files(context: Context, session: Session, grant: Grant, said: Files) -> Orders:
    """Put files that were sent into the run folder. Raises LoomError `stale_lease`, `request_invalid`, `file_not_found`."""
    run_dir = context.home / "runs" / grant.run_id
    with _refusals():
        received.take_files(session, grant, run_dir, context.blobs, said.put, said.remove)
    session.commit()
    context.supervisor.leases.hear(grant.id)
    return Orders()


def end(context: Context, token: str, said: End) -> None:
    """Settle what becomes of the run. Raises LoomError `stale_lease`."""
    with context.database.session() as session:
        grant = grants.find(session, token)
        if grant.how in ("ended", "returned", NO_ROOM):
            return
        kind = session.get_one(Run, grant.run_id).kind
    run_dir = context.home / "runs" / grant.run_id
    died = LoomError(_known_code(said.died.code), said.died.message, said.died.hint) if said.died else None
    with (
        about(grant.run_id),
        trace.span("settle", grant.run_id),
        LOCK if kind == "caption" else nullcontext(),
        context.database.session() as session,
    ):
        with _refusals():
            run = grants.hold(session, grant)
        word = None
        if said.word is not None:
            word = next((one.payload for one in tail(run_dir, said.word - 1) if one.seq == said.word), None)
        no_room = said.returned and died is not None and died.code == "disk_full"
        if isinstance(word, RunFailed) and word.code == "disk_full":  # of that machine: another may go on, not for ever
            word, died = None, LoomError(word.code, word.message, word.hint)
        if said.returned and run.wish is None and (not no_room or _has_room_elsewhere(session, run, grant)):
            ending.requeue(session, run)
        else:
            ending.settle(session, run.id, run_dir, word, Exit(said.code, died), context.home)
        grants.end(session, grant, NO_ROOM if no_room else "returned" if said.returned else "ended")
        queue.release(session, run.id)
    context.hub.tell(grant.run_id, True)
    context.hub.tell(grant.run_id, False)
    context.supervisor.wake()


def _work(context: Context, session: Session, grant: Grant, token: str, run: Run) -> Work:
    run_dir = context.home / "runs" / run.id
    found, stubs = errand.files(run, run_dir)
    return Work(
        run_id=run.id,
        fence=grant.fence,
        token=token,
        kind=run.kind,  # pyright: ignore[reportArgumentType] - the table holds the same words
        device=grant.device,
        last_seq=received.last_seq(run_dir),
        files=[_with_url(context, ref) for ref in found],
        stubs=stubs,
        places=[
            place.model_copy(update={"files": [_with_url(context, ref) for ref in place.files]})
            for place, _ in errand.places(run, run_dir)
        ],
        traceparent=trace.carrier().get("traceparent", ""),
    )


def _with_url(context: Context, ref: FileRef) -> FileRef:
    """Where the worker gets it: from the blobs themselves where they have addresses, else through the server."""
    link = context.blobs.link(ref.sha256, LINK_SECONDS)
    there = link is not None and context.blobs.has(ref.sha256)
    return ref.model_copy(update={"url": link if there else f"/api/work/blob?sha256={ref.sha256}"})


def _take_back(session: Session, worker: Worker, device: str) -> None:
    """A device that asks has nothing to do: the answer that gave it a run was lost on the way."""
    mine = select(Grant).where(Grant.worker_id == worker.id, Grant.device == device, Grant.ended_at.is_(None))
    for grant in session.scalars(mine).all():
        run = grants.hold(session, grant)
        grants.end(session, grant, "returned")
        ending.requeue(session, run)
        queue.release(session, run.id)


def _has_room_elsewhere(session: Session, run: Run, grant: Grant) -> bool:
    """Whether another machine that is there may take the run and has not given it back lately for want of room."""
    lately = select(Grant.worker_id).where(
        Grant.run_id == run.id, Grant.how == NO_ROOM, Grant.ended_at > now() - LATELY, Grant.worker_id.is_not(None)
    )
    full = {grant.worker_id, *session.scalars(lately)}
    names = set(session.scalars(select(Worker.name).where(Worker.id.in_(full))))
    return any(
        offer.lease.rpartition("/")[0] not in names
        and offer.takes(run.wanted_device, run.labels, run.needs_bytes, run.cards)
        for offer in offers.offers(session)
    )


def _known_code(code: str) -> str:
    return code if code in CODES else "child_died"


@lru_cache(maxsize=256)
def _known(grant_id: str) -> dict[str, Path]:
    """Files that were given with a grant, by their hashes."""
    del grant_id
    return {}


@contextmanager
def _refusals() -> Generator[None]:
    """Counts what is refused."""
    try:
        yield
    except LoomError as error:
        meters.WRITES_REFUSED.labels(error.code).inc()
        raise

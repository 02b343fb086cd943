"""What workers ask: to be known, to be given a run, and to hand back what became of it. Described in docs/workers.md."""

from __future__ import annotations

import hmac
import os
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi import Path as PathParameter
from fastapi.requests import HTTPConnection

from loraloom.jobs import grants, workers
from loraloom.server import auth, working
from loraloom.server.deps import Ctx, Db
from loraloom.server.errors import described
from loraloom.server.reply import send
from loraloom.spec.errors import LoomError
from loraloom.spec.work import (
    BEAT_SECONDS,
    Claim,
    End,
    Events,
    Files,
    Orders,
    Register,
    Registered,
    Upload,
    UploadDone,
    UploadPlan,
    Work,
)
from loraloom.store.tables import Grant

TOKEN = "LORALOOM_WORKER_TOKEN"  # noqa: S105 - the name of a variable
SHORTEST = 20
router = APIRouter(tags=["work"], responses=described("request_invalid", "worker_refused", "stale_lease"))
SHA = r"^[0-9a-f]{64}$"


def check_worker(connection: HTTPConnection) -> None:
    """Raises LoomError `worker_refused` unless the request bears one of the server's worker tokens."""
    known = [token for token in os.environ.get(TOKEN, "").split(",") if len(token) >= SHORTEST]
    given = (auth.bearer(connection) or "").encode()
    if not any(hmac.compare_digest(given, token.encode()) for token in known):
        hint = f"Give server and worker the same {TOKEN}, of {SHORTEST} characters or more."
        raise LoomError("worker_refused", "This server does not know the worker's token.", hint)


Known = Depends(check_worker)


def granted(connection: HTTPConnection, session: Db) -> Grant:
    """The grant whose token the request bears. Raises LoomError `stale_lease`."""
    return grants.find(session, auth.bearer(connection) or "")


Held = Annotated[Grant, Depends(granted)]


@router.post("/work/workers", dependencies=[Known], responses=described("in_use"))
def register_worker(context: Ctx, session: Db, body: Register) -> Registered:
    """Introduce a worker. A name that is known is the same machine again, or another one once that is away."""
    worker = workers.register(session, body)
    lease = context.supervisor.leases.seconds
    return Registered(id=worker.id, lease_seconds=lease, beat_seconds=BEAT_SECONDS, draining=worker.draining)


@router.post(
    "/work/workers/{worker_id}/claim",
    dependencies=[Known],
    response_model=Work | None,
    responses=described("worker_not_found", "no_such_device"),
)
def claim_work(context: Ctx, request: Request, worker_id: str, body: Claim) -> Work | None:
    """The next run for a device of this worker, or null."""
    return working.give(context, worker_id, body, request.headers.get("traceparent", ""))


@router.get("/work/mine")
def read_work(context: Ctx, session: Db, grant: Held, request: Request) -> Work:
    """Once more what was given with this token, for a process that was started with nothing else."""
    return working.again(context, session, grant, auth.bearer(request) or "")


@router.post("/work/events")
def send_events(context: Ctx, session: Db, grant: Held, body: Events) -> Orders:
    """Events that follow, or a sign of life; what is to be done comes back."""
    return working.events(context, session, grant, body)


@router.get("/work/blob", response_class=Response, responses=described("file_not_found"))
def read_work_blob(context: Ctx, session: Db, grant: Held, sha256: Annotated[str, Query(pattern=SHA)]) -> Response:
    """The bytes of one file that was given."""
    return send(working.source(context, session, grant, sha256))


@router.post("/work/uploads")
def plan_upload(context: Ctx, session: Db, grant: Held, body: Upload) -> UploadPlan:
    """Where the parts of a file go."""
    return working.plan_upload(context, session, grant, body)


@router.put(
    "/work/parts/{sha256}/{number}",
    status_code=204,
    responses=described("checksum_mismatch", "upload_not_found", "upload_refused", "too_large"),
)
async def send_part(
    context: Ctx,
    request: Request,
    sha256: Annotated[str, PathParameter(pattern=SHA)],
    number: Annotated[int, PathParameter(ge=1, le=10_000)],
    upload: Annotated[str, Query(max_length=300)],
) -> Response:
    """One part of a file, where files go through the server; its ETag comes back."""
    token = auth.bearer(request) or ""
    return Response(
        status_code=204, headers={"ETag": await working.part(context, token, request, sha256, upload, number)}
    )


@router.post("/work/uploads/done", status_code=204, responses=described("checksum_mismatch", "upload_not_found"))
def finish_upload(context: Ctx, session: Db, grant: Held, body: UploadDone) -> None:
    """Join the parts of a file."""
    working.finish_upload(context, session, grant, body)


@router.post("/work/files", responses=described("file_not_found", "disk_full"))
def send_files(context: Ctx, session: Db, grant: Held, body: Files) -> Orders:
    """Files of the run folder that are new, changed or gone."""
    return working.files(context, session, grant, body)


@router.post("/work/end", status_code=204)
def end_work(context: Ctx, grant: Held, request: Request, body: End) -> None:
    """The child has ended and everything it made was sent. Said again, it changes nothing."""
    working.end(context, auth.bearer(request) or "", body)

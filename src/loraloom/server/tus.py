"""The tus protocol for uploads (https://tus.io/protocols/resumable-upload), with what `tuspyserver` leaves to its users:
who may write, how much, and that two connections never write to one upload."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast
from uuid import uuid4

import tuspyserver
from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import Message

from loraloom.data.intake import clean
from loraloom.data.labels import label
from loraloom.server import auth
from loraloom.server.context import Context
from loraloom.server.deps import Ctx
from loraloom.server.tus_info import align
from loraloom.spec.errors import LoomError
from loraloom.store.datasets import own_dataset
from loraloom.store.tables import Upload

MAX_BYTES = 64 * 2**30
"""One upload: the largest base models, and zips of some ten thousand pictures."""
ROOM = 2**30
"""Bytes that stay free on the disk."""
DAYS = 5
"""How long an unfinished upload may be continued."""
PATIENCE = 15.0
"""Seconds that a new connection waits for the old one of the same upload to let go."""

_FAILURES = {
    404: ("upload_not_found", "Begin it again; it may have expired."),
    409: ("upload_offset", "Ask by HEAD how far the upload is, and go on from there."),
    410: ("upload_expired", "Begin it again."),
    412: ("upload_protocol", "Send the header Tus-Resumable: 1.0.0."),
    413: ("too_large", "Split it into several."),
    415: ("upload_content_type", "Send the bytes as application/offset+octet-stream."),
    500: ("internal", "The server's log has the details; please report it."),
    503: ("in_use", "Try again in a moment."),
}
_writing: dict[str, asyncio.Event] = {}
_dropped: dict[str, asyncio.Event] = {}


async def guard(request: Request, context: Ctx) -> AsyncIterator[None]:
    """Before anything is read or written: the upload is the asker's own, and nobody else writes to it.

    Extensions of the protocol that would go around this (other uploads' parts, a method in a header) are refused.
    Raises LoomError `upload_not_found`, `upload_refused`, `in_use`.
    """
    headers = request.headers
    if "x-http-method-override" in headers or "upload-concat" in headers or "upload-defer-length" in headers:
        raise LoomError("upload_refused", "This way of uploading is not offered.", "Send the length, then the bytes.")
    state = ""
    upload_id: str = request.path_params.get("uuid", "")
    if not upload_id:
        if request.method == "POST" and headers.get("content-length", "0") != "0":
            says = "An upload is made without bytes; they follow by PATCH."
            raise LoomError("upload_refused", says, "Switch uploading during creation off.")
    else:
        state = await run_in_threadpool(_check_own, request, context, upload_id)
    writes = bool(upload_id) and request.method == "PATCH"
    if writes:
        await _take_over(request, upload_id)
    try:
        if writes and state == "receiving":
            await run_in_threadpool(align, context.home / "uploads", upload_id)
        yield
    except HTTPException as error:
        raise _in_our_words(error) from error
    finally:
        if writes:
            _writing.pop(upload_id).set()
            _dropped.pop(upload_id, None)


def _in_our_words(error: HTTPException) -> LoomError:
    """What tuspyserver raised, as an error of the table: clients go by the status."""
    code, hint = _FAILURES.get(error.status_code, ("upload_refused", "Begin the upload again."))
    return LoomError(code, f"The upload was refused: {error.detail}.", hint)


async def _take_over(request: Request, upload_id: str) -> None:
    """Make the older connection of this upload let go: its other end is gone, the network just has not said so yet."""
    while upload_id in _writing:
        _dropped[upload_id].set()
        try:
            await asyncio.wait_for(_writing[upload_id].wait(), PATIENCE)
        except TimeoutError as error:
            raise LoomError("in_use", "This upload is being written to.", "Try again in a moment.") from error
    dropped = asyncio.Event()
    _writing[upload_id], _dropped[upload_id] = asyncio.Event(), dropped
    receive = request.receive

    async def receive_unless_dropped() -> Message:
        if dropped.is_set():
            return {"type": "http.disconnect"}
        arriving, dropping = asyncio.ensure_future(receive()), asyncio.ensure_future(dropped.wait())
        done, waiting = await asyncio.wait((arriving, dropping), return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        return arriving.result() if arriving in done else {"type": "http.disconnect"}

    request._receive = receive_unless_dropped  # pyright: ignore[reportPrivateUsage]


def _check_own(request: Request, context: Context, upload_id: str) -> str:
    """The state of an upload of the asker's own. Raises LoomError."""
    with context.database.session() as session:
        user = auth.user_of(request, session)
        upload = session.get(Upload, upload_id)
        if upload is None or upload.user_id != user.id:
            raise LoomError("upload_not_found", "There is no such upload.", "Begin it again; it may have expired.")
        if request.method == "DELETE":
            if upload.state == "checking":
                raise LoomError("in_use", "This upload is being checked.", "Wait until its result is there.")
            session.delete(upload)
        return upload.state


def _creating(request: Request, context: Ctx) -> Callable[[dict[str, str], dict[str, Any]], Awaitable[None]]:
    """What tuspyserver calls before it makes a file."""

    async def create(metadata: dict[str, str], info: dict[str, Any]) -> None:
        await run_in_threadpool(_create, request, context, metadata, info["size"])

    return create


def _create(request: Request, context: Context, metadata: dict[str, str], size: int | None) -> None:
    """Check what is announced, and make the row. Raises LoomError."""
    if size is None or size < 0:
        raise LoomError("upload_refused", "The length of the upload is missing.", "Send the header Upload-Length.")
    if size > MAX_BYTES:
        raise LoomError("too_large", f"Uploads end at {MAX_BYTES // 2**30} GiB.", "Split it into several.")
    if size + ROOM > shutil.disk_usage(context.home).free:
        raise LoomError("disk_full", "The server's disk has no room for this upload.", "Free some space there first.")
    filename, kind = metadata.get("filename"), metadata.get("kind")
    dataset_id = clean(metadata["dataset"]) if "dataset" in metadata else None
    if not filename or "filetype" not in metadata:
        raise LoomError("upload_refused", "The upload has no name.", "Send filename and filetype in Upload-Metadata.")
    if (dataset_id is None) == (kind is None) or kind not in (None, "base_model", "lora"):
        says = "The upload does not say what it is for."
        raise LoomError("upload_refused", says, "Send the id of a data set as `dataset`, or `kind` base_model or lora.")
    context.ingest.tidy()
    with context.database.session() as session:
        user = auth.user_of(request, session)
        if dataset_id is not None:
            own_dataset(session, dataset_id, user)
        upload = Upload(
            id=uuid4().hex,
            user_id=user.id,
            dataset_id=dataset_id,
            kind=kind or "dataset",
            filename=label(filename),
        )
        session.add(upload)
    request.state.upload = upload.id


def _placing(request: Request, context: Ctx) -> Callable[[dict[str, str]], dict[str, Any]]:
    """Where tuspyserver puts the file, and under which name: never one that a client chose."""

    def place(metadata: dict[str, str]) -> dict[str, Any]:
        del metadata
        return {"files_dir": str(context.home / "uploads"), "uid": getattr(request.state, "upload", None)}

    return place


def _completing(context: Ctx) -> Callable[[str, dict[str, str]], Awaitable[None]]:
    """What tuspyserver calls after the last byte."""

    async def complete(path: str, metadata: dict[str, str]) -> None:
        del metadata
        await run_in_threadpool(context.ingest.arrived, path.replace("\\", "/").rsplit("/", 1)[-1])

    return complete


router = APIRouter()
_make = cast("Callable[..., APIRouter]", tuspyserver.create_tus_router)  # pyright: ignore[reportUnknownMemberType]


@router.options("/uploads", status_code=204, include_in_schema=False)
@router.options("/uploads/", status_code=204, include_in_schema=False)
def offer() -> Response:
    """What of the protocol is offered."""
    headers = {
        "Tus-Version": "1.0.0",
        "Tus-Resumable": "1.0.0",
        "Tus-Extension": "creation,expiration,termination",
        "Tus-Max-Size": str(MAX_BYTES),
    }
    return Response(status_code=204, headers=headers)


router.include_router(
    _make(
        prefix="uploads",
        max_size=MAX_BYTES,
        days_to_keep=DAYS,
        upload_complete_dep=_completing,
        pre_create_dep=_creating,
        file_dep=_placing,
    ),
    dependencies=[Depends(guard)],
    include_in_schema=False,
)

"""The playground: draw while a prompt is typed, keep what is good, make it again."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, FastAPI, Query
from fastapi.requests import HTTPConnection
from fastapi.responses import FileResponse, StreamingResponse

from loraloom.data.intake import clean
from loraloom.models.resolve import THIMBLE
from loraloom.server import drawn, prompts
from loraloom.server.asked import picture_base, resolved
from loraloom.server.deps import Ctx, Db, Me
from loraloom.server.drawing import Easel, Wish
from loraloom.server.errors import described
from loraloom.server.hashes import Hashes
from loraloom.server.paging import Cursor, Limit, Page, page
from loraloom.server.playing import (
    Draw,
    DrawingView,
    DrawnLine,
    PromptAsked,
    PromptView,
    Wildcard,
    WildcardLines,
    Word,
)
from loraloom.server.reply import send
from loraloom.server.words import Vocabulary
from loraloom.spec.errors import LoomError
from loraloom.store import drawings as store
from loraloom.store.changes import LOCK
from loraloom.store.datasets import unused
from loraloom.store.runs import names_of
from loraloom.store.tables import Drawing

PNG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/png": {}}, "description": "The picture."}}
NDJSON = "application/x-ndjson"
LINES: dict[int | str, dict[str, Any]] = {
    200: {
        "model": DrawnLine,
        "content": {NDJSON: {"schema": {"$ref": "#/components/schemas/DrawnLine"}}},
        "description": "Lines of JSON (application/x-ndjson), each one of these.",
    }
}
NAME = re.compile(r"[\w-]{1,60}")


@dataclass(frozen=True)
class Studio:
    """The playground's own parts of the server."""

    easel: Easel
    hashes: Hashes
    vocabulary: Vocabulary


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncGenerator[None]:
    """The drawing process ends with the server; what one left that could not end itself goes."""
    context = app.state.context
    room = context.home / "drawing"
    shutil.rmtree(room, ignore_errors=True)
    app.state.studio = Studio(Easel(context.database, room), Hashes(), Vocabulary())
    try:
        yield
    finally:
        app.state.studio.easel.end()


router = APIRouter(tags=["playground"], responses=described("request_invalid"), lifespan=_life)


def get_studio(connection: HTTPConnection) -> Studio:
    """The playground's parts."""
    return cast(Studio, connection.app.state.studio)


Parts = Annotated[Studio, Depends(get_studio)]


@router.post(
    "/drawings",
    response_class=StreamingResponse,
    responses=LINES
    | described("lora_not_found", "run_not_found", "checkpoint_not_found", "base_model_not_found", "in_use"),
)
def create_drawing(context: Ctx, session: Db, user: Me, studio: Parts, body: Draw) -> StreamingResponse:
    """Draw one picture: a line of JSON for every step, `done` with the picture at the end. To close the connection is to
    stop. Not while a training holds the device that drawing needs."""
    what = resolved(context, session, user, body.drawing)
    finish = drawn.finishing(context, studio.hashes, user, what, body.keep, body.metadata)
    base = what.base.path.absolute() if what.base.path is not None and what.drawing.base_model != THIMBLE else None
    lines = studio.easel.ask(session, Wish(what.drawing, base, user.id, body.stream, finish), context.hub.loop)

    async def said() -> AsyncIterator[str]:
        async for line in lines:
            yield line.model_dump_json(exclude_defaults=True) + "\n"

    return StreamingResponse(said(), media_type=NDJSON)


@router.get("/drawings")
def list_drawings(session: Db, user: Me, cursor: Cursor = None, limit: Limit = 50) -> Page[DrawingView]:
    """Your kept drawings, the newest first."""
    rows, following = page(session, store.drawings_of(user), Drawing.id, cursor, limit)
    return Page(items=[drawn.view(row, user.name) for row in rows], next=following)


@router.get("/drawings/{drawing_id}", responses=described("drawing_not_found"))
def read_drawing(session: Db, user: Me, drawing_id: str) -> DrawingView:
    """One drawing, with all that makes it again."""
    row = store.get_drawing(session, drawing_id)
    return drawn.view(row, names_of(session, [row.user_id]).get(row.user_id, ""))


@router.get(
    "/drawings/{drawing_id}/picture", response_class=FileResponse, responses=PNG | described("drawing_not_found")
)
def read_drawing_picture(context: Ctx, session: Db, user: Me, drawing_id: str) -> FileResponse:
    """The PNG."""
    key = store.get_drawing(session, drawing_id).blob
    if not context.blobs.has(key):
        raise LoomError("drawing_not_found", "The file of this drawing is gone.", "Draw it again.")
    reply = send(context.blobs.path(key), forever=True)
    reply.media_type = reply.headers["content-type"] = "image/png"
    return reply


@router.delete("/drawings/{drawing_id}", status_code=204, responses=described("drawing_not_found", "not_allowed"))
def delete_drawing(context: Ctx, session: Db, user: Me, drawing_id: str) -> None:
    """Take a drawing out of the history."""
    row = store.own_drawing(session, drawing_id, user)
    session.commit()
    with LOCK:
        session.delete(row)
        session.commit()
        for key in unused(session, [row.blob]):
            context.blobs.delete(key)


@router.post("/prompts", responses=described("base_model_not_found"))
def read_prompt(session: Db, user: Me, body: PromptAsked) -> PromptView:
    """What in a prompt means something, how many tokens it has and what is cut."""
    return prompts.read(session, body.prompt, picture_base(body.base_model))


@router.get("/words")
def list_words(
    session: Db,
    user: Me,
    studio: Parts,
    search: Annotated[str, Query(max_length=200)] = "",
    family: Annotated[str | None, Query(max_length=20)] = None,
    limit: Limit = 20,
) -> Page[Word]:
    """What may be meant by the letters of `search`: trigger words, tags of captions, LoRAs, wildcards; the likeliest
    first."""
    return Page(items=studio.vocabulary.meant(session, user, search, family)[:limit])


@router.get("/wildcards")
def list_wildcards(session: Db, user: Me) -> Page[Wildcard]:
    """All wildcards by name."""
    return Page(items=[Wildcard(name=name, lines=list(lines)) for name, lines in store.wildcards(session).items()])


@router.put("/wildcards/{name}")
def update_wildcard(session: Db, user: Me, name: str, body: WildcardLines) -> Wildcard:
    """Make a wildcard, or replace its lines."""
    if not NAME.fullmatch(name):
        says = "The name of a wildcard has letters, digits, _ and -, 60 at most."
        raise LoomError("request_invalid", says, "Choose another name.")
    lines = [line for line in (clean(line).strip() for line in body.lines) if line]
    store.write_wildcard(session, name, lines)
    return Wildcard(name=name, lines=lines)


@router.delete("/wildcards/{name}", status_code=204)
def delete_wildcard(session: Db, user: Me, name: str) -> None:
    """Forget a wildcard."""
    store.delete_wildcard(session, clean(name))

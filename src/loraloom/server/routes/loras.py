"""The gallery of LoRAs."""

from __future__ import annotations

import shutil
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import or_, select

from loraloom.server import lora_files, present
from loraloom.server.deps import Ctx, Db, Me
from loraloom.server.errors import described
from loraloom.server.lora_upload import FOLDER
from loraloom.server.paging import Cursor, Limit, Page, page
from loraloom.server.reply import inside, send
from loraloom.server.routes import chat
from loraloom.server.views import LoraView
from loraloom.spec.errors import LoomError
from loraloom.store.runs import get_lora, own
from loraloom.store.tables import Lora

router = APIRouter(tags=["loras"], responses=described("request_invalid"))
router.include_router(chat.router)


class LoraUpdate(BaseModel):
    """What may be changed about a LoRA."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, min_length=1, max_length=200)
    trigger: str | None = Field(None, max_length=1000)


@router.get("/loras")
def list_loras(
    session: Db,
    user: Me,
    search: Annotated[str | None, Query(max_length=200)] = None,
    family: Annotated[str | None, Query(max_length=20, examples=["sd1"])] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[LoraView]:
    """LoRAs, the newest first."""
    statement = select(Lora)
    if search:
        like = f"%{search}%"
        statement = statement.where(or_(Lora.name.ilike(like), Lora.trigger.ilike(like), Lora.base_model.ilike(like)))
    if family:
        statement = statement.where(Lora.family == family)
    rows, following = page(session, statement, Lora.id, cursor, limit)
    return Page(items=[present.lora(row) for row in rows], next=following)


@router.get("/loras/{lora_id}", responses=described("lora_not_found"))
def read_lora(session: Db, user: Me, lora_id: str) -> LoraView:
    """One LoRA."""
    return present.lora(get_lora(session, lora_id))


@router.patch("/loras/{lora_id}", responses=described("lora_not_found", "not_allowed"))
def update_lora(session: Db, user: Me, lora_id: str, body: LoraUpdate) -> LoraView:
    """Change name or trigger words as the gallery shows them; the file stays as it is."""
    lora = get_lora(session, lora_id)
    own(user, lora.user_id)
    for key, value in body.model_dump(exclude_none=True).items():
        setattr(lora, key, value)
    return present.lora(lora)


@router.delete("/loras/{lora_id}", status_code=204, responses=described("lora_not_found", "not_allowed"))
def delete_lora(context: Ctx, session: Db, user: Me, lora_id: str) -> None:
    """Take a LoRA out of the gallery. Its run keeps the file; one that was made elsewhere is gone."""
    lora = get_lora(session, lora_id)
    own(user, lora.user_id)
    session.delete(lora)
    session.commit()
    if lora.run_id is None:
        shutil.rmtree(context.home / FOLDER / lora.id, ignore_errors=True)


@router.get("/loras/{lora_id}/preview", response_class=FileResponse, responses=described("lora_not_found"))
def read_lora_preview(context: Ctx, session: Db, user: Me, lora_id: str) -> FileResponse:
    """The preview picture."""
    lora = get_lora(session, lora_id)
    if lora.preview is None:
        raise LoomError("lora_not_found", "This LoRA has no preview.", "Give sample.prompts when you start a run.")
    return send(inside(context.home, lora.preview), forever=True)


@router.get(
    "/loras/{lora_id}/file",
    response_class=FileResponse,
    responses=described("lora_not_found", "lora_mismatch", "base_model_not_found", "extra_missing"),
)
def download_lora_for(
    context: Ctx,
    session: Db,
    user: Me,
    lora_id: str,
    tool: Annotated[lora_files.Tool | None, Query(alias="for")] = None,
) -> Response:
    """What the named program loads. Pictures: `webui`, `comfyui` and `diffusers`, one file. Texts: `peft` and `ollama`, zips
    of a folder; `gguf`, one file for llama.cpp; `merged`, a zip of base and LoRA as one model, which takes a while."""
    return lora_files.download(context.home, get_lora(session, lora_id), tool)

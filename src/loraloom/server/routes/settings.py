"""Settings of the server, and what its storage holds."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from loraloom.data.quality import nsfw
from loraloom.jobs import storage
from loraloom.server.deps import Admin, Ctx, Db, Me
from loraloom.server.errors import described
from loraloom.store.settings import Settings, read_settings, write_settings

router = APIRouter(tags=["settings"], responses=described("request_invalid"))


class Storage(BaseModel):
    """What lies in the data home, by part."""

    parts: list[storage.Part]


class Clean(BaseModel):
    """Which parts to clean up."""

    model_config = ConfigDict(extra="forbid")

    parts: Annotated[list[storage.Cleanable], Field(min_length=1, max_length=10)]


@router.get("/settings")
def get_settings(session: Db, user: Me) -> Settings:
    """The settings as they are."""
    return read_settings(session)


@router.put("/settings", responses=described("not_allowed", "extra_missing"))
def put_settings(session: Db, user: Admin, body: Settings) -> Settings:
    """Replace the settings. What a setting needs is installed first."""
    if body.nsfw_check:
        nsfw.require()
    write_settings(session, body)
    return body


@router.get("/storage")
def read_storage(context: Ctx, session: Db, user: Me) -> Storage:
    """How much each part takes, and how much of it can go."""
    return Storage(parts=storage.usage(session, context.home, context.blobs))


@router.post("/storage/clean", responses=described("not_allowed"))
def clean_storage(context: Ctx, session: Db, user: Admin, body: Clean) -> Storage:
    """Delete what can be made again, or what nothing points to."""
    storage.clean(session, context.home, context.blobs, body.parts)
    return read_storage(context, session, user)

"""Settings of the server, quotas of its users, and what its storage holds."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from loraloom.data.quality import nsfw
from loraloom.jobs import storage
from loraloom.server.deps import Admin, Ctx, Db, Me
from loraloom.server.errors import described
from loraloom.store import quotas, users
from loraloom.store.lifecycle import Lifecycle, read_lifecycle, write_lifecycle
from loraloom.store.settings import Settings, read_settings, write_settings
from loraloom.store.tables import Quota

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


class QuotaView(BaseModel):
    """How much one user or team may have at once; an empty name is every user or team without a row of its own. Null: as
    much as there is room for."""

    model_config = ConfigDict(extra="forbid")

    kind: quotas.Kind
    name: str = Field("", max_length=users.NAME_LENGTH, examples=["anna"])
    most_active: int | None = Field(None, ge=0, le=10**6)
    """Runs at work."""
    most_queued: int | None = Field(None, ge=0, le=10**6)
    """Runs that wait."""


class QuotaList(BaseModel):
    """Every quota."""

    model_config = ConfigDict(extra="forbid")

    items: list[QuotaView] = Field(max_length=1000)


@router.get("/settings/lifecycle", responses=described("not_allowed"))
def get_lifecycle(session: Db, user: Admin) -> Lifecycle:
    """How long what runs leave behind is kept."""
    return read_lifecycle(session)


@router.put("/settings/lifecycle", responses=described("not_allowed"))
def put_lifecycle(session: Db, user: Admin, body: Lifecycle) -> Lifecycle:
    """Set how long. It is looked to once an hour."""
    write_lifecycle(session, body)
    return body


@router.get("/settings/quotas", responses=described("not_allowed"))
def get_quotas(session: Db, user: Admin) -> QuotaList:
    """The quotas as they are, those for everybody first."""
    rows = quotas.list_quotas(session)
    return QuotaList(items=[QuotaView.model_validate(row, from_attributes=True) for row in rows])


@router.put("/settings/quotas", responses=described("not_allowed"))
def put_quotas(context: Ctx, session: Db, user: Admin, body: QuotaList) -> QuotaList:
    """Replace the quotas. What is at work or waits already goes on."""
    rows = {(item.kind, users.clean_name(item.name)): item for item in body.items}
    quotas.write_quotas(
        session,
        [
            Quota(kind=kind, name=name, most_active=item.most_active, most_queued=item.most_queued)
            for (kind, name), item in rows.items()
        ],
    )
    session.commit()
    context.supervisor.wake()
    return get_quotas(session, user)


@router.get("/storage")
def read_storage(context: Ctx, session: Db, user: Me) -> Storage:
    """How much each part takes, and how much of it can go."""
    return Storage(parts=storage.usage(session, context.home, context.blobs))


@router.post("/storage/clean", responses=described("not_allowed"))
def clean_storage(context: Ctx, session: Db, user: Admin, body: Clean) -> Storage:
    """Delete what can be made again, or what nothing points to."""
    storage.clean(session, context.home, context.blobs, body.parts)
    return read_storage(context, session, user)

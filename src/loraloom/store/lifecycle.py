"""How long what runs leave behind is kept, as an administrator sets it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from loraloom.store.tables import Setting

LIFECYCLE = "lifecycle"


class Lifecycle(BaseModel):
    """Ages are counted from the end of a run; empty: it is kept. LoRAs, pictures and records are never removed by age."""

    model_config = ConfigDict(extra="forbid")

    checkpoints_days: float | None = Field(None, ge=0, le=36_500)
    """After which the checkpoints of a run go; a run without them can only be started from the beginning."""
    samples_days: float | None = Field(None, ge=0, le=36_500)
    """After which the samples of a run go, but for the newest."""
    run_caches_days: float | None = Field(None, ge=0, le=36_500)
    """After which latents and embeddings of a run go; they can be made again."""
    cache_bytes: int | None = Field(None, ge=0)
    """What converted models, exports and unpacked archives may take; what was not used for longest goes first, and nothing
    that was used within a day."""
    blobs_grace_hours: float | None = Field(24.0, ge=1, le=876_000)
    """Files that no record names go when they were put longer ago than this."""


def read_lifecycle(session: Session) -> Lifecycle:
    """As it is set."""
    row = session.get(Setting, LIFECYCLE)
    return Lifecycle.model_validate(row.value) if row is not None else Lifecycle()  # pyright: ignore[reportCallIssue]


def write_lifecycle(session: Session, lifecycle: Lifecycle) -> None:
    """Keep `lifecycle`."""
    session.merge(Setting(key=LIFECYCLE, value=lifecycle.model_dump()))

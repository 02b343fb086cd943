"""The server's settings, a row each group."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from loraloom.store.tables import Setting

SERVER, QUEUE = "server", "queue"


class Settings(BaseModel):
    """What an administrator sets on the page."""

    model_config = ConfigDict(extra="forbid")

    webhook_url: str = Field("", max_length=2000, pattern=r"^(https?://\S+)?$", examples=["https://example.org/hook"])
    """Gets a POST when a run finishes or fails; empty: nobody is told."""
    default_base_model: str = Field("thimble", max_length=2000)
    """Chosen for a new run."""
    default_preset: str | None = Field(None, max_length=200)
    """Chosen for a new run; empty: none."""
    nsfw_check: bool = False
    """Whether the score card names pictures that are likely not safe for work; needs the extra `nsfw`."""
    most_run_hours: float | None = Field(None, gt=0, le=10_000)
    """A run that takes longer is stopped with a checkpoint; empty: as long as it takes."""
    preempt: bool = False
    """Whether a run that waits may push one of lower priority aside, which goes on later from its checkpoint."""


def read_settings(session: Session) -> Settings:
    """The settings as they are."""
    row = session.get(Setting, SERVER)
    return Settings.model_validate(row.value) if row is not None else Settings()  # pyright: ignore[reportCallIssue]


def write_settings(session: Session, settings: Settings) -> None:
    """Keep `settings`."""
    session.merge(Setting(key=SERVER, value=settings.model_dump()))


def queue_paused(session: Session) -> bool:
    """Whether no run is started for now."""
    row = session.get(Setting, QUEUE)
    return bool(row is not None and row.value.get("paused"))


def pause_queue(session: Session, paused: bool) -> None:
    """Start no runs, or start them again."""
    session.merge(Setting(key=QUEUE, value={"paused": paused}))

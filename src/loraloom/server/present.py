"""From rows to what the API says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.orm import Session

from loraloom.jobs import queue
from loraloom.jobs.offers import Offer, offers
from loraloom.jobs.quotas import used_up
from loraloom.jobs.starts import HEAD, starts_in
from loraloom.jobs.waits import Waits, waits
from loraloom.models.resolve import THIMBLE, resolve
from loraloom.models.smollm2 import SMOLLM2, is_installed
from loraloom.server.preparing import Preparing
from loraloom.server.views import LoraView, ModelView, Named, RunError, RunView
from loraloom.store.runs import loras_of, names_of
from loraloom.store.settings import queue_paused
from loraloom.store.tables import BaseModel, Lora, Quota, Run

PLAIN = [
    name
    for name in RunView.model_fields
    if name not in ("dataset", "user", "position", "starts_in_seconds", "waits", "error", "cover", "lora")
]


def runs(session: Session, rows: Sequence[Run], queued: Queued | None = None) -> list[RunView]:
    """The views of `rows`; `queued`: what is known of those that wait, if it was found out already."""
    if queued is None:
        waiting = [run.id for run in rows if run.state == "queued"]
        queued = _queued(session, queue.places(session, waiting)) if waiting else Queued()
    users = names_of(session, (run.user_id for run in rows))
    loras = loras_of(session, (run.id for run in rows))
    return [_run(run, users, loras, queued) for run in rows]


def run(session: Session, row: Run) -> RunView:
    """The view of one run."""
    return runs(session, [row])[0]


def line(session: Session, running: Sequence[Run], after: int, limit: int) -> tuple[list[RunView], list[RunView]]:
    """The views of what runs, and of at most `limit` of the runs that wait, behind the first `after`."""
    head = queue.waiting(session, max(HEAD, limit)) if after == 0 else []
    waiting = head[:limit] if after == 0 else queue.waiting(session, limit, after)
    places = {run.id: place for place, run in enumerate(waiting, after + 1)}
    views = runs(session, [*running, *waiting], _queued(session, places, head))
    return views[: len(running)], views[len(running) :]


@dataclass(frozen=True)
class Queued:
    """Of runs that wait, by id: their places, the seconds until they start, and what keeps them besides their turn."""

    places: dict[str, int] = field(default_factory=dict[str, int])
    starts: dict[str, float] = field(default_factory=dict[str, float])
    full: dict[str, Quota] = field(default_factory=dict[str, Quota])
    there: list[Offer] | None = None

    def waits(self, run: Run) -> Waits | None:
        """What `run` waits for; None unless it is queued."""
        return waits(run, self.full, self.there) if run.state == "queued" and self.there is not None else None


def _queued(session: Session, places: dict[str, int], head: Sequence[Run] = ()) -> Queued:
    there, starts = offers(session), dict[str, float]()
    if not queue_paused(session) and any(place <= HEAD for place in places.values()):
        starts = starts_in(session, head or queue.waiting(session, HEAD), there)
    return Queued(places, starts, used_up(session), there)


def _run(run: Run, users: dict[str, str], loras: dict[str, str], queued: Queued) -> RunView:
    values = {name: getattr(run, name) for name in PLAIN}
    return RunView(
        **values,
        dataset=Named(id=run.dataset_id, name=run.dataset_name) if run.dataset_id else None,
        user=users.get(run.user_id, ""),
        position=queued.places.get(run.id),
        starts_in_seconds=queued.starts.get(run.id),
        waits=queued.waits(run),
        error=RunError(**run.error) if run.error else None,
        cover=f"/api/runs/{run.id}/files/{run.cover}" if run.cover else None,
        lora=loras.get(run.id),
    )


def lora(row: Lora) -> LoraView:
    """The view of a LoRA."""
    return LoraView(
        id=row.id,
        name=row.name,
        run=row.run_id,
        base_model=row.base_model,
        family=row.family,
        trigger=row.trigger,
        rank=row.rank,
        alpha=row.alpha,
        steps=row.steps,
        bytes=row.bytes,
        sha256=row.sha256,
        created_at=row.created_at,
        preview=f"/api/loras/{row.id}/preview" if row.preview else None,
        metadata=row.details,
    )


def model(row: BaseModel, preparing: Preparing) -> ModelView:
    """The view of a base model that somebody added."""
    state, error = preparing.state(row.source)
    return ModelView(
        id=row.id,
        name=row.name,
        source=row.source,
        family=row.family,
        resolution=row.resolution,
        prediction=row.prediction,
        layout=row.layout,
        bytes=row.bytes,
        embedded=False,
        available=state != "missing",
        state=state,
        error=error,
        warnings=[str(warning) for warning in row.warnings],
    )


def embedded(preparing: Preparing) -> list[ModelView]:
    """The views of the base models that come along: the one that draws, and the one that writes where its package is."""
    names = {THIMBLE: "Thimble"} | ({SMOLLM2: "SmolLM2 135M"} if is_installed() else {})
    return [_embedded(source, name, preparing) for source, name in names.items()]


def _embedded(source: str, name: str, preparing: Preparing) -> ModelView:
    found = resolve(source)
    state, error = preparing.state(source)
    return ModelView(
        id=source,
        name=name,
        source=source,
        family=found.family,
        resolution=found.resolution,
        prediction=found.prediction,
        layout=found.layout,
        bytes=size_of(found.path) if found.path else 0,
        embedded=True,
        available=True,
        state=state,
        error=error,
    )


def size_of(path: Path) -> int:
    """Bytes of a file or of everything in a folder."""
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())

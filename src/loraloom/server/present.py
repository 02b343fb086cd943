"""From rows to what the API says of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.orm import Session

from loraloom.jobs import devices, queue
from loraloom.models.resolve import THIMBLE, resolve
from loraloom.models.smollm2 import SMOLLM2, is_installed
from loraloom.server.preparing import Preparing
from loraloom.server.views import LoraView, ModelView, Named, RunError, RunView
from loraloom.store.runs import loras_of, names_of
from loraloom.store.settings import queue_paused
from loraloom.store.tables import BaseModel, Lora, Run

PLAIN = [
    name
    for name in RunView.model_fields
    if name not in ("dataset", "user", "position", "starts_in_seconds", "error", "cover", "lora")
]


def runs(session: Session, rows: Sequence[Run]) -> list[RunView]:
    """The views of `rows`, with their places in the queue if any of them waits."""
    users = names_of(session, (run.user_id for run in rows))
    loras = loras_of(session, (run.id for run in rows))
    places: dict[str, int] = {}
    starts: dict[str, float] = {}
    if any(run.state == "queued" for run in rows):
        line = queue.waiting(session)
        places = {run.id: place for place, run in enumerate(line, 1)}
        starts = queue.starts_in(session, line, devices.slots()) if not queue_paused(session) else {}
    return [_run(run, users, loras, places, starts) for run in rows]


def run(session: Session, row: Run) -> RunView:
    """The view of one run."""
    return runs(session, [row])[0]


def _run(
    run: Run, users: dict[str, str], loras: dict[str, str], places: dict[str, int], starts: dict[str, float]
) -> RunView:
    values = {name: getattr(run, name) for name in PLAIN}
    return RunView(
        **values,
        dataset=Named(id=run.dataset_id, name=run.dataset_name) if run.dataset_id else None,
        user=users.get(run.user_id, ""),
        position=places.get(run.id),
        starts_in_seconds=starts.get(run.id),
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

"""New runs: from a config and a data set, or from a checkpoint of another run."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from loraloom.jobs import checkpoints, place, queue, trace
from loraloom.jobs.draft import Data, Draft, draft
from loraloom.jobs.needs import needs_bytes
from loraloom.jobs.quotas import check_queue
from loraloom.jobs.texts import text_set
from loraloom.spec import check
from loraloom.spec.errors import LoomError
from loraloom.store.blobs import Blobs
from loraloom.store.datasets import get_dataset, images_of
from loraloom.store.ids import new_id
from loraloom.store.models import bases
from loraloom.store.tables import Dataset, Run, User


def think(
    session: Session, dataset_id: str | None, config: dict[str, Any], text: str | None
) -> tuple[Draft, Dataset | None]:
    """The draft of a run on a data set. Raises LoomError `dataset_not_found`."""
    dataset = get_dataset(session, dataset_id) if dataset_id else None
    return draft(config, text, data_of(session, dataset) if dataset else None, bases(session)), dataset


def data_of(session: Session, dataset: Dataset) -> Data:
    """What a run on the data set would train on."""
    return text_set(session, dataset) if dataset.kind == "texts" else images_of(session, dataset.id)


def create(
    session: Session,
    user: User,
    dataset_id: str | None,
    config: dict[str, Any],
    text: str | None,
    priority: int,
    labels: Collection[str] = (),
) -> Run:
    """Queue a run for `user`, on a worker that has `labels` if any are given. Raises LoomError `config_invalid` with every
    problem, `dataset_not_found`, `quota_reached`."""
    check_queue(session, user)
    thought, dataset = think(session, dataset_id, config, text)
    if thought.problems or thought.run is None or thought.plan is None or dataset is None:
        raise check.refusal(list(thought.problems))
    run = Run(
        id=new_id(),
        name=thought.run.name,
        user_id=user.id,
        dataset_id=dataset.id,
        dataset_name=dataset.name,
        dataset_version=dataset.version,
        config=thought.run.model_dump(mode="json"),
        family=thought.run.family,
        base_model=thought.run.base_model,
        preset=thought.preset,
        priority=priority,
        place=queue.place_now(),
        total_steps=thought.plan.total_steps,
        wanted_device=thought.run.training.device,
        needs_bytes=needs_bytes(session, thought.run, thought.plan),
        cards=thought.run.training.processes,
        labels=sorted(set(labels)),
    )
    session.add(run)
    session.flush()
    trace.keep(run.id)
    return run


def branch(session: Session, user: User, run: Run, step: int, runs: Path, blobs: Blobs) -> Run:
    """Queue a new run that begins from a checkpoint of `run`, with its data as it was. Raises LoomError
    `checkpoint_not_found`, `quota_reached`."""
    check_queue(session, user)
    source = checkpoints.folder_of(runs / run.id, step, blobs)
    made = Run(
        id=new_id(),
        name=run.name,
        user_id=user.id,
        dataset_id=run.dataset_id,
        dataset_name=run.dataset_name,
        dataset_version=run.dataset_version,
        config=run.config,
        family=run.family,
        base_model=run.base_model,
        preset=run.preset,
        priority=run.priority,
        place=queue.place_now(),
        total_steps=run.total_steps,
        step=step,
        wanted_device=run.wanted_device,
        needs_bytes=run.needs_bytes,
        cards=run.cards,
        labels=run.labels,
    )
    target = runs / made.id
    try:
        shutil.copytree(source, target / "checkpoints" / source.name)
        place.copy(runs / run.id, target)
    except OSError as error:
        shutil.rmtree(target, ignore_errors=True)
        raise LoomError("not_writable", f"The checkpoint cannot be copied: {error.strerror}.", "Free space.") from error
    session.add(made)
    session.flush()
    return made

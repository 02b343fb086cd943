"""Captionings in the queue: a run whose child is `loraloom.caption` and whose result is one change of its data set."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from loraloom.data.captioned import DATA, JOB, lines
from loraloom.data.compose import compose
from loraloom.jobs import folder, queue, yaml_file
from loraloom.jobs.quotas import check_queue
from loraloom.spec.captioning import CAPTION_JOB, KEY_VARIABLE, CaptionJob
from loraloom.spec.errors import LoomError
from loraloom.store import changes
from loraloom.store.blobs import Blobs, link_or_copy
from loraloom.store.ids import new_id
from loraloom.store.tables import Dataset, Image, Run, User

MODULE = "loraloom.caption"
SUFFIXES = {b"RIFF": ".webp"}


def create(
    session: Session,
    user: User,
    dataset: Dataset,
    job: CaptionJob,
    images: Sequence[Image],
    labels: Collection[str] = (),
) -> Run:
    """Queue the captioning of `images`, on a worker that has `labels` if any are given. Raises LoomError
    `dataset_empty`, `not_allowed`, `base_model_not_found`, `quota_reached`."""
    check_queue(session, user)
    if not images:
        raise LoomError("dataset_empty", "No pictures are chosen.", "Choose some, or upload pictures first.")
    if not user.admin and (job.engine == "vlm" or (job.model and Path(job.model).is_absolute())):
        hint = "Ask an administrator to start it, or name a model of the hub that is on the server."
        raise LoomError("not_allowed", "Only an administrator may name addresses and folders of the server.", hint)
    model_of(job)
    run = Run(
        id=new_id(),
        name=f"{dataset.name} · {job.engine}"[:200],
        kind="caption",
        user_id=user.id,
        dataset_id=dataset.id,
        dataset_name=dataset.name,
        dataset_version=dataset.version,
        config={"job": job.model_dump(mode="json"), "images": [image.id for image in images]},
        family=job.engine,
        base_model=job.model or "",
        place=queue.place_now(),
        total_steps=len(images),
        wanted_device=job.device,
        labels=sorted(set(labels)),
    )
    session.add(run)
    session.flush()
    return run


def job_of(run: Run) -> CaptionJob:
    """What the run was asked to do."""
    return CAPTION_JOB.validate_python(run.config["job"])


def read(run_dir: Path) -> CaptionJob:
    """The job of a folder that was filled."""
    return CAPTION_JOB.validate_python(yaml_file.read(run_dir / JOB))


def model_of(job: CaptionJob) -> Path | None:
    """The folder or file of the engine's model; None where it brings its own. Raises LoomError `base_model_not_found`."""
    if job.model is None or job.engine == "vlm":
        return None
    place = Path(job.model).expanduser()
    if place.exists():
        return place.absolute()
    hub: Any = import_module("huggingface_hub")  # slow, and its types are only partly known
    try:
        return Path(hub.snapshot_download(job.model, local_files_only=True))
    except Exception as error:
        says = f"{job.model!r} is neither a folder of this server nor among its downloads."
        raise LoomError("base_model_not_found", says, f"Run `hf download {job.model}` there.") from error


def network_of(job: CaptionJob) -> dict[str, str] | None:
    """The variables of a child that may reach the network; None for all engines that need none."""
    if job.engine != "vlm":
        return None
    return {key: os.environ[key] for key in (KEY_VARIABLE,) if key in os.environ}


def fill(run_dir: Path, run: Run, images: Sequence[Image], blobs: Blobs, device: str) -> None:
    """Make the job folder ready for its first child. Nothing is done when it is already. Raises LoomError `disk_full`,
    `not_writable`."""
    if (run_dir / JOB).exists():
        return
    job = job_of(run)
    model = model_of(job)
    changed: dict[str, Any] = {"device": device} if device.startswith("cuda") else {}
    if model is not None:
        changed["model"] = str(model)
    try:
        data = run_dir / DATA
        data.mkdir(parents=True, exist_ok=True)
        for image in images:
            source = blobs.path(image.blob)
            with source.open("rb") as stream:
                suffix = SUFFIXES.get(stream.read(4), ".png")
            link_or_copy(source, data / f"{image.id}{suffix}")
            if image.caption:
                (data / f"{image.id}.txt").write_text(image.caption, encoding="utf-8", newline="\n")
        half = run_dir / f"{JOB}.partial"
        half.write_text(yaml.safe_dump(job.model_dump(mode="json") | changed, allow_unicode=True), "utf-8")
        half.replace(run_dir / JOB)
    except OSError as error:
        raise folder.refusal(run_dir, error) from error


def collect(session: Session, run: Run, run_dir: Path) -> None:
    """Write what the engine found into the captions, as one change that can be undone; then let the copies go."""
    job = job_of(run)
    found = {Path(line.file).stem: line for line in lines(run_dir).values()}
    author = f"engine:{job.engine}"
    images = session.scalars(select(Image).where(Image.dataset_id == run.dataset_id, Image.removed.is_(False)))
    wanted: list[tuple[Image, dict[str, Any]]] = []
    for image in images:
        line = found.get(image.id)
        caption = compose(image.caption, line.caption, job) if line and line.caption else None
        if line and caption is not None and caption != image.caption:
            wanted.append((image, {"caption": caption, "author": f"{author} {line.version}".strip()}))
    if run.dataset_id is not None:
        words = {"engine": job.engine, "model": job.model, "existing": job.existing, "run": run.id}
        changes.record(session, run.dataset_id, author, "engine", words, wanted)
    shutil.rmtree(run_dir / DATA, ignore_errors=True)

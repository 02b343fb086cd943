"""The folder of an experiment: its job, links to the LoRAs that are compared, and to the pictures that they learned from."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from loraloom.data.examples.plan import split
from loraloom.jobs import checkpoints, experiments, folder
from loraloom.jobs.place import suffix_of
from loraloom.jobs.texts import words_of
from loraloom.models.resolve import resolve
from loraloom.models.text_base import folder_of
from loraloom.spec.errors import LoomError
from loraloom.spec.experiment import JOB, Candidate, ExperimentJob
from loraloom.spec.run import RUN
from loraloom.spec.text import TextRun
from loraloom.store.blobs import Blobs, link_or_copy
from loraloom.store.datasets import images_of
from loraloom.store.examples import texts_of
from loraloom.store.runs import get_lora
from loraloom.store.tables import Dataset, Lora, Run

MODULE = "loraloom.generate.experiment"
DATA = "data"
"""Links to LoRAs and pictures: the child sees this folder read-only."""
CLIP = "LORALOOM_CLIP"
"""Environment variable: folder of the CLIP that measures."""
MOST_TEXTS = 200


def fill(session: Session, run: Run, run_dir: Path, home: Path, blobs: Blobs, device: str) -> None:
    """Make the folder ready for its first child; nothing is done when it is already. Raises LoomError: that of the first
    candidate when none of them is there, `disk_full`, `not_writable`."""
    if (run_dir / JOB).exists():
        return
    try:
        shutil.rmtree(run_dir / DATA, ignore_errors=True)
        (run_dir / DATA).mkdir(parents=True)
        job = _Filling(session, run, run_dir, home, blobs, device).job()
        half = run_dir / f"{JOB}.partial"
        half.write_text(yaml.safe_dump(job.model_dump(mode="json"), allow_unicode=True, sort_keys=False), "utf-8")
        half.replace(run_dir / JOB)
    except OSError as error:
        raise folder.refusal(run_dir, error) from error


def shown(run_dir: Path) -> list[Path]:
    """What the child has to see besides its folder."""
    job = ExperimentJob.model_validate(yaml.safe_load((run_dir / JOB).read_text("utf-8")))
    places = [Path(place) for place in (*job.bases, *((job.clip,) if job.clip else ())) if Path(place).is_absolute()]
    found: dict[Path, None] = {}
    for place in places:
        snapshot = place.parent.name == "snapshots"  # of the hub's cache, whose files are links
        found[place.parents[1] if snapshot else place] = None
        links = (file.resolve() for file in place.rglob("*") if file.is_symlink()) if place.is_dir() else ()
        found |= {} if snapshot else dict.fromkeys(file for file in links if not file.is_relative_to(place.resolve()))
    return list(found)


def tidy(run_dir: Path) -> None:
    """Let the copies go: the experiment has finished."""
    shutil.rmtree(run_dir / DATA, ignore_errors=True)
    shutil.rmtree(run_dir / "adapters", ignore_errors=True)


@dataclass
class _Filling:
    session: Session
    run: Run
    run_dir: Path
    home: Path
    blobs: Blobs
    device: str
    _sets: dict[str, str] = field(default_factory=dict[str, str])
    """Data set -> folder of its pictures."""

    def job(self) -> ExperimentJob:
        asked = experiments.experiment_of(self.run)
        loras: list[str | None] = []
        rows: list[Lora | Run | None] = []
        left_out: list[str] = []
        first: LoomError | None = None
        for number, candidate in enumerate(asked.candidates):
            try:
                row = self._row(candidate)
                loras.append(self._link(candidate, row, number))
                rows.append(row)
                left_out.append("")
            except LoomError as error:
                first = first or error
                loras.append(None)
                rows.append(None)
                left_out.append(error.message)
        named = [n for n, candidate in enumerate(asked.candidates) if candidate.what != "base"]
        if first is not None and all(left_out[number] for number in named):
            raise first
        trained = [experiments.run_of(self.session, row) for row in rows]
        texts = asked.kind == "texts"
        pictures = [None if texts or one is None else self._pictures(one) for one in trained]
        usual = next((place for place in pictures if place), None)
        return ExperimentJob(
            experiment=asked,
            bases=tuple(_place(source) for source in asked.bases),
            loras=tuple(loras),
            triggers=tuple(_triggers(row, one) for row, one in zip(rows, trained, strict=True)),
            pictures=tuple(
                usual if candidate.what == "base" else place
                for candidate, place in zip(asked.candidates, pictures, strict=True)
            ),
            texts=self._texts(asked.bases[0], [one for one in trained if one is not None]) if texts else None,
            left_out=tuple(left_out),
            clip=os.environ.get(CLIP) or None,
            device="cuda" if self.device.startswith("cuda") else "auto",
        )

    def _row(self, candidate: Candidate) -> Lora | Run | None:
        """A run without a step is its LoRA by now."""
        if candidate.what == "base":
            return None
        assert candidate.id is not None
        if candidate.what == "lora":
            return get_lora(self.session, candidate.id)
        run = self.session.get(Run, candidate.id)
        if run is None:
            raise LoomError("run_not_found", "The run was deleted.", "Compare others.")
        if candidate.step is not None:
            return run
        lora = self.session.scalar(select(Lora).where(Lora.run_id == run.id))
        if lora is None:
            why = run.error["message"] if run.error else f"The run {run.name} is {run.state} and made no LoRA."
            raise LoomError("run_not_ready", why, "Start it again, then compare anew.")
        return lora

    def _link(self, candidate: Candidate, row: Lora | Run | None, number: int) -> str | None:
        """Links to what is put on, in a folder of its own; where the child finds it."""
        place = self.run_dir / DATA / "loras" / f"{number:02d}"
        if row is None:
            return None
        if isinstance(row, Run):
            assert candidate.step is not None
            source = checkpoints.folder_of(self.home / "runs" / row.id, candidate.step, self.blobs)
            target = place / "checkpoints" / source.name
            _link_all(source, target)
            link_or_copy(self.home / "runs" / row.id / folder.CONFIG, place / folder.CONFIG)
            return target.relative_to(self.run_dir).as_posix()
        file = self.home / row.file
        if not file.is_file() or file.is_symlink():
            raise LoomError("lora_not_found", f"The file of {row.name} is gone.", "Take it out of the gallery.")
        if row.family == experiments.TEXT:
            _link_all(file.parent, place)
            return place.relative_to(self.run_dir).as_posix()
        place.mkdir(parents=True)
        link_or_copy(file, place / "lora.safetensors")
        return (place / "lora.safetensors").relative_to(self.run_dir).as_posix()

    def _pictures(self, trained: Run) -> str | None:
        """The folder with links to the pictures of the training's data set that are learned from, by their ids."""
        dataset = trained.dataset_id
        if dataset is None:
            return None
        if dataset not in self._sets:
            place = self.run_dir / DATA / "pictures" / f"{len(self._sets):02d}"
            place.mkdir(parents=True)
            for image in images_of(self.session, dataset):
                source = self.blobs.path(image.blob)
                if not image.held_out and source.is_file():
                    link_or_copy(source, place / f"{image.id}{suffix_of(source)}")
            self._sets[dataset] = place.relative_to(self.run_dir).as_posix()
        return self._sets[dataset]

    def _texts(self, base: str, trained: Sequence[Run]) -> str | None:
        """Texts that none of the trainings on the first one's data set learned from; where there are any."""
        dataset = self.session.get(Dataset, trained[0].dataset_id) if trained and trained[0].dataset_id else None
        if dataset is None:
            return None
        examples = texts_of(self.session, dataset.id)
        held = set(range(len(examples)))
        for run in trained:
            config = RUN.validate_python(run.config)
            if isinstance(config, TextRun) and run.dataset_id == dataset.id:
                held &= split(examples, config.validation.share, config.training.seed)
        if not held or not trained:
            return None
        words, _ = words_of(base)
        lines = [words.render(examples[number]).text for number in sorted(held)[:MOST_TEXTS]]
        (self.run_dir / DATA / "texts.json").write_text(json.dumps(lines, ensure_ascii=False), "utf-8")
        return f"{DATA}/texts.json"


def _link_all(source: Path, target: Path) -> None:
    """Link the plain files of a folder; a child may have left others."""
    target.mkdir(parents=True)
    for file in source.iterdir():
        if file.is_file() and not file.is_symlink():
            link_or_copy(file, target / file.name)


def _place(source: str) -> str:
    """What the child loads: a folder or file of this machine, or the name of an embedded one."""
    base = resolve(source)
    if base.family == experiments.TEXT:
        return str(folder_of(base).absolute())
    return source if base.path is None or base.name == source else str(base.path.absolute())


def _triggers(row: Lora | Run | None, trained: Run | None) -> tuple[str, ...]:
    """The words that call a LoRA, as its row says; of a checkpoint, as its config does."""
    if row is None or row.family == experiments.TEXT:
        return ()
    text = row.trigger if isinstance(row, Lora) else ""
    if isinstance(row, Run) and trained is not None:
        config: dict[str, Any] = trained.config
        text = config.get("export", {}).get("trigger_phrase") or config.get("caption", {}).get("trigger") or ""
    return tuple(word.strip() for word in text.split(",") if word.strip())

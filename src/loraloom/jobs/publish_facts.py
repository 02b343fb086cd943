"""What is known of a LoRA before it is published: from its row, its run folder and experiments, or from a file alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sqlalchemy.orm import Session

from loraloom.jobs import folder, results
from loraloom.jobs.experiments import base_columns
from loraloom.jobs.proposal import propose
from loraloom.jobs.ranking import fit, ranked
from loraloom.jobs.summary import finished
from loraloom.jobs.tail import tail
from loraloom.models.header import read_header
from loraloom.models.inspect import inspect
from loraloom.models.peft_folder import CONFIG, adapter_file
from loraloom.models.resolve import BaseModel, resolve
from loraloom.publish.evidence import WARNINGS
from loraloom.publish.subject import Finding, Sample, Subject
from loraloom.spec.errors import LoomError
from loraloom.spec.event import RunStarted, SampleSaved
from loraloom.spec.experiment import Experiment, columns, file_of
from loraloom.spec.run import Run
from loraloom.spec.text import TextRun
from loraloom.store import publications
from loraloom.store.tables import Lora
from loraloom.store.tables import Run as RunRow


def of_row(session: Session, home: Path, lora: Lora) -> Subject:
    """All that is known of a LoRA of the gallery. Raises LoomError `file_not_found`, `lora_unreadable`."""
    file = inside(home, home / lora.file)
    run_dir = home / "runs" / lora.run_id if lora.run_id else None
    known = of_path(run_dir if run_dir is not None and folder.is_run(run_dir) else file, file)
    return replace(
        known,
        label=lora.name,
        trigger=lora.trigger or known.trigger,
        family=lora.family,
        base_model=lora.base_model or known.base_model,
        base=known.base or _base(lora.base_model),
        steps=lora.steps or known.steps,
        findings=findings(session, home, lora.id, lora.run_id, lora.steps),
        preview=home / lora.preview if lora.preview else known.preview,
    )


def of_path(path: Path, file: Path | None = None) -> Subject:
    """What a run folder, a `.safetensors` file or a PEFT folder tells by itself; no experiments are known.

    Raises LoomError `run_not_ready`, `lora_unreadable`, `file_not_found`, `pickle_refused`, `weights_unreadable`.
    """
    path = path.expanduser().absolute()
    run_dir = path if folder.is_run(path) else _run_around(path)
    weights = file or _weights(path)
    told = inspect(weights)
    if told.kind != "lora":
        raise LoomError("lora_unreadable", f"{weights.name} is not a LoRA.", "Look at it with `loraloom inspect`.")
    header = {key: str(value) for key, value in read_header(weights).metadata.items()}
    run = folder.read(run_dir) if run_dir is not None else None
    base_model = (
        run.base_model
        if run is not None
        else str(told.metadata.get("base_model_name_or_path") or header.get("ss_sd_model_name") or "")
    )
    picture = weights.with_suffix(".png")
    return Subject(
        label=run.name if run is not None else _label(path, weights, header),
        file=weights,
        family=run.family if run is not None else str(told.family or "unknown"),
        base_model=base_model,
        base=_base(base_model),
        run=run,
        trigger=_trigger(run, header),
        steps=_steps(run_dir, header),
        images=_images(run_dir, header),
        resolution=_resolution(run, header),
        rank=told.rank[0] if told.rank else None,
        alpha=told.alpha[0] if told.alpha else None,
        metadata=header,
        samples=_samples(run_dir),
        preview=picture if picture.is_file() else None,
    )


def findings(session: Session, home: Path, lora_id: str, run_id: str | None, steps: int) -> tuple[Finding, ...]:
    """Finished experiments that tested the LoRA, the newest first. A checkpoint of its run counts where it is the last step:
    the others are other weights."""
    found: list[Finding] = []
    for row in publications.experiments(session):
        experiment = _experiment(row)
        if experiment is None:
            continue
        mine = frozenset(
            number
            for number, one in enumerate(experiment.candidates)
            if (one.what == "lora" and one.id == lora_id)
            or (one.what == "run" and one.id == run_id and run_id is not None and one.step in (None, steps))
        )
        if mine and (finding := _finding(session, row, home / "runs" / row.id, experiment, mine)).columns:
            found.append(finding)
    return tuple(found)


def _finding(session: Session, row: RunRow, run_dir: Path, experiment: Experiment, mine: frozenset[int]) -> Finding:
    votes = publications.votes(session, row.id)
    count, bases = len(columns(experiment)), base_columns(experiment)
    figures = results.measured(run_dir)
    bare = Finding(row.id, experiment, mine, tuple(figures))
    own = bare.columns.keys()
    known = [one for one in figures if one.column in own or one.column in bases]
    proposal = propose(0, None, known, bases, count)
    made = {
        number: (_picture(run_dir, number) if cell.text is None else None, cell.text)
        for number, cell in results.made(run_dir).items()
    }
    return Finding(
        id=row.id,
        experiment=experiment,
        mine=mine,
        measured=tuple(figures),
        votes=tuple((vote.left, vote.right, vote.winner) for vote in votes),
        ranked=tuple(ranked(fit(results.duels(experiment, votes), count))) if votes else (),
        proposed=proposal.column if proposal is not None and proposal.column in own else None,
        warnings={column: _warned(column, known, bases, count) for column in own},
        made=made,
    )


def _warned(column: int, known: Sequence[results.Measured], bases: set[int], count: int) -> tuple[str, ...]:
    """The keys of what is wrong with one column, by the rules by which columns are proposed."""
    alone = [one for one in known if one.column == column or one.column in bases]
    said = propose(0, None, alone, bases, count)
    return tuple(reason.key for reason in said.reasons if reason.key in WARNINGS) if said is not None else ()


def _experiment(row: RunRow) -> Experiment | None:
    try:
        return Experiment.model_validate(row.config["experiment"])
    except (KeyError, ValueError):
        return None


def _picture(run_dir: Path, number: int) -> Path | None:
    try:
        return inside(run_dir, run_dir / file_of(number))
    except LoomError:
        return None


def inside(root: Path, file: Path) -> Path:
    """`file`, a plain one in `root`: what a child wrote is not trusted, links least of all. Raises LoomError
    `file_not_found`."""
    try:
        real = file.resolve()
        if real.is_relative_to(root.resolve()) and real.is_file() and not file.is_symlink():
            return real
    except (OSError, RuntimeError):
        pass
    raise LoomError("file_not_found", f"The file {file.name} is not there.", "It may have been deleted.")


def _run_around(path: Path) -> Path | None:
    """The run folder in which the LoRA at `path` lies: `lora/<name>.safetensors` or `lora/<name>/`."""
    return next((place for place in list(path.parents)[:3] if folder.is_run(place)), None)


def _weights(path: Path) -> Path:
    if folder.is_run(path):
        done = finished(path)
        if done is None:
            raise LoomError("run_not_ready", f"{path.name} has not finished.", "Wait for its end, or name a file.")
        path = path / done.lora
    if path.is_dir():
        return adapter_file(path)
    if not path.is_file():
        raise LoomError("file_not_found", f"There is no file {path}.", "Name a LoRA, its folder or its run folder.")
    return path


def _base(base_model: str) -> BaseModel | None:
    try:
        return resolve(base_model) if base_model else None
    except LoomError:
        return None


def _label(path: Path, weights: Path, header: dict[str, str]) -> str:
    named = header.get("modelspec.title") or header.get("ss_output_name")
    return str(named or (weights.parent.name if (weights.parent / CONFIG).is_file() else path.stem))[:200]


def _trigger(run: Run | None, header: dict[str, str]) -> str:
    if run is not None:
        return "" if isinstance(run, TextRun) else run.export.trigger_phrase or run.caption.trigger
    return header.get("modelspec.trigger_phrase", "")


def _steps(run_dir: Path | None, header: dict[str, str]) -> int:
    done = finished(run_dir) if run_dir is not None else None
    return done.steps if done is not None else _number(header.get("ss_steps")) or 0


def _images(run_dir: Path | None, header: dict[str, str]) -> int | None:
    starts = (event.payload for event in tail(run_dir, only="RunStarted")) if run_dir is not None else iter(())
    counted = [start.images for start in starts if isinstance(start, RunStarted)]
    return counted[-1] if counted else _number(header.get("ss_num_train_images"))


def _resolution(run: Run | None, header: dict[str, str]) -> int | None:
    if run is not None:
        return None if isinstance(run, TextRun) else run.dataset.resolution
    said = header.get("modelspec.resolution") or header.get("ss_resolution") or ""
    return _number(said.strip("()").replace("x", ",").split(",")[0])


def _samples(run_dir: Path | None) -> tuple[Sample, ...]:
    if run_dir is None:
        return ()
    found: list[Sample] = []
    for event in tail(run_dir, only="SampleSaved"):
        said = event.payload
        if not isinstance(said, SampleSaved):
            continue
        try:
            file = inside(run_dir, run_dir / said.file) if said.text is None else None
        except LoomError:
            continue
        found.append(Sample(said.step, said.prompt, file, said.text))
    return tuple(found)


def _number(said: str | None) -> int | None:
    try:
        return int(float(said)) if said and said != "None" else None
    except ValueError:
        return None

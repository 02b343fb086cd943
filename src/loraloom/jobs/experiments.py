"""Experiments in the queue: a run whose child is `loraloom.generate.experiment`.

What is compared is checked here; `compared` makes the folder of the child, `results` reads what it made.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from loraloom.jobs import checkpoints, queue
from loraloom.jobs.quotas import check_queue
from loraloom.models.resolve import THIMBLE, resolve
from loraloom.models.smollm2 import SMOLLM2
from loraloom.spec.errors import LoomError
from loraloom.spec.experiment import Candidate, Column, Experiment, cells, columns
from loraloom.store.ids import new_id
from loraloom.store.models import bases
from loraloom.store.runs import get_lora, get_run
from loraloom.store.tables import Lora, Run, User

TEXT = "causal_lm"


def create(
    session: Session,
    user: User,
    asked: Experiment,
    name: str,
    priority: int,
    runs: Path,
    labels: Collection[str] = (),
) -> Run:
    """Queue an experiment, on a worker that has `labels` if any are given. Raises LoomError `lora_not_found`,
    `run_not_found`, `checkpoint_not_found`, `run_not_ready`, `base_model_not_found`, `base_model_mismatch`,
    `quota_reached`."""
    check_queue(session, user)
    found = [_found(session, asked, candidate, runs) for candidate in asked.candidates]
    sources = _bases(session, asked, found)
    family = _family(asked, found, sources)
    experiment = asked.model_copy(
        update={
            "bases": tuple(sources),
            "candidates": tuple(
                candidate if candidate.label else candidate.model_copy(update={"label": _label(candidate, row)})
                for candidate, row in zip(asked.candidates, found, strict=True)
            ),
        }
    )
    trained = next((row for row in (run_of(session, one) for one in found) if row is not None), None)
    run = Run(
        id=new_id(),
        name=(name or _name(experiment))[:200],
        kind="experiment",
        user_id=user.id,
        dataset_id=trained.dataset_id if trained else None,
        dataset_name=trained.dataset_name if trained else "",
        dataset_version=trained.dataset_version if trained else None,
        config={"experiment": experiment.model_dump(mode="json")},
        family=family,
        base_model=sources[0],
        priority=priority,
        place=queue.place_now(),
        total_steps=len(cells(experiment)),
        labels=sorted(set(labels)),
    )
    session.add(run)
    session.flush()
    return run


def experiment_of(run: Run) -> Experiment:
    """What the run compares. Raises LoomError `run_not_found` for one that compares nothing."""
    if run.kind != "experiment":
        raise LoomError("run_not_found", "There is no such experiment.", "Look at the list of experiments.")
    return Experiment.model_validate(run.config["experiment"])


def run_of(session: Session, row: Lora | Run | None) -> Run | None:
    """The training behind a LoRA or a checkpoint, while there is a row of it."""
    if isinstance(row, Lora):
        return session.get(Run, row.run_id) if row.run_id else None
    return row


def labels(experiment: Experiment) -> list[str]:
    """What to call the columns: what it is, at which strength, and base and sampler where there are several."""
    return [_column_label(experiment, column) for column in columns(experiment)]


def base_columns(experiment: Experiment) -> set[int]:
    """Numbers of the columns that show a base alone."""
    return {
        number
        for number, column in enumerate(columns(experiment))
        if experiment.candidates[column.candidate].what == "base"
    }


def _found(session: Session, asked: Experiment, candidate: Candidate, runs: Path) -> Lora | Run | None:
    """The row of what is compared, which has to have something to compare by now, or after the runs that are waited for."""
    if candidate.what == "base":
        return None
    assert candidate.id is not None
    if candidate.what == "lora":
        return get_lora(session, candidate.id)
    run = get_run(session, candidate.id)
    if run.kind != "train":
        raise LoomError("run_not_found", f"{run.name} trained nothing.", "Choose a training.")
    if candidate.id in asked.after:
        return run
    if candidate.step is not None:
        checkpoints.folder_of(runs / run.id, candidate.step)
    elif session.scalar(select(Lora.id).where(Lora.run_id == run.id)) is None:
        hint = "Choose one of its checkpoints, or wait for its end."
        raise LoomError("run_not_ready", f"{run.name} has no LoRA yet.", hint)
    return run


def _bases(session: Session, asked: Experiment, found: Sequence[Lora | Run | None]) -> list[str]:
    """What configs call the bases; only those of this server may be named."""
    known = bases(session)
    own = next((row.base_model for row in found if row is not None), SMOLLM2 if asked.kind == "texts" else THIMBLE)
    sources: list[str] = []
    for name in asked.bases or (own,):
        source = known.get(name, own if name == own and not asked.bases else None)
        if source is None:
            text = f"{name!r} is not among this server's base models."
            raise LoomError("base_model_not_found", text, "Add it under Models first.")
        sources.append(source)
    return sources


def _family(asked: Experiment, found: Sequence[Lora | Run | None], sources: Sequence[str]) -> str:
    """That all of it shares. Raises LoomError `base_model_mismatch`."""
    families = {source: _here(source) for source in sources}
    first = families[sources[0]] or next((row.family for row in found if row is not None), "sd1")
    for name, family in (*families.items(), *((row.name, row.family) for row in found if row is not None)):
        if family not in (None, first, "unknown"):
            text = f"{name} is for {family}, and {sources[0]} is {first}."
            raise LoomError("base_model_mismatch", text, "Compare what is for the same kind of base.")
    if (first == TEXT) != (asked.kind == "texts"):
        text = f"{sources[0]} " + ("answers and draws nothing." if first == TEXT else "draws and does not answer.")
        hint = "Compare texts with a language model, and pictures with one that draws."
        raise LoomError("base_model_mismatch", text, hint)
    return first


def _here(source: str) -> str | None:
    """The family of a base whose files are on this machine."""
    base = resolve(source)
    if base.path is None:
        text = f"{source} has not been downloaded to this machine, and an experiment has no network."
        raise LoomError("base_model_not_found", text, f"Run `hf download {source}` there.")
    return base.family


def _label(candidate: Candidate, row: Lora | Run | None) -> str:
    if row is None:
        return "base"
    return row.name if candidate.step is None else f"{row.name} step {candidate.step}"


def _column_label(experiment: Experiment, column: Column) -> str:
    candidate = experiment.candidates[column.candidate]
    label = candidate.label or candidate.what
    if candidate.what != "base":
        label += f" @ {column.strength:g}"
    if len(experiment.bases) > 1:
        label += f" · {Path(experiment.bases[column.base]).name}"
    if len(experiment.samplers) > 1:
        label += f" · {experiment.samplers[column.sampler]}"
    return label


def _name(experiment: Experiment) -> str:
    return " / ".join(dict.fromkeys(candidate.label for candidate in experiment.candidates))

"""A run being thought over: what was asked for, resolved, with every problem and what it would come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from loraloom.data.plan import plan as make_plan
from loraloom.jobs import auto, environment, merge, yaml_file
from loraloom.jobs.resolve import default_base, import_config, resolve
from loraloom.jobs.texts import TEXTS, TextSet, plan_of
from loraloom.models.resolve import THIMBLE
from loraloom.models.smollm2 import SMOLLM2
from loraloom.spec.dataset import DatasetReport, Plan
from loraloom.spec.dataset import Image as PlannedImage
from loraloom.spec.errors import LoomError, Problem
from loraloom.spec.example import TextPlan, TextReport
from loraloom.spec.run import Run
from loraloom.spec.text import TextRun
from loraloom.store.tables import Image

DATA = "data"
"""Folder of a run's pictures or texts inside its run folder."""
LONGEST_YAML = 200_000
NEEDS_DATA = Problem(key="dataset", message="no data set is chosen", hint="Choose a data set, or upload one.")
Data = Sequence[Image] | TextSet


@dataclass(frozen=True)
class Draft:
    """`wanted` is what the person asked for, nested; `run` the frozen config if nothing is wrong with it."""

    wanted: dict[str, Any]
    run: Run | None
    preset: str | None
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    report: DatasetReport | TextReport | None = None
    plan: Plan | TextPlan | None = None
    checkpoints: list[int] = field(default_factory=list[int])
    samples: list[int] = field(default_factory=list[int])


def draft(config: Mapping[str, Any] | None, text: str | None, data: Data | None, bases: Mapping[str, str]) -> Draft:
    """Think over `config` (nested) laid over `text` (YAML, a foreign one too). `data` are the data set's pictures or texts;
    `bases` names every base model that may be used -> what a config calls it."""
    try:
        imported = import_config(_parse(text))
    except LoomError as error:
        faults = error.problems or (Problem(key="yaml", message=error.message, hint=error.hint),)
        return Draft({}, None, None, problems=faults)
    wanted = merge.over(imported.config, config or {})
    if imported.preset:
        wanted.setdefault("preset", imported.preset)
    notes = imported.notes
    problems: list[Problem] = [] if there(data) else [NEEDS_DATA]
    asked = dict(wanted)
    _take_base(asked, bases, problems, SMOLLM2 if isinstance(data, TextSet) else default_base(asked))
    _take_paths(asked)
    try:
        resolved = resolve(asked)
    except LoomError as error:
        problems += error.problems or (Problem(key="config", message=error.message, hint=error.hint),)
        return Draft(wanted, None, _text(wanted.get("preset")), notes, tuple(problems))
    run = _with_own_data(resolved.run)
    notes += tuple(note for note in resolved.notes if note not in notes)
    if there(data) and isinstance(run, TextRun) != isinstance(data, TextSet):
        problems.append(_other_kind(run))
    if problems or data is None:
        return Draft(wanted, run, resolved.preset, notes, tuple(problems))
    try:
        run, found, plan, more = (_of_texts if isinstance(data, TextSet) else _of_pictures)(run, resolved.auto, data)
    except LoomError as error:
        key = "base_model" if error.code == "base_not_prepared" else "dataset"
        problems.append(Problem(key=key, message=error.message, hint=error.hint, kind=error.code))
        return Draft(wanted, run, resolved.preset, notes, tuple(problems))
    checkpoints = _at(run.checkpoints.every_steps, plan.total_steps)
    samples = [0, *_at(run.sample.every_steps, plan.total_steps)] if run.sample.prompts else []
    return Draft(wanted, run, resolved.preset, notes + more, (), found, plan, checkpoints, samples)


def there(data: Data | None) -> bool:
    """Whether there is something to train on."""
    return bool(data.report.examples if isinstance(data, TextSet) else data)


def _of_pictures(run: Run, keys: frozenset[str], images: Any) -> tuple[Run, DatasetReport, Plan, tuple[str, ...]]:
    assert not isinstance(run, TextRun)
    pictures = report(images, run.dataset.repeats)
    run = auto.settle(run, keys, pictures)
    return run, pictures, make_plan(pictures, run), ()


def _of_texts(run: Run, keys: frozenset[str], texts: Any) -> tuple[Run, TextReport, TextPlan, tuple[str, ...]]:
    assert isinstance(texts, TextSet)
    run = auto.settle(run, keys, texts.report)
    assert isinstance(run, TextRun)
    planned = plan_of(texts, run)
    count = len(planned.notes)
    more = (f"Left out: {planned.notes[0].message}" + (f" ({count} in all)" if count > 1 else ""),) if count else ()
    return run, texts.report, planned.plan, more


def _other_kind(run: Run) -> Problem:
    """The base model and the data set do not go together."""
    if isinstance(run, TextRun):
        message, hint = "the data set holds pictures, and the base model is a language model", "a data set of texts"
    else:
        message, hint = "the data set holds texts, and the base model draws pictures", "a data set of pictures"
    return Problem(key="dataset", message=message, hint=f"Choose {hint}, or another base model.", kind="dataset_kind")


def as_yaml(run: Run | None, wanted: Mapping[str, Any]) -> str:
    """The config as a person would keep it: whole if it is, else as far as it was written."""
    content = run.model_dump(mode="json") if run is not None else dict(wanted)
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)


def report(images: Sequence[Image], repeats: int = 1) -> DatasetReport:
    """The rows of a data set as the planner wants them; pictures that say nothing else count `repeats` times."""
    return DatasetReport(
        path=DATA,
        files=len(images),
        images=[
            PlannedImage(
                path=image.blob,
                name=image.id,
                width=image.width,
                height=image.height,
                sha256=image.blob,
                captions=tuple((image.caption or "").splitlines()),
                repeats=image.repeats if (image.repeats or 1) > 1 else repeats,
                held_out=bool(image.held_out),
                crop=None if image.crop is None else (image.crop[0], image.crop[1], image.crop[2], image.crop[3]),
            )
            for image in images
        ],
    )


def _parse(text: str | None) -> dict[str, Any]:
    if not text or not text.strip():
        return {}
    if len(text) > LONGEST_YAML:
        raise LoomError("config_unreadable", "The config is far too long.", "Check that it is a config.")
    return yaml_file.parse(text, "the config")


def _take_base(asked: dict[str, Any], bases: Mapping[str, str], problems: list[Problem], usual: str) -> None:
    """Only base models that somebody added to this server may be named."""
    name = asked.get("base_model", usual)
    known = bases.get(str(name))
    if known is None:
        message = f"{str(name)!r} is not among this server's base models"
        problems.append(Problem(key="base_model", value=name, message=message, hint="Add it under Models first."))
        known = usual if usual in bases else THIMBLE
    elif known != THIMBLE and (found := environment.base_of(known)) and getattr(found, "path", known) is None:
        message = f"{str(name)!r} has not been downloaded to this machine, and a training has no network"
        problems.append(
            Problem(key="base_model", value=name, message=message, hint=f"Run `hf download {known}` there.")
        )
    asked["base_model"] = known


def _take_paths(asked: dict[str, Any]) -> None:
    """Paths of other machines mean nothing here: the data set is chosen on the page."""
    dataset = asked.get("dataset")
    if isinstance(dataset, dict) or dataset is None:
        kept: dict[str, Any] = {k: v for k, v in (dataset or {}).items() if k != "metadata_path"}  # pyright: ignore[reportUnknownVariableType]
        asked["dataset"] = kept | {"path": "."}
    if asked.get("tensorboard_dir"):
        asked["tensorboard_dir"] = "tensorboard"


def _with_own_data(run: Run) -> Run:
    """Paths relative to the run folder, so that it can be carried elsewhere."""
    own = {"path": f"{DATA}/{TEXTS}"} if isinstance(run, TextRun) else {"path": DATA, "metadata_path": None}
    changes: dict[str, Any] = {"dataset": run.dataset.model_copy(update=own)}
    if run.tensorboard_dir:
        changes["tensorboard_dir"] = "tensorboard"
    return run.model_copy(update=changes)


def _at(every: int | None, total: int) -> list[int]:
    """Steps at multiples of `every`, and the last."""
    return [*range(every or total, total, every or total), total]


def _text(value: Any) -> str | None:
    return str(value) if value is not None else None

"""A data set looked at before any run: what is usable, and how many steps it makes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from loraloom.data.importer import scan
from loraloom.data.plan import plan
from loraloom.models.resolve import resolve
from loraloom.models.text_base import folder_of
from loraloom.spec import check
from loraloom.spec.dataset import DatasetReport, Plan
from loraloom.spec.errors import LoomError
from loraloom.spec.example import TextCheck, TextPlan, TextReport
from loraloom.spec.run import ImageRun, Run
from loraloom.spec.text import TextRun

if TYPE_CHECKING:
    from loraloom.data.examples.words import Words


@dataclass(frozen=True)
class Checked:
    """The report, and the plan if there is anything to train on."""

    report: DatasetReport
    plan: Plan | None


@dataclass(frozen=True)
class CheckedTexts:
    """The report; how the texts look to a base model, and the plan, if one was named and there is anything to train on."""

    report: TextReport
    check: TextCheck | None = None
    plan: TextPlan | None = None


def check_data(
    path: Path, base: str | None, resolution: int | None, batch: int, epochs: int, accumulation: int, repeats: int
) -> Checked:
    """Scan `path` and plan it at `resolution` (else the base model's own, else 512). Raises LoomError."""
    dataset: dict[str, Any] = {"path": str(path.expanduser().absolute()), "repeats": repeats}
    native = resolve(base).resolution if base else None
    if resolution or native:
        dataset["resolution"] = resolution or native
    run = check.read(
        {"dataset": dataset, "training": {"epochs": epochs, "batch_size": batch, "accumulation": accumulation}}
    )
    assert not isinstance(run, TextRun)
    report = scan(run.dataset)
    return Checked(report, plan(report, run) if report.images else None)


def check_texts(path: Path, base: str | None, settings: dict[str, Any]) -> CheckedTexts:
    """Read the texts at `path` and, with a `base`, count and compare them as a run with `settings` (keys of a config) would.
    Raises LoomError."""
    from loraloom.data.examples.checks import check as compare
    from loraloom.data.examples.plan import prepare
    from loraloom.data.examples.read import read

    dataset: dict[str, Any] = {**settings.get("dataset", {}), "path": str(path.expanduser().absolute())}
    run = check.read({"family": "causal_lm", **({"base_model": base} if base else {}), **settings, "dataset": dataset})
    assert isinstance(run, TextRun)
    report = read(run.dataset.path)
    if base is None or not report.examples:
        return CheckedTexts(report)
    words = words_of(run)
    done = prepare(report, run, words)
    looked = compare(report, run.dataset, words, run.loss.train_on, run.validation.share, run.training.seed)
    report.skipped += done.notes
    return CheckedTexts(report, looked, done.plan)


@overload
def plan_of(run: ImageRun) -> Plan: ...
@overload
def plan_of(run: TextRun) -> TextPlan: ...
def plan_of(run: Run) -> Plan | TextPlan:
    """What `run` will do with its data set, counted as the child will. Raises LoomError `dataset_empty` and others."""
    if isinstance(run, TextRun):
        from loraloom.data.examples.plan import prepare
        from loraloom.data.examples.read import read

        return prepare(read(run.dataset.path), run, words_of(run)).plan
    return plan(scan(run.dataset), run)


def words_of(run: TextRun) -> Words:
    """Tokenizer and chat template of the base of `run`. Raises LoomError `base_model_mismatch` for one that draws pictures,
    and what `resolve` and `folder_of` raise."""
    from loraloom.data.examples.words import Words

    base = resolve(run.base_model)
    if base.family != "causal_lm":
        says = f"{base.name} is not a language model."
        raise LoomError("base_model_mismatch", says, "Choose a base model that reads texts.")
    return Words.of(folder_of(base))

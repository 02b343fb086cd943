"""A data set of texts as runs need it: its examples at one version, and the plan of a run on them, each worked out once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from loraloom.forecast.language.replan import replan
from loraloom.jobs.kept import Kept
from loraloom.models.resolve import resolve
from loraloom.models.text_base import folder_of
from loraloom.spec.errors import LoomError
from loraloom.spec.example import LineNote, TextPlan, TextReport
from loraloom.spec.text import TextRun
from loraloom.store.examples import texts_of
from loraloom.store.tables import Dataset

if TYPE_CHECKING:
    from loraloom.data.examples.words import Words

TEXTS = "examples.jsonl"
"""File of a run's texts inside its data folder."""


@dataclass(frozen=True)
class TextSet:
    """The texts of a data set that are trained on, as they were at `version`."""

    dataset_id: str
    version: int
    report: TextReport = field(repr=False, compare=False)


@dataclass(frozen=True)
class Planned:
    """The plan of a run on texts, and what of them cannot be learned and why."""

    plan: TextPlan
    notes: tuple[LineNote, ...]


_sets: Kept[TextSet] = Kept(8)
_plans: Kept[tuple[TextRun, Planned]] = Kept(32)


def text_set(session: Session, dataset: Dataset) -> TextSet:
    """The texts of `dataset` as they are now."""

    def read() -> TextSet:
        report = TextReport(path=dataset.name, examples=texts_of(session, dataset.id), files=1)
        return TextSet(dataset.id, dataset.version, report)

    return _sets.get((dataset.id, dataset.version), read)


def words_of(base_model: str) -> tuple[Words, Path]:
    """Tokenizer and chat template of a base model, and the folder they lie in. Raises LoomError `base_model_mismatch` for
    one that draws pictures, and what `resolve` and `folder_of` raise."""
    from loraloom.data.examples.words import Words

    base = resolve(base_model)
    if base.family != "causal_lm":
        raise LoomError(
            "base_model_mismatch", f"{base.name} is not a language model.", "Choose a base model that reads texts."
        )
    folder = folder_of(base)
    return Words.of(folder), folder


def plan_of(texts: TextSet, run: TextRun) -> Planned:
    """What `run` comes to on `texts`, which become tokens once for all settings that leave those as they are. Raises
    LoomError `dataset_empty`, `dataset_unreadable`, and what `words_of` raises."""
    from loraloom.data.examples.plan import prepare

    words, folder = words_of(run.base_model)
    seen = (run.dataset.max_length, run.dataset.system, run.loss.train_on)
    key = (texts, folder, seen, run.validation.share, run.training.seed)

    def count() -> tuple[TextRun, Planned]:
        done = prepare(texts.report, run, words)
        return run, Planned(done.plan, done.notes)

    before, planned = _plans.get(key, count)
    return planned if before is run else Planned(replan(planned.plan, before, run), planned.notes)

"""The data of a run and its plan, of pictures or of texts, outside of any server."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from loraloom.data.importer import scan
from loraloom.data.plan import plan as plan_pictures
from loraloom.forecast.language.replan import replan
from loraloom.forecast.model import AnyPlan
from loraloom.models.resolve import resolve
from loraloom.models.text_base import folder_of
from loraloom.spec.dataset import DatasetReport
from loraloom.spec.example import TextPlan, TextReport
from loraloom.spec.run import Run
from loraloom.spec.text import TextRun

if TYPE_CHECKING:
    from loraloom.data.examples.plan import Prepared

AnyReport = DatasetReport | TextReport


def read(run: Run) -> AnyReport:
    """What lies at `dataset.path`. Raises LoomError `dataset_not_found` and others."""
    if isinstance(run, TextRun):
        from loraloom.data.examples.read import read as read_texts

        return read_texts(run.dataset.path)
    return scan(run.dataset)


def plan_for(run: Run, report: AnyReport) -> AnyPlan:
    """What `run` will do with it, counted as the child will. Raises LoomError `dataset_empty`, `base_not_prepared` and
    others."""
    if isinstance(run, TextRun):
        assert isinstance(report, TextReport)
        return prepared(run, report).plan
    assert isinstance(report, DatasetReport)
    return plan_pictures(report, run)


def prepared(run: TextRun, report: TextReport) -> Prepared:
    """Every text as tokens, and the plan."""
    from loraloom.data.examples.plan import prepare
    from loraloom.data.examples.words import Words

    return prepare(report, run, Words.of(folder_of(resolve(run.base_model))))


def varied(run: Run, plan: AnyPlan, report: AnyReport) -> Callable[[Run], AnyPlan]:
    """What makes the plans of changed runs, where `plan` is the one of `run`. Texts become tokens only once."""
    if not isinstance(run, TextRun):
        return lambda some: plan_for(some, report)
    assert isinstance(plan, TextPlan)

    def again(some: Run) -> AnyPlan:
        assert isinstance(some, TextRun)
        return replan(plan, run, some)

    return again

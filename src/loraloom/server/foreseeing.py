"""Forecasts and measurements for the page: configs and data sets of the records, put before `loraloom.jobs`."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from loraloom.data.home import home
from loraloom.forecast.cards import card, find
from loraloom.forecast.spending import with_spending
from loraloom.jobs import auto, create, facts, foresee, probes, search
from loraloom.jobs import devices as machine
from loraloom.jobs.advise import advise
from loraloom.jobs.draft import Draft
from loraloom.jobs.follow import Wish
from loraloom.jobs.place import suffix_of
from loraloom.jobs.plans import AnyReport, plan_for, varied
from loraloom.jobs.probe import probe
from loraloom.jobs.runners.shut_in import ShutIn
from loraloom.jobs.tail import tail
from loraloom.models.resolve import THIMBLE, resolve
from loraloom.server.context import Context
from loraloom.spec import check
from loraloom.spec.dataset import DatasetReport
from loraloom.spec.errors import LoomError
from loraloom.spec.event import ValidationLogged
from loraloom.spec.example import TextReport
from loraloom.spec.forecast import Advice, Fitted, Forecast, ProbeLine, WhatIf
from loraloom.store.tables import Dataset, Run

LOG = logging.getLogger("loraloom.server")
OTHERS = ("NVIDIA GeForce RTX 3060", "NVIDIA GeForce RTX 4090")
"""Cards that a forecast is compared with besides those of this server."""


@dataclass(frozen=True)
class Found:
    """A case with everything that the page shows of it."""

    case: foresee.Case
    report: AnyReport
    course: Sequence[tuple[int, float]]

    def forecast(self, watts: float | None, kilowatt_hour: float | None, hour: float | None) -> Forecast:
        """What it will take, and spend."""
        known = watts if watts is not None else _watts(self.case.device.name)
        return with_spending(foresee.foresee(self.case), known, kilowatt_hour, hour)

    @cached_property
    def advice(self) -> list[Advice]:
        """Plain warnings."""
        texts = self.report if isinstance(self.report, TextReport) else None
        return advise(self.case, self.course, texts)

    @cached_property
    def what_if(self) -> list[WhatIf]:
        """One change each."""
        here = [facts.facts_of(self.case.run, slot) for slot in machine.slots()]
        planned = varied(self.case.run, self.case.plan, self.report)
        return foresee.what_if(self.case, planned, [*here, *map(card, OTHERS)])

    @cached_property
    def fit(self) -> Fitted:
        """What fits the run to its device."""
        return foresee.fitted(self.case)


def foresee_config(
    session: Session, dataset: str | None, config: dict[str, Any], text: str | None, device: str | None
) -> Found | None:
    """The case of a config so far; None while something is wrong with it. Raises LoomError `dataset_not_found`,
    `device_unavailable`."""
    thought, owner = create.think(session, dataset, config, text)
    if thought.run is None or thought.plan is None or thought.report is None or owner is None:
        return None
    case = foresee.case_of(thought.run, thought.plan, facts.facts_of(thought.run, device))
    return Found(case, thought.report, _course(session, owner, thought.run.base_model))


def measure(
    context: Context, session: Session, dataset: str | None, config: dict[str, Any], text: str | None, searching: bool
) -> AsyncIterator[ProbeLine]:
    """Lines about a measurement that has begun. Raises LoomError `config_invalid`, `dataset_not_found`, `in_use`."""
    thought, _ = create.think(session, dataset, config, text)
    if thought.run is None or thought.plan is None or thought.report is None or thought.problems:
        raise check.refusal(list(thought.problems))
    device = facts.facts_of(thought.run)
    context.supervisor.borrow(device.id)
    wish, said, loop = Wish(), asyncio.Queue[ProbeLine | None](), context.hub.loop

    def say(line: ProbeLine | None) -> None:
        loop.call_soon_threadsafe(said.put_nowait, line)

    def work() -> None:
        try:
            _measure(context, thought, device, searching, wish, say)
        except LoomError as error:
            say(ProbeLine(event="error", code=error.code, message=error.message, hint=error.hint))
        except Exception as error:
            LOG.exception("a measurement failed")
            say(ProbeLine(event="error", code="internal", message=str(error), hint="The server's log has the details."))
        finally:
            context.supervisor.give_back(device.id)
            say(None)

    threading.Thread(target=work, name="probe", daemon=True).start()
    return _lines(said, wish)


async def _lines(said: asyncio.Queue[ProbeLine | None], wish: Wish) -> AsyncIterator[ProbeLine]:
    try:
        while (line := await said.get()) is not None:
            yield line
    finally:
        wish.times = 2  # whoever asked has gone, or it is over


def _measure(
    context: Context,
    thought: Draft,
    device: foresee.DeviceFacts,
    searching: bool,
    wish: Wish,
    say: Callable[[ProbeLine], None],
) -> None:
    assert thought.run is not None and thought.report is not None
    run, report = thought.run, thought.report
    if isinstance(report, DatasetReport):
        report = _with_files(context, report)
    base = None if run.base_model == THIMBLE else resolve(run.base_model).path
    options: dict[str, Any] = {"start": lambda: ShutIn(base, device.id), "parent": context.home / "runs"}
    if searching:
        run = auto.search(run, report, wish, say, **options)
    batch = run.training.batch_size
    say(ProbeLine(event="trying", batch_size=batch))
    found = probe(run, report, wish, **options)
    case = foresee.case_of(run, plan_for(run, report), device)
    probes.remember(run, case.plan, device, found)
    say(search.told(batch, found))
    told = foresee.foresee(case, found)
    say(ProbeLine(event="done", batch_size=batch, forecast=told, largest_batch=batch if searching else None))


def _with_files(context: Context, report: DatasetReport) -> DatasetReport:
    """The report with the files that pictures lie in, rather than their blobs."""
    images = [
        image.model_copy(
            update={
                "path": str(context.blobs.path(image.path)),
                "name": f"{image.name}{suffix_of(context.blobs.path(image.path))}",
            }
        )
        for image in report.images
    ]
    return report.model_copy(update={"images": images})


def _course(session: Session, dataset: Dataset, base_model: str) -> Sequence[tuple[int, float]]:
    """(step, validation loss) of the last run on the same data set and base model."""
    like = select(Run).where(Run.dataset_id == dataset.id, Run.base_model == base_model, Run.state == "finished")
    run = session.scalar(like.order_by(Run.id.desc()).limit(1))
    if run is None or not run.config.get("validation", {}).get("share"):
        return ()
    events = tail(home() / "runs" / run.id, only="ValidationLogged")
    return [(event.payload.step, event.payload.loss) for event in events if isinstance(event.payload, ValidationLogged)]


def _watts(device: str) -> float | None:
    known = find(device)
    return None if known is None else known.watts

"""What was forecast for a run, kept in its folder as `forecast.json`, and put beside what it took once it has finished."""

from __future__ import annotations

import logging
from pathlib import Path

from pydantic import BaseModel, ValidationError

from loraloom.forecast.history import PEAK, total_seconds
from loraloom.forecast.model import AnyPlan
from loraloom.jobs import folder
from loraloom.jobs import history as kept
from loraloom.jobs.facts import facts_of
from loraloom.jobs.foresee import case_of, foresee
from loraloom.jobs.plans import plan_for
from loraloom.jobs.plans import read as read_data
from loraloom.jobs.tail import tail
from loraloom.jobs.took import took
from loraloom.spec.errors import LoomError
from loraloom.spec.forecast import FORETOLD, Foretold
from loraloom.spec.run import Run

LOG = logging.getLogger("loraloom.jobs")


class Took(BaseModel):
    """What a finished run took: seconds in all (None where only steps are known) and by stage, bytes at most."""

    seconds: float | None
    stages: dict[str, float]
    peak_memory_bytes: float | None


def foretell(run_dir: Path, run: Run, plan: AnyPlan, device: str | None = None) -> None:
    """Write the forecast of a run that begins into its folder; a run without one trains all the same."""
    try:
        case = case_of(run, plan, facts_of(run, device))
        told = Foretold(device=case.device.name, features=case.features, expected=case.expected, forecast=foresee(case))
        beside = run_dir / f".{FORETOLD}"  # the child may look for it meanwhile
        beside.write_text(told.model_dump_json(), "utf-8")
        beside.replace(run_dir / FORETOLD)
    except (LoomError, OSError, ValueError) as error:
        LOG.info("no forecast for %s: %s", run_dir.name, error)


def foretell_folder(run_dir: Path) -> None:
    """The same for a run folder as it lies there, its data set looked through."""
    try:
        run = folder.read(run_dir)
        foretell(run_dir, run, plan_for(run, read_data(run)))
    except LoomError as error:  # the run itself says what is wrong
        LOG.info("no forecast for %s: %s", run_dir.name, error)


def read(run_dir: Path) -> Foretold | None:
    """What was forecast, if anything was."""
    try:
        return Foretold.model_validate_json((run_dir / FORETOLD).read_text("utf-8"))
    except (OSError, ValidationError):
        return None


def took_of(run_dir: Path) -> Took | None:
    """What a finished run took, as far as it tells."""
    parts = took(list(tail(run_dir)))
    if not parts:
        return None
    stages = {name: seconds for name, seconds in parts.items() if name not in ("step", PEAK)}
    return Took(seconds=total_seconds(parts), stages=stages, peak_memory_bytes=parts.get(PEAK))


def learn_from(run_dir: Path) -> None:
    """Keep what a finished run took beside what was forecast, for the forecasts to come."""
    told = read(run_dir)
    if told is None:
        return
    try:
        outcome = kept.outcome_of(
            run_dir, folder.read(run_dir), told.features, told.expected, told.forecast, device=told.device
        )
        if outcome is not None:
            kept.add(outcome)
    except (LoomError, OSError) as error:
        LOG.warning("nothing learned from %s: %s", run_dir.name, error)

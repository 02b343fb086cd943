"""Fills the folder of a run of any kind for its first child, from the records as they are now."""

from __future__ import annotations

import logging
from pathlib import Path

from loraloom.data.plan import plan as make_plan
from loraloom.jobs import captioning, compared, place
from loraloom.jobs.create import data_of
from loraloom.jobs.draft import Data, report, there
from loraloom.jobs.foretold import foretell
from loraloom.jobs.texts import TextSet, plan_of
from loraloom.spec.errors import LoomError
from loraloom.spec.forecast import FORETOLD
from loraloom.spec.run import RUN
from loraloom.spec.text import TextRun
from loraloom.store.blobs import Blobs
from loraloom.store.database import Database
from loraloom.store.tables import Dataset, Run

LOG = logging.getLogger("loraloom.jobs")


def data_for(database: Database, run_id: str) -> tuple[Run, Data]:
    """The run's row, and what it would be trained on now."""
    with database.session() as session:
        run = session.get_one(Run, run_id)
        dataset = session.get(Dataset, run.dataset_id) if run.dataset_id else None
        return run, data_of(session, dataset) if dataset and run.kind != "experiment" else ()


def fill(database: Database, run: Run, data: Data, run_dir: Path, home: Path, blobs: Blobs, slot: str) -> None:
    """Make `run_dir` ready. Nothing is done when it is already. Raises LoomError `dataset_empty`, `disk_full` and others."""
    run_dir.mkdir(exist_ok=True)
    if run.kind == "caption":
        wanted = set(run.config["images"])
        images = [] if isinstance(data, TextSet) else [image for image in data if image.id in wanted]
        captioning.fill(run_dir, run, images, blobs, slot)
    elif run.kind == "experiment":
        with database.session() as session:
            compared.fill(session, run, run_dir, home, blobs, slot)
    else:
        place.fill(run_dir, run.config, data, blobs, slot)


def forecast(run_dir: Path, row: Run, data: Data, slot: str) -> None:
    """Put the forecast of a training that begins into its folder; its child looks for it when it is ready to train."""
    if row.kind != "train" or (run_dir / FORETOLD).exists() or not there(data):
        return
    run = RUN.validate_python(row.config)
    try:
        if isinstance(run, TextRun):
            plan = plan_of(data, run).plan if isinstance(data, TextSet) else None
        else:
            plan = None if isinstance(data, TextSet) else make_plan(report(data, run.dataset.repeats), run)
    except LoomError as error:  # the run itself says what is wrong
        LOG.info("no forecast for %s: %s", row.id, error)
        return
    if plan is not None:
        foretell(run_dir, run, plan, slot)

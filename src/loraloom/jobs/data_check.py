"""A data set looked at before any run: what is usable, and how many steps it makes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loraloom.data.importer import scan
from loraloom.data.plan import plan
from loraloom.models.resolve import resolve
from loraloom.spec import check
from loraloom.spec.dataset import DatasetReport, Plan
from loraloom.spec.run import Run


@dataclass(frozen=True)
class Checked:
    """The report, and the plan if there is anything to train on."""

    report: DatasetReport
    plan: Plan | None


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
    report = scan(run.dataset)
    return Checked(report, plan(report, run) if report.images else None)


def plan_of(run: Run) -> Plan:
    """What `run` will do with its data set, counted as the child will. Raises LoomError `dataset_empty` and others."""
    return plan(scan(run.dataset), run)

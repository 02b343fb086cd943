"""Sweeps: a config with several values of some keys becomes a run for every combination, and one experiment of them all."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy.orm import Session

from loraloom.jobs import create, experiments, merge
from loraloom.spec.check import refusal
from loraloom.spec.errors import LoomError, Problem
from loraloom.spec.experiment import Experiment
from loraloom.spec.importers.imported import put
from loraloom.spec.run import RUN
from loraloom.spec.run import Run as Config
from loraloom.spec.text import TextRun
from loraloom.store.tables import Run, User

MOST = 24
"""Runs of one sweep."""


@dataclass(frozen=True)
class Sweep:
    """What was queued."""

    runs: list[Run]
    experiment: Run


def combinations(vary: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Every combination of values: dotted key -> value. Raises LoomError `config_invalid` for none, or too many."""
    count = prod(len(values) for values in vary.values())
    if not 0 < count <= MOST:
        message = f"{count} runs are asked for; a sweep has between 1 and {MOST}"
        raise refusal([Problem(key="vary", value=count, message=message, hint="Vary fewer keys, or fewer values.")])
    return [dict(zip(vary, values, strict=True)) for values in product(*vary.values())]


def create_sweep(
    session: Session,
    user: User,
    name: str,
    dataset_id: str | None,
    config: Mapping[str, Any],
    vary: Mapping[str, Sequence[Any]],
    prompts: Sequence[str],
    seeds: Sequence[int],
    runs: Path,
    labels: Collection[str] = (),
) -> Sweep:
    """Queue the runs and the experiment that waits for them, all on workers that have `labels`. Raises LoomError
    `config_invalid`, `dataset_not_found`, `quota_reached`."""
    stem = name or str(config.get("name") or "sweep")
    queued = [
        create.create(session, user, dataset_id, _with(config, values, stem), None, 0, labels)
        for values in combinations(vary)
    ]
    asked = RUN.validate_python(queued[0].config)
    told = tuple(prompts or asked.sample.prompts)
    if not told:
        message = "there is nothing to compare the runs by"
        raise refusal([Problem(key="prompts", message=message, hint="Give prompts, or sample.prompts in the config.")])
    experiment = _experiment(asked, queued, told, seeds)
    return Sweep(queued, experiments.create(session, user, experiment, stem, 0, runs, labels))


def _experiment(asked: Config, queued: Sequence[Run], told: Sequence[str], seeds: Sequence[int]) -> Experiment:
    """Of the base and what the runs will make. Raises LoomError `config_invalid`."""
    ids = [run.id for run in queued]
    try:
        return Experiment.model_validate(
            {
                "kind": "texts" if isinstance(asked, TextRun) else "images",
                "candidates": [{"what": "base"}, *({"what": "run", "id": run_id} for run_id in ids)],
                "prompts": list(told),
                "seeds": list(seeds),
                "after": ids,
                "system": asked.dataset.system if isinstance(asked, TextRun) else "",
            }
        )
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "vary"
        hint = "Try fewer values, prompts or seeds."
        raise refusal([Problem(key=key, message=first["msg"], hint=hint)]) from error


def _with(config: Mapping[str, Any], values: Mapping[str, Any], stem: str) -> dict[str, Any]:
    laid: dict[str, Any] = {}
    try:
        for key, value in values.items():
            put(laid, key, value)
    except (AttributeError, TypeError) as error:
        raise LoomError("config_invalid", "One key lies within another.", "Vary one of them.") from error
    said = ", ".join(f"{key.rpartition('.')[2]} {value}" for key, value in values.items())
    return merge.over(config, laid) | {"name": f"{stem} · {said}"[:200]}

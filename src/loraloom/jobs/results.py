"""What the child of an experiment made so far, and what follows from it: cells, measures, ranking, proposal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from loraloom.jobs.experiments import base_columns
from loraloom.jobs.proposal import propose
from loraloom.jobs.ranking import Duel, fit, ranked
from loraloom.spec.experiment import DONE, MEASURES, CellDone, Experiment, Measured, Proposed, Ranked, cells, columns
from loraloom.store.tables import Vote

LONGEST = 1 << 20
"""Bytes of a line that is still read."""
_MEASURED = TypeAdapter(list[Measured])


@dataclass(frozen=True)
class Verdict:
    """Columns by votes, the best first, what was measured of them, and which is proposed."""

    ranking: list[Ranked]
    measured: list[Measured]
    proposal: Proposed | None


def made(run_dir: Path) -> dict[int, CellDone]:
    """The cells that are there, by number. A line that is not whole yet, or not as a child writes it, is passed over."""
    try:
        text = (run_dir / DONE).read_bytes()
    except OSError:
        return {}
    return {cell.number: cell for raw in text.split(b"\n")[:-1] if (cell := _line(raw)) is not None}


def measured(run_dir: Path) -> list[Measured]:
    """What was measured, once it was."""
    try:
        return _MEASURED.validate_json((run_dir / MEASURES).read_bytes())
    except (OSError, ValidationError):
        return []


def duels(experiment: Experiment, votes: Sequence[Vote]) -> list[Duel]:
    """Votes between cells as votes between columns."""
    column = {cell.number: cell.column for cell in cells(experiment)}
    share = {"left": 1.0, "right": 0.0, "tie": 0.5}
    return [
        Duel(column[vote.left], column[vote.right], share[vote.winner])
        for vote in votes
        if vote.left in column and vote.right in column
    ]


def verdict(experiment: Experiment, votes: Sequence[Vote], run_dir: Path) -> Verdict:
    """What votes and measures say."""
    count = len(columns(experiment))
    fought = duels(experiment, votes)
    found, figures = fit(fought, count), measured(run_dir)
    proposal = propose(len(fought), found, figures, base_columns(experiment), count)
    return Verdict(ranked(found), figures, proposal)


def _line(raw: bytes) -> CellDone | None:
    if len(raw) > LONGEST:
        return None
    try:
        row = json.loads(raw)
        text = row.get("text")
        seconds = float(row.get("seconds", 0))
        return CellDone.model_construct(
            number=int(row["number"]), file=None, text=str(text) if text is not None else None, seconds=seconds
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None

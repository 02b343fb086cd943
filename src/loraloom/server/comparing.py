"""From an experiment's row and folder to what the API says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy.orm import Session

from loraloom.jobs import results
from loraloom.jobs.experiments import experiment_of, labels
from loraloom.server import present
from loraloom.server.experiment_views import CellView, ColumnView, ExperimentSummary, ExperimentView
from loraloom.server.reply import open_inside
from loraloom.spec.errors import LoomError
from loraloom.spec.experiment import CellDone, Experiment, cells, columns, file_of
from loraloom.store import experiments as store
from loraloom.store.tables import Run

LARGEST = 64 * 2**20
"""Bytes of a picture that is sent."""


def view(session: Session, home: Path, run: Run) -> ExperimentView:
    """The experiment as far as it is."""
    asked, run_dir = experiment_of(run), home / "runs" / run.id
    votes = store.votes_of(session, run.id)
    told = results.verdict(asked, votes, run_dir)
    return ExperimentView(
        run=present.run(session, run),
        experiment=asked,
        columns=[
            ColumnView(number=number, label=label, **column._asdict())
            for number, (column, label) in enumerate(zip(columns(asked), labels(asked), strict=True))
        ],
        cells=_cells(run.id, asked, results.made(run_dir)),
        measured=told.measured,
        proposal=told.proposal,
        votes=len(votes),
    )


def summaries(session: Session, rows: Sequence[Run]) -> list[ExperimentSummary]:
    """The experiments of a list."""
    votes = store.vote_counts(session, [row.id for row in rows])
    return [_summary(row, shown, votes) for row, shown in zip(rows, present.runs(session, rows), strict=True)]


def picture(home: Path, run: Run, number: int) -> bytes:
    """The PNG of a cell. Raises LoomError `file_not_found`."""
    if not 0 <= number < len(cells(experiment_of(run))):
        raise LoomError("file_not_found", "There is no such picture.", "Look at the experiment again.")
    with open_inside(home / "runs" / run.id, file_of(number)) as file:
        return file.read(LARGEST)


def _summary(row: Run, shown: present.RunView, votes: Mapping[str, int]) -> ExperimentSummary:
    asked = experiment_of(row)
    drawn = asked.kind == "images" and row.step > 0
    return ExperimentSummary(
        run=shown,
        kind=asked.kind,
        columns=len(columns(asked)),
        cells=len(cells(asked)),
        votes=votes.get(row.id, 0),
        cover=f"/api/experiments/{row.id}/cells/0" if drawn else None,
    )


def _cells(run_id: str, asked: Experiment, made: Mapping[int, CellDone]) -> list[CellView]:
    drawn = asked.kind == "images"
    found: list[CellView] = []
    for cell in cells(asked):
        done = made.get(cell.number)
        found.append(
            CellView.model_construct(
                **cell._asdict(),
                there=done is not None,
                picture=f"/api/experiments/{run_id}/cells/{cell.number}" if drawn and done is not None else None,
                text=done.text if done is not None else None,
                seconds=done.seconds if done is not None else 0.0,
            )
        )
    return found

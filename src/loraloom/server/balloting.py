"""Blind votes over HTTP: ballots whose numbers and addresses do not tell what is on them, different ones for everybody."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Literal

from sqlalchemy.orm import Session

from loraloom.jobs import ballots, results
from loraloom.jobs.experiments import experiment_of
from loraloom.server import cookie
from loraloom.server.experiment_views import Ballot, CellView
from loraloom.spec.errors import LoomError
from loraloom.spec.experiment import CellDone, Experiment, cells
from loraloom.store import experiments as store
from loraloom.store.tables import Run, User


def ballot(session: Session, home: Path, user: User, run: Run) -> Ballot:
    """The next pair for `user`."""
    asked, made = experiment_of(run), results.made(home / "runs" / run.id)
    votes = store.votes_of(session, run.id)
    cast = sum(vote.user_id == user.id for vote in votes)
    chance = _secret(home, user, run, f"lot:{cast}")
    choice = ballots.choose(asked, made, votes, user.id, chance)
    if choice.pair is None:
        return Ballot(left=None, right=None, prompt="", done=choice.done, total=choice.total)
    shown = ballots.disguise(asked, _secret(home, user, run, "numbers"))
    left, right = (_cell(asked, run.id, made[number], shown[number]) for number in choice.pair)
    prompt = asked.prompts[cells(asked)[choice.pair[0]].prompt]
    return Ballot(left=left, right=right, prompt=prompt, done=choice.done, total=choice.total)


def revealed(home: Path, user: User, run: Run, number: int) -> int:
    """The cell that `number` means on the ballots of `user`. Raises LoomError `file_not_found`."""
    shown = ballots.disguise(experiment_of(run), _secret(home, user, run, "numbers"))
    if not 0 <= number < len(shown):
        raise LoomError("file_not_found", "There is no such picture.", "Load the page again.")
    return shown.index(number)


def vote(
    session: Session, home: Path, user: User, run: Run, left: int, right: int, winner: Literal["left", "right", "tie"]
) -> None:
    """Keep a vote on two cells by their numbers on the ballot. Raises LoomError `request_invalid`."""
    asked = experiment_of(run)
    try:
        one, other = revealed(home, user, run, left), revealed(home, user, run, right)
    except LoomError as error:
        raise LoomError("request_invalid", "These are not on a ballot.", "Load the page again.") from error
    ballots.check(asked, results.made(home / "runs" / run.id), one, other)
    store.cast_vote(session, run.id, user.id, one, other, winner)


def _cell(asked: Experiment, run_id: str, done: CellDone, shown: int) -> CellView:
    cell = cells(asked)[done.number]
    address = f"/api/experiments/{run_id}/ballot/{shown}" if asked.kind == "images" else None
    return CellView(
        number=shown, column=-1, prompt=cell.prompt, seed=cell.seed, there=True, picture=address, text=done.text
    )


def _secret(home: Path, user: User, run: Run, what: str) -> bytes:
    return hmac.new(cookie.key(home), f"ballot:{run.id}:{user.id}:{what}".encode(), hashlib.sha256).digest()

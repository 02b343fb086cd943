"""Who may write for a run: a grant for each time it is given to a worker, and the fence that tells the newest."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from loraloom.jobs.states import ACTIVE
from loraloom.spec.errors import LoomError
from loraloom.spec.work import LEASE_SECONDS
from loraloom.store.tables import Grant, Run, Worker, now
from loraloom.store.tokens import hash_token

PREFIX = "loomrun_"
SECONDS = "LORALOOM_LEASE_SECONDS"
"""Environment variable: another time for which a worker may be silent."""


def give(session: Session, run_id: str, worker: Worker | None, device: str) -> tuple[Grant, str]:
    """A grant of a run that was just claimed, and its token, which nobody can read again."""
    token = PREFIX + secrets.token_urlsafe(32)
    begun = {"started_at": now(), "ended_at": None, "attempts": Run.attempts + 1}
    session.execute(update(Run).where(Run.id == run_id).values(**begun))
    run = session.get_one(Run, run_id, populate_existing=True)
    taken = update(Grant).where(Grant.run_id == run_id, Grant.ended_at.is_(None))
    session.execute(taken.values(ended_at=now(), how="taken"))
    grant = Grant(
        run_id=run_id,
        fence=run.fence,
        worker_id=worker.id if worker else None,
        device=device,
        secret=hash_token(token),
    )
    session.add(grant)
    session.flush()
    return grant, token


def find(session: Session, token: str) -> Grant:
    """The grant of a token. Raises LoomError `stale_lease` when there is none."""
    found = token.startswith(PREFIX) and session.scalar(select(Grant).where(Grant.secret == hash_token(token)))
    if not found:
        raise stale()
    return found


def hold(session: Session, grant: Grant, **changes: Any) -> Run:
    """The run of `grant`, locked until the session ends, with `changes` made to its row: from here on nobody can be given
    the run before what follows is written. Raises LoomError `stale_lease` when somebody has been, or the grant is over."""
    held = update(Run).where(Run.id == grant.run_id, Run.fence == grant.fence, Run.state.in_(ACTIVE))
    done = session.execute(held.values(fence=grant.fence, **changes))
    alive = update(Grant).where(Grant.id == grant.id, Grant.ended_at.is_(None)).values(beat_at=now())
    if cast(CursorResult[Any], done).rowcount != 1 or cast(CursorResult[Any], session.execute(alive)).rowcount != 1:
        raise stale()
    return session.get_one(Run, grant.run_id, populate_existing=True)


def end(session: Session, grant: Grant, how: str) -> None:
    """Nothing more is taken from the holder of `grant`."""
    over = update(Grant).where(Grant.id == grant.id, Grant.ended_at.is_(None))
    session.execute(over.values(ended_at=now(), how=how))


def going(session: Session) -> Sequence[Grant]:
    """Every grant that is not over."""
    return session.scalars(select(Grant).where(Grant.ended_at.is_(None))).all()


def stale() -> LoomError:
    """What a holder hears whose run is no longer its own."""
    text = "This run has been given to another worker, or is over."
    return LoomError("stale_lease", text, "Nothing of it is taken any more; its process can be ended.")


class Leases:
    """How long ago each holder was heard, by this process's own clock.

    The system's clock may be moved, and while the server or its database was down nobody could be heard: so everybody has
    the whole time again from the moment it is back.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self.seconds = seconds or float(os.environ.get(SECONDS, LEASE_SECONDS))
        self._heard: dict[str, float] = {}
        self._looked = 0.0

    def hear(self, grant_id: str) -> None:
        """Its holder has just spoken."""
        self._heard[grant_id] = time.monotonic()

    def silent(self, grants: Sequence[Grant]) -> list[Grant]:
        """Those of all `grants` that go on whose holders were not heard for too long. To be called once a second or so."""
        moment = time.monotonic()
        if moment - self._looked > self.seconds / 2:  # this side stood still: nobody could be heard meanwhile
            self._heard = {}
        self._looked = moment
        self._heard = {grant.id: self._heard.get(grant.id, moment) for grant in grants}
        return [grant for grant in grants if moment - self._heard[grant.id] > self.seconds]

"""How much users and teams may have at once: the rows, and who they are about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from loraloom.store.tables import Quota, User

Kind = Literal["user", "team"]


@dataclass(frozen=True)
class Quotas:
    """The quotas as they are. A name without a row of its own has that of the empty name."""

    rows: dict[tuple[str, str], Quota]

    def of_user(self, name: str) -> Quota | None:
        """What one user may have; None: no limit."""
        return self.rows.get(("user", name)) or self.rows.get(("user", ""))

    def of_team(self, team: str) -> Quota | None:
        """What everybody of a team may have together; None: no limit, or no team."""
        return (self.rows.get(("team", team)) or self.rows.get(("team", ""))) if team else None

    def of(self, user: User) -> list[Quota]:
        """All that bind `user`, always in the same order."""
        return [row for row in (self.of_team(user.team), self.of_user(user.name)) if row is not None]


def read_quotas(session: Session) -> Quotas:
    """The quotas as they are."""
    return Quotas({(row.kind, row.name): row for row in list_quotas(session)})


def list_quotas(session: Session) -> Sequence[Quota]:
    """Every row, those for everybody first."""
    return session.scalars(select(Quota).order_by(Quota.kind, Quota.name)).all()


def write_quotas(session: Session, rows: Iterable[Quota]) -> None:
    """Keep `rows` and nothing else."""
    session.execute(delete(Quota))
    session.add_all(rows)
    session.flush()


def members(session: Session, team: str) -> Sequence[str]:
    """Ids of the users of a team."""
    return session.scalars(select(User.id).where(User.team == team)).all()

"""Quotas at work: who may start nothing more now, and who may queue nothing more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from loraloom.jobs.states import ACTIVE
from loraloom.spec.errors import LoomError
from loraloom.store.quotas import Quotas, members, read_quotas
from loraloom.store.tables import Quota, Run, State, User

WAITS: tuple[State, ...] = ("queued",)


def used_up(session: Session) -> dict[str, Quota]:
    """User id -> the quota that keeps more of that user's runs from starting now, for everybody who has one waiting."""
    quotas = read_quotas(session)
    if all(row.most_active is None for row in quotas.rows.values()):
        return {}
    going = _counts(session, ACTIVE)
    users = session.scalars(select(User).where(User.id.in_({*going, *_who_waits(session)}))).all()
    of_team = _by_team(users, going)
    found: dict[str, Quota] = {}
    for user in users:
        for row in quotas.of(user):
            count = of_team[user.team] if row.kind == "team" else going[user.id]
            if row.most_active is not None and count >= row.most_active:
                found[user.id] = row
    return found


def room_for(session: Session, user_id: str) -> bool:
    """Whether one more run of that user may start. Until the transaction ends nobody else takes what is left of the same
    quota: on PostgreSQL its rows are locked, on SQLite the caller has written something by now, which does the same."""
    user = session.get_one(User, user_id)
    bound = select(Quota).where(Quota.name.in_({user.name, user.team, ""})).order_by(Quota.kind, Quota.name)
    fresh = session.scalars(bound.with_for_update().execution_options(populate_existing=True))
    return all(
        row.most_active is None or _count(session, row, user, ACTIVE) < row.most_active
        for row in Quotas({(row.kind, row.name): row for row in fresh}).of(user)
    )


def check_queue(session: Session, user: User, more: int = 1, says: str = "You have") -> None:
    """Raises LoomError `quota_reached` when `user` may not have `more` runs wait besides those that do. `says`: how the
    message begins where the quota is not a team's."""
    for row in read_quotas(session).of(user):
        if row.most_queued is None:
            continue
        count = _count(session, row, user, WAITS)
        if count + more > row.most_queued:
            whose = f"Team {user.team} has" if row.kind == "team" else says
            text = f"{whose} {count} runs waiting, and {row.most_queued} may wait at most."
            raise LoomError("quota_reached", text, "Wait until some have started, or ask an administrator for more.")


def _count(session: Session, row: Quota, user: User, states: Iterable[State]) -> int:
    who = members(session, user.team) if row.kind == "team" else [user.id]
    wanted = select(func.count()).select_from(Run).where(Run.state.in_(states), Run.user_id.in_(who))
    return session.scalar(wanted) or 0


def _counts(session: Session, states: Iterable[State]) -> Counter[str]:
    rows = session.execute(select(Run.user_id, func.count()).where(Run.state.in_(states)).group_by(Run.user_id))
    return Counter(dict(rows.all()))


def _who_waits(session: Session) -> set[str]:
    return set(session.scalars(select(Run.user_id).where(Run.state == "queued").distinct()))


def _by_team(users: Iterable[User], going: Counter[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for user in users:
        found[user.team] += going[user.id]
    return found

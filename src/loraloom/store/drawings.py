"""Queries on kept drawings and on wildcards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from loraloom.spec.errors import LoomError
from loraloom.store.tables import Drawing, Setting, User

WILDCARD = "wildcard:"
"""Begins the keys of settings that are wildcards."""


def get_drawing(session: Session, drawing_id: str) -> Drawing:
    """The drawing. Raises LoomError `drawing_not_found`."""
    drawing = session.get(Drawing, drawing_id)
    if drawing is None:
        raise LoomError("drawing_not_found", "There is no such drawing.", "It may have been deleted.")
    return drawing


def own_drawing(session: Session, drawing_id: str, user: User) -> Drawing:
    """The drawing, if `user` may vary it or delete it. Raises LoomError `drawing_not_found`, `not_allowed`."""
    drawing = get_drawing(session, drawing_id)
    if drawing.user_id != user.id and not user.admin:
        raise LoomError("not_allowed", "This drawing belongs to somebody else.", "Draw one of your own.")
    return drawing


def drawings_of(user: User) -> Select[Drawing]:
    """The drawings of `user`."""
    return select(Drawing).where(Drawing.user_id == user.id)


def wildcards(session: Session, names: Iterable[str] | None = None) -> Mapping[str, Sequence[str]]:
    """Wildcard -> its lines, by name: all of them, or those of `names` that there are."""
    found = select(Setting).where(Setting.key.startswith(WILDCARD, autoescape=True))
    if names is not None:
        found = select(Setting).where(Setting.key.in_({WILDCARD + name for name in names}))
    rows = session.scalars(found.order_by(Setting.key))
    return {row.key.removeprefix(WILDCARD): list(row.value["lines"]) for row in rows}


def write_wildcard(session: Session, name: str, lines: Sequence[str]) -> None:
    """Make the wildcard, or replace its lines."""
    session.merge(Setting(key=WILDCARD + name, value={"lines": list(lines)}))


def delete_wildcard(session: Session, name: str) -> None:
    """Forget a wildcard; one that is not there is no error."""
    session.execute(delete(Setting).where(Setting.key == WILDCARD + name))

"""Lists a page at a time: the cursor is the id of the last row, as ids sort by age."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel
from sqlalchemy import Select
from sqlalchemy.orm import Session

T = TypeVar("T")
Limit = Annotated[int, Query(ge=1, le=500, description="Rows at most.")]
Cursor = Annotated[str | None, Query(max_length=64, description="`next` of the page before.")]


class Page(BaseModel, Generic[T]):
    """Some rows, and where the next ones begin (null: there are no more)."""

    items: list[T]
    next: str | None = None


def page(
    session: Session, select: Select[Any], column: Any, cursor: str | None, limit: int, newest_first: bool = True
) -> tuple[Sequence[Any], str | None]:
    """The rows of `select` behind `cursor`, ordered by the id `column`, and the next cursor."""
    if cursor:
        select = select.where(column < cursor if newest_first else column > cursor)
    rows = session.scalars(select.order_by(column.desc() if newest_first else column).limit(limit + 1)).all()
    more = len(rows) > limit
    return rows[:limit], rows[limit - 1].id if more else None

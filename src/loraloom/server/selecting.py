"""Which pictures of a data set are meant: what the grid is filtered by is what an edit changes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import Depends, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from loraloom.data.edits import same, tags_of
from loraloom.data.intake import clean
from loraloom.server.paging import page
from loraloom.store import datasets
from loraloom.store.tables import Image

Only = Literal["uncaptioned", "captioned", "held_out", "repeated", "removed"]
Clean = AfterValidator(lambda text: text and clean(text))
CHUNK = 500


class Selection(BaseModel):
    """All conditions hold at once; without any, every picture that was not removed is meant."""

    model_config = ConfigDict(extra="forbid")

    images: list[str] | None = Field(None, max_length=100_000, description="These pictures and no others.")
    search: Annotated[str | None, Clean] = Field(None, max_length=200, description="In names and captions.")
    tag: list[Annotated[str, Clean]] = Field([], max_length=50, description="Pictures that have each of these tags.")
    only: Only | None = None


def from_query(
    search: Annotated[str | None, Clean, Query(max_length=200)] = None,
    tag: Annotated[list[Annotated[str, Clean]] | None, Query(max_length=50)] = None,
    only: Annotated[Only | None, Query()] = None,
) -> Selection:
    """The conditions of a list's address."""
    return Selection(images=None, search=search, tag=tag or [], only=only)


Selected = Annotated[Selection, Depends(from_query)]


def ids_of(session: Session, dataset_id: str, selection: Selection) -> list[str]:
    """Ids of the pictures that are meant, the oldest first."""
    found = _query(dataset_id, selection)
    if not selection.tag and selection.images is None:
        return list(session.scalars(found.with_only_columns(Image.id).order_by(Image.id)))
    wanted = set(map(same, selection.tag))
    named = None if selection.images is None else set(selection.images)
    rows = session.execute(found.with_only_columns(Image.id, Image.caption).order_by(Image.id))
    return [
        image_id
        for image_id, caption in rows
        if (named is None or image_id in named) and wanted <= set(map(same, tags_of(caption or "")))
    ]


def images_of(session: Session, ids: Sequence[str]) -> list[Image]:
    """The rows of `ids` as they are now, in their order."""
    rows: dict[str, Image] = {}
    for at in range(0, len(ids), CHUNK):
        part = select(Image).where(Image.id.in_(ids[at : at + CHUNK])).execution_options(populate_existing=True)
        rows |= {row.id: row for row in session.scalars(part)}
    return [rows[image_id] for image_id in ids if image_id in rows]


def page_of(
    session: Session, dataset_id: str, selection: Selection, cursor: str | None, limit: int
) -> tuple[Sequence[Image], str | None]:
    """The pictures that are meant behind `cursor`, and the next cursor."""
    if not selection.tag and selection.images is None:
        return page(session, _query(dataset_id, selection), Image.id, cursor, limit, newest_first=False)
    ids = ids_of(session, dataset_id, selection)
    begin = bisect_right(ids, cursor) if cursor else 0
    shown = ids[begin : begin + limit]
    return images_of(session, shown), shown[-1] if begin + limit < len(ids) else None


def _query(dataset_id: str, selection: Selection) -> Select[Image]:
    found = datasets.matching(dataset_id, selection.search, removed=selection.only == "removed")
    match selection.only:
        case "uncaptioned":
            return found.where(or_(Image.caption.is_(None), Image.caption == ""))
        case "captioned":
            return found.where(Image.caption.is_not(None), Image.caption != "")
        case "held_out":
            return found.where(Image.held_out)
        case "repeated":
            return found.where(Image.repeats > 1)
        case _:
            return found

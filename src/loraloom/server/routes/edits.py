"""Edits of a whole data set, their history, and the ways back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from loraloom.data.edits import change_of, same, tags_of
from loraloom.data.intake import MAX_CAPTION, clean
from loraloom.server import selecting
from loraloom.server.deps import Db, Me
from loraloom.server.errors import described
from loraloom.server.paging import Page
from loraloom.server.routes.datasets import DatasetId
from loraloom.server.routes.images import ImageId
from loraloom.server.selecting import Selection
from loraloom.spec.editing import BringBack, Edit, HoldOut, Remove, Repeats
from loraloom.spec.errors import LoomError
from loraloom.store import changes
from loraloom.store.changes import LOCK
from loraloom.store.datasets import get_dataset, get_image, matching, own_dataset
from loraloom.store.tables import Change, Image

router = APIRouter(tags=["edits"], responses=described("request_invalid", "dataset_not_found"))
SHOWN = 100
"""Pictures of an edit that the answer shows before and after."""
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Version = Annotated[int, Field(ge=0, le=2**31 - 1)]


class EditAsked(Selection):
    """What to do, with which pictures. A preview changes nothing."""

    edit: Edit = Field(examples=[{"do": "add_tags", "tags": ["ink"], "at": "end"}])
    preview: bool = False


class Edited(BaseModel):
    """A picture before and after an edit: its caption, or what else the edit changed."""

    id: str
    name: str
    before: Any
    after: Any


class EditDone(BaseModel):
    """`change` is the number of the change (null: nothing changed, or a preview), `count` the pictures it changes."""

    change: int | None
    count: int
    items: list[Edited]


class ChangeView(BaseModel):
    """One change of the history. `by` is `person:NAME`, `engine:NAME VERSION` or `import`."""

    number: int
    kind: str
    by: str
    words: dict[str, Any]
    count: int
    created_at: datetime
    undone: bool


class ImageChange(BaseModel):
    """What one change did to one picture: the fields that it changed, before and after."""

    number: int
    kind: str
    by: str
    created_at: datetime
    before: dict[str, Any]
    after: dict[str, Any]


class Undone(BaseModel):
    """`conflicts` are pictures that were left alone, because somebody changed them since."""

    change: int | None
    count: int
    conflicts: list[str]


class DifferenceView(BaseModel):
    """One field of one picture at two versions."""

    image: str
    name: str
    field: str
    before: Any
    after: Any


class Restore(BaseModel):
    """A version: the number of a change, 0 for the beginning."""

    model_config = ConfigDict(extra="forbid")

    version: Version


class TagCount(BaseModel):
    """A tag and how many pictures have it."""

    tag: str
    count: int


@router.post("/datasets/{dataset_id}/edits", responses=described("not_allowed", "pattern_invalid"))
def edit_dataset(session: Db, user: Me, dataset_id: DatasetId, body: EditAsked) -> EditDone:
    """Change many pictures at once. Raises LoomError `pattern_invalid`."""
    own_dataset(session, dataset_id, user)
    session.commit()
    with LOCK:
        images = selecting.images_of(session, selecting.ids_of(session, dataset_id, _meant(body)))
        wanted = [(image, after) for image in images if (after := _after(body.edit, image))]
        told = [_told(image, after) for image, after in wanted[:SHOWN]]
        change = None
        if not body.preview:
            words = body.edit.model_dump(mode="json")
            change = changes.record(session, dataset_id, user.author, "edit", words, wanted)
        session.commit()
    return EditDone(change=change.number if change else None, count=len(wanted), items=told)


@router.get("/datasets/{dataset_id}/changes")
def list_changes(
    session: Db,
    user: Me,
    dataset_id: DatasetId,
    cursor: Annotated[str | None, Query(pattern=r"^\d{1,9}$", description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[ChangeView]:
    """The history of a data set, the newest change first."""
    get_dataset(session, dataset_id)
    found = select(Change).where(Change.dataset_id == dataset_id)
    if cursor:
        found = found.where(Change.number < int(cursor))
    rows = session.scalars(found.order_by(Change.number.desc()).limit(limit + 1)).all()
    following = str(rows[limit - 1].number) if len(rows) > limit else None
    return Page(items=[_change(row) for row in rows[:limit]], next=following)


@router.get("/images/{image_id}/changes", responses=described("image_not_found"))
def list_image_changes(session: Db, user: Me, image_id: ImageId) -> Page[ImageChange]:
    """The history of one picture, the newest change first."""
    get_image(session, image_id)
    told = [
        ImageChange(
            number=change.number,
            kind=change.kind,
            by=change.author,
            created_at=change.created_at,
            before=item.before,
            after=item.after,
        )
        for change, item in changes.history_of(session, image_id)
    ]
    return Page(items=told, next=None)


@router.post("/datasets/{dataset_id}/changes/{number}/undo", responses=described("change_not_found", "not_allowed"))
def undo_change(session: Db, user: Me, dataset_id: DatasetId, number: Number) -> Undone:
    """Take a change back; undo the undo to have it again."""
    own_dataset(session, dataset_id, user)
    session.commit()
    with LOCK:
        change, conflicts = changes.undo(session, dataset_id, number, user.author)
        session.commit()
    return Undone(change=change.number if change else None, count=change.count if change else 0, conflicts=conflicts)


@router.get("/datasets/{dataset_id}/diff")
def read_diff(
    session: Db,
    user: Me,
    dataset_id: DatasetId,
    since: Annotated[int, Query(alias="from", ge=0, le=2**31 - 1)],
    until: Annotated[int | None, Query(alias="to", ge=0, le=2**31 - 1)] = None,
) -> Page[DifferenceView]:
    """What is otherwise at version `to` (now) than at version `from`."""
    get_dataset(session, dataset_id)
    found = changes.differences(session, dataset_id, since, until)
    return Page(items=[DifferenceView.model_validate(one, from_attributes=True) for one in found], next=None)


@router.post("/datasets/{dataset_id}/restore", responses=described("not_allowed"))
def restore_dataset(session: Db, user: Me, dataset_id: DatasetId, body: Restore) -> EditDone:
    """Make the whole set what it was at a version: one more change, which can be undone."""
    own_dataset(session, dataset_id, user)
    session.commit()
    with LOCK:
        change = changes.restore(session, dataset_id, body.version, user.author)
        session.commit()
    return EditDone(change=change.number if change else None, count=change.count if change else 0, items=[])


@router.get("/datasets/{dataset_id}/tags")
def list_tags(
    session: Db,
    user: Me,
    dataset_id: DatasetId,
    beside: Annotated[list[str] | None, Query(alias="with", max_length=50)] = None,
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
) -> Page[TagCount]:
    """Tags by how many pictures have them; with `with`, among the pictures that have those tags."""
    get_dataset(session, dataset_id)
    captions = session.scalars(matching(dataset_id, None).with_only_columns(Image.caption))
    return Page(items=counted(captions, set(map(same, beside or ())))[:limit], next=None)


def counted(captions: Iterable[str | None], beside: set[str]) -> list[TagCount]:
    """Tags of the captions that have all of `beside`, the most frequent first, written as they are most often."""
    counts: Counter[str] = Counter()
    spellings: dict[str, Counter[str]] = {}
    for caption in captions:
        tags = {same(tag): tag for tag in tags_of(caption or "")}
        if beside <= tags.keys():
            counts.update(tags.keys())
            for key, tag in tags.items():
                spellings.setdefault(key, Counter())[tag] += 1
    told = [TagCount(tag=spellings[key].most_common(1)[0][0], count=count) for key, count in counts.items()]
    return sorted(told, key=lambda one: (-one.count, one.tag))


def _meant(body: EditAsked) -> Selection:
    if isinstance(body.edit, BringBack) and body.only is None:
        return body.model_copy(update={"only": "removed"})
    return body


def _after(edit: Edit, image: Image) -> dict[str, Any]:
    """What `edit` makes of the picture; empty when nothing changes. Raises LoomError `pattern_invalid`."""
    match edit:
        case HoldOut():
            after: dict[str, Any] = {"held_out": edit.on}
        case Repeats():
            after = {"repeats": edit.times}
        case Remove():
            after = {"removed": True}
        case BringBack():
            after = {"removed": False}
        case _:
            made = clean(change_of(edit)(image.caption or "")).strip()
            if len(made) > MAX_CAPTION:
                raise LoomError("request_invalid", f"A caption would be longer than {MAX_CAPTION:,}.", "Add less text.")
            after = {"caption": made or None}
    return {key: value for key, value in after.items() if getattr(image, key) != value}


def _told(image: Image, after: dict[str, Any]) -> Edited:
    [(key, value)] = after.items()
    return Edited(id=image.id, name=image.name, before=getattr(image, key), after=value)


def _change(row: Change) -> ChangeView:
    return ChangeView(
        number=row.number,
        kind=row.kind,
        by=row.author,
        words=row.words,
        count=row.count,
        created_at=row.created_at,
        undone=row.undone_by is not None,
    )

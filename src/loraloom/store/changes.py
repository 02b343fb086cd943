"""What was done to a data set, change by change: who, what, each picture before and after. Undo, diff, restore come from it.

The number of the newest change is the data set's version. Callers hold `LOCK` from before their first write until they have
committed, so that numbers and pictures go together.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from loraloom.spec.errors import LoomError
from loraloom.store.tables import Change, ChangeItem, Dataset, Image

LOCK = threading.RLock()
"""Held while pictures are added, changed or removed: no blob goes between its writing and its row, no edit is lost."""
FIELDS = ("caption", "author", "repeats", "held_out", "crop", "mask", "removed")
"""What a change may change of a picture."""
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Difference:
    """One field of one picture at two versions."""

    image: str
    name: str
    field: str
    before: Any
    after: Any


def record(
    session: Session,
    dataset_id: str,
    author: str,
    kind: str,
    words: dict[str, Any],
    wanted: Iterable[tuple[Image, Values]],
) -> Change | None:
    """Give pictures new values, and remember it as one change by `author`. None when nothing would change.

    Whoever changes a caption is its author from then on, unless `wanted` names another.
    """
    items: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    for image, values in wanted:
        after = {key: value for key, value in values.items() if getattr(image, key) != value}
        if "caption" in after:  # always both, so that an undo brings the author back too
            after["author"] = values.get("author", author)
        if not after:
            continue
        items.append({"image_id": image.id, "before": {key: getattr(image, key) for key in after}, "after": after})
        rows.append(
            {"id": image.id, "version": image.version + 1} | {k: after.get(k, getattr(image, k)) for k in FIELDS}
        )
        for key, value in rows[-1].items():  # the row is written below, all of them at once
            set_committed_value(image, key, value)
    if not items:
        return None
    change = _next(session, dataset_id, author, kind, words, len(items))
    session.execute(insert(ChangeItem), [{"change_id": change.id} | item for item in items])
    session.execute(update(Image), rows)
    return change


def record_added(session: Session, dataset_id: str, author: str, images: Collection[Image]) -> None:
    """Remember that pictures came. Undone, they are removed."""
    if not images:
        return
    change = _next(session, dataset_id, author, "add", {}, len(images))
    came = {"before": {"removed": True}, "after": {"removed": False}}
    session.execute(insert(ChangeItem), [{"change_id": change.id, "image_id": image.id} | came for image in images])


def undo(session: Session, dataset_id: str, number: int, author: str) -> tuple[Change | None, list[str]]:
    """Take change `number` back; pictures that were changed since are left alone, their ids are the second value.

    Undone twice, a change is there again. Raises LoomError `change_not_found`.
    """
    change = get_change(session, dataset_id, number)
    items = session.scalars(select(ChangeItem).where(ChangeItem.change_id == change.id)).all()
    images = _images(session, [item.image_id for item in items])
    wanted: list[tuple[Image, Values]] = []
    conflicts: list[str] = []
    for item in items:
        image = images[item.image_id]
        if all(getattr(image, key) == value for key, value in item.after.items()):
            wanted.append((image, item.before))
        else:
            conflicts.append(image.id)
    made = record(session, dataset_id, author, "undo", {"of": number}, wanted)
    if made is not None:
        change.undone_by = made.number
        if change.kind == "undo":
            of = get_change(session, dataset_id, int(change.words["of"]))
            of.undone_by = None
    return made, conflicts


def differences(session: Session, dataset_id: str, since: int, until: int | None = None) -> list[Difference]:
    """What is otherwise at version `until` (now) than at version `since`, by picture and field."""
    found = (
        select(ChangeItem.image_id, ChangeItem.before, ChangeItem.after)
        .join(Change, Change.id == ChangeItem.change_id)
        .where(Change.dataset_id == dataset_id, Change.number > since)
        .order_by(Change.number)
    )
    if until is not None:
        found = found.where(Change.number <= until)
    first: dict[tuple[str, str], Any] = {}
    last: dict[tuple[str, str], Any] = {}
    for image_id, before, after in session.execute(found):
        for key in after:
            first.setdefault((image_id, key), before[key])
            last[image_id, key] = after[key]
    changed = [place for place in first if first[place] != last[place]]
    images = _images(session, {image_id for image_id, _ in changed})
    told = [Difference(i, images[i].name, key, first[i, key], last[i, key]) for i, key in changed if i in images]
    return sorted(told, key=lambda one: (one.image, one.field))


def restore(session: Session, dataset_id: str, version: int, author: str) -> Change | None:
    """Make every picture what it was at `version`, as one change that can be undone like any other."""
    wanted: dict[str, dict[str, Any]] = {}
    for one in differences(session, dataset_id, version):
        wanted.setdefault(one.image, {})[one.field] = one.before
    images = _images(session, wanted)
    pairs = [(images[image_id], values) for image_id, values in wanted.items()]
    return record(session, dataset_id, author, "restore", {"version": version}, pairs)


def get_change(session: Session, dataset_id: str, number: int) -> Change:
    """The change. Raises LoomError `change_not_found`."""
    found = session.scalar(select(Change).where(Change.dataset_id == dataset_id, Change.number == number))
    if found is None:
        raise LoomError("change_not_found", "There is no such change.", "Look at the history again.")
    return found


def history_of(session: Session, image_id: str) -> list[tuple[Change, ChangeItem]]:
    """Every change of one picture, the newest first."""
    rows = (
        select(Change, ChangeItem)
        .join(ChangeItem, Change.id == ChangeItem.change_id)
        .where(ChangeItem.image_id == image_id)
        .order_by(Change.number.desc())
    )
    return [(change, item) for change, item in session.execute(rows)]


def _next(session: Session, dataset_id: str, author: str, kind: str, words: dict[str, Any], count: int) -> Change:
    bump = (
        update(Dataset).where(Dataset.id == dataset_id).values(version=Dataset.version + 1).returning(Dataset.version)
    )
    number = session.scalar(bump)
    change = Change(dataset_id=dataset_id, number=number, author=author, kind=kind, words=words, count=count)
    session.add(change)
    session.flush()
    return change


def _images(session: Session, ids: Collection[str]) -> dict[str, Image]:
    keys = list(ids)
    found: dict[str, Image] = {}
    for at in range(0, len(keys), 500):
        found |= {i.id: i for i in session.scalars(select(Image).where(Image.id.in_(keys[at : at + 500])))}
    return found

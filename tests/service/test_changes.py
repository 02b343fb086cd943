"""The history of a data set on both databases: numbers, undo, differences, restore."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from loraloom.spec.errors import LoomError
from loraloom.store import changes, users
from loraloom.store.database import Database
from loraloom.store.tables import Dataset, Image


@pytest.fixture
def dataset(database: Database) -> str:
    """Three pictures, added in one change."""
    with database.session() as session:
        made = Dataset(name="d", user_id=users.ensure_local(session).id)
        session.add(made)
        session.flush()
        images = [
            Image(dataset_id=made.id, name=f"{n}.png", blob=f"{n:064}", width=9, height=9, bytes=9, caption=f"cat {n}")
            for n in range(3)
        ]
        session.add_all(images)
        session.flush()
        changes.record_added(session, made.id, "import", images)
        return made.id


def rows(session: Any, dataset: str) -> list[Image]:
    return list(session.scalars(select(Image).where(Image.dataset_id == dataset).order_by(Image.name)))


def write(database: Database, dataset: str, author: str, **values: Any) -> int:
    with database.session() as session:
        made = changes.record(session, dataset, author, "edit", {}, [(one, values) for one in rows(session, dataset)])
        assert made is not None
        return made.number


def test_numbers_go_up_and_what_changes_nothing_is_no_change(database: Database, dataset: str) -> None:
    assert write(database, dataset, "person:a", held_out=True) == 2
    with database.session() as session:
        images = rows(session, dataset)
        assert changes.record(session, dataset, "person:a", "edit", {}, [(images[0], {"held_out": True})]) is None
        assert [image.version for image in images] == [1, 1, 1] and images[0].author is None
        assert session.get_one(Dataset, dataset).version == 2


def test_undo_brings_caption_and_author_back(database: Database, dataset: str) -> None:
    first = write(database, dataset, "person:a", caption="a dog")
    second = write(database, dataset, "person:a", caption="a fox", crop=[0.0, 0.0, 0.5, 1.0])
    with database.session() as session:
        made, conflicts = changes.undo(session, dataset, second, "person:b")
        assert made is not None and made.number == second + 1 and conflicts == []
    with database.session() as session:
        assert {(one.caption, one.author, one.crop) for one in rows(session, dataset)} == {("a dog", "person:a", None)}
        made, conflicts = changes.undo(session, dataset, first, "person:b")
        assert conflicts == []
    with database.session() as session:
        assert [(one.caption, one.author) for one in rows(session, dataset)] == [(f"cat {n}", None) for n in range(3)]
        with pytest.raises(LoomError):
            changes.undo(session, dataset, 99, "person:b")


def test_differences_and_restore(database: Database, dataset: str) -> None:
    write(database, dataset, "person:a", caption="a dog")
    write(database, dataset, "person:b", caption="a fox", removed=True)
    with database.session() as session:
        told = {(one.name, one.field): (one.before, one.after) for one in changes.differences(session, dataset, 1)}
        assert told["0.png", "caption"] == ("cat 0", "a fox") and told["2.png", "removed"] == (False, True)
        assert {(one.field, one.after) for one in changes.differences(session, dataset, 1, 2)} >= {("caption", "a dog")}
        made = changes.restore(session, dataset, 1, "person:c")
        assert made is not None and made.count == 3
    with database.session() as session:
        assert changes.differences(session, dataset, 1) == []
        assert [one.caption for one in rows(session, dataset)] == ["cat 0", "cat 1", "cat 2"]
        assert changes.restore(session, dataset, 1, "person:c") is None
        kinds = [change.kind for change, _ in changes.history_of(session, rows(session, dataset)[0].id)]
        assert kinds == ["restore", "edit", "edit", "add"]

"""Examples of data sets of texts as they are kept, and the migration that brings them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import inspect, text
from sqlalchemy.orm import Session

from loraloom.spec.errors import LoomError
from loraloom.spec.example import Example, Message
from loraloom.store import examples, users
from loraloom.store.database import Database, alembic_config, sqlite_url
from loraloom.store.datasets import summaries
from loraloom.store.tables import Dataset


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(sqlite_url(tmp_path))
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.session() as session:
        session.add(Dataset(id="d", name="d", kind="texts", user_id=users.ensure_local(session).id))
        session.flush()
        yield session


def pair(question: str, answer: str, **more: object) -> Example:
    turns = (Message(role="user", content=question), Message(role="assistant", content=answer))
    return Example.model_validate({"messages": turns, **more})


def numbers(session: Session, **wanted: object) -> list[int]:
    rows, _ = examples.page_of(session, examples.matching("d", **wanted), None, 500)  # type: ignore[arg-type]
    return [row.number for row in rows]


def version(session: Session) -> int:
    session.expire_all()
    return session.get_one(Dataset, "d").version


def test_each_text_is_there_once_wherever_it_was_read(session: Session) -> None:
    first = [pair("a", "b", file="x.jsonl", line=7), Example(text="a b"), pair("a", "b", held_out=True)]
    assert examples.add(session, "d", first, "import") == (2, 1)
    assert examples.add(session, "d", [Example(text="a b"), pair("a", "c")], "person:x", reviewed=False) == (1, 1)
    rows, following = examples.page_of(session, examples.matching("d"), None, 2)
    assert [(row.number, row.author, row.reviewed) for row in rows] == [(1, "import", True), (2, "import", True)]
    assert following == 2
    assert [row.number for row in examples.page_of(session, examples.matching("d"), following, 2)[0]] == [3]
    assert examples.texts_of(session, "d") == [pair("a", "b", line=1), Example(text="a b", line=2)]
    assert version(session) == 2


def test_two_answers_and_calls_of_tools_come_back_whole(session: Session) -> None:
    call = {"function": {"name": "open", "arguments": {"day": 1}}}
    whole = [
        Example(messages=(Message(role="user", content="q"),), chosen="good", rejected="bad", held_out=True),
        Example(
            messages=(
                Message(role="system", content="s"),
                Message(role="user", content="q"),
                Message(role="assistant", tool_calls=(call,)),
                Message(role="tool", content="yes"),
                Message(role="assistant", content="It is."),
            )
        ),
    ]
    examples.add(session, "d", whole, "import")
    assert [one.model_copy(update={"line": 0}) for one in examples.texts_of(session, "d")] == whole
    assert numbers(session, search="bad") == [1] and numbers(session, search="yes") == [2]
    assert numbers(session, held_out=True) == [1] and numbers(session, numbers=[2, 9]) == [2]


def test_search_takes_signs_as_they_are(session: Session) -> None:
    examples.add(session, "d", [Example(text="100 % sure"), Example(text="1000 sure"), Example(text="猫 a_b")], "x")
    assert [numbers(session, search=what) for what in ("0 %", "a_b", "SURE", "_", "猫")] == [[1], [3], [1, 2], [3], [3]]


def test_removed_and_brought_back(session: Session) -> None:
    examples.add(session, "d", [Example(text="a"), Example(text="b"), Example(text="c")], "x")
    a, b, _ = [row.id for row in examples.page_of(session, examples.matching("d"), None, 9)[0]]
    before = version(session)
    assert examples.set_all(session, "d", [a, b, "none"], removed=True) == 2
    assert examples.set_all(session, "d", [a], removed=True) == 0
    assert numbers(session) == [3] and numbers(session, removed=True) == [1, 2]
    assert version(session) == before + 1
    assert examples.set_all(session, "d", [a], removed=False) == 1
    assert examples.add(session, "d", [Example(text="b"), Example(text="a")], "y") == (1, 1)  # b comes back, a is there
    assert numbers(session) == [1, 2, 3]


def test_drafts_wait_until_they_are_accepted(session: Session) -> None:
    examples.add(session, "d", [Example(text="a"), Example(text="b")], "engine:m", reviewed=False)
    assert examples.texts_of(session, "d") == []
    said = summaries(session, ["d"])["d"]
    assert (said.examples, said.drafts, said.bytes, said.images) == (2, 2, 2, 0)
    first = numbers(session)[0]
    [row] = [row for row in examples.page_of(session, examples.matching("d"), None, 9)[0] if row.number == first]
    examples.set_all(session, "d", [row.id], removed=True)
    assert examples.set_all(session, "d", None, reviewed=True) == 1  # what was removed is not accepted with the rest
    assert [one.text for one in examples.texts_of(session, "d")] == ["b"]


def test_who_changes_the_words_is_their_author(session: Session) -> None:
    examples.add(session, "d", [Example(text="a")], "import")
    [row] = examples.page_of(session, examples.matching("d"), None, 9)[0]
    examples.write(session, row, {"held_out": True}, "person:x")
    assert (row.author, row.version) == ("import", 1)
    examples.write(session, row, {"content": {"text": "b"}, "held_out": True}, "person:x")
    assert (row.author, row.version, row.words) == ("person:x", 2, "b")
    examples.write(session, row, {"content": {"text": "b"}}, "person:y")
    assert (row.author, row.version) == ("person:x", 2)
    assert examples.add(session, "d", [Example(text="b")], "z") == (0, 1)
    with pytest.raises(LoomError, match="no such example"):
        examples.get_example(session, "other", row.id)


def test_an_older_database_is_brought_up_and_back(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path))
    with database.engine.begin() as connection:
        command.upgrade(alembic_config(database.engine, connection), "0002")
        connection.execute(
            text("INSERT INTO users (id, name, admin, epoch, created_at) VALUES ('u', 'u', 0, 0, '2026-01-01')")
        )
        connection.execute(
            text(
                "INSERT INTO datasets (id, name, user_id, sample, version, created_at)"
                " VALUES ('o', 'old', 'u', 0, 3, '2026-01-01')"
            )
        )
    database.migrate()
    with database.session() as session:
        assert session.get_one(Dataset, "o").kind == "images"
    with database.engine.begin() as connection:
        command.downgrade(alembic_config(database.engine, connection), "0002")
        assert "examples" not in inspect(connection).get_table_names()
        assert "kind" not in {column["name"] for column in inspect(connection).get_columns("datasets")}
    database.close()

"""Examples of texts behave the same on SQLite and on PostgreSQL."""

from __future__ import annotations

from loraloom.spec.example import Example, Message
from loraloom.store import examples, users
from loraloom.store.database import Database
from loraloom.store.datasets import summaries
from loraloom.store.tables import Dataset


def test_they_are_added_found_changed_and_brought_back(database: Database) -> None:
    call = {"function": {"name": "open", "arguments": {"day": 1}}}
    turns = (
        Message(role="user", content="100 % 猫?"),
        Message(role="assistant", tool_calls=(call,)),
        Message(role="tool", content="yes"),
        Message(role="assistant", content="Ünïcode."),
    )
    with database.session() as session:
        session.add(Dataset(id="d", name="d", kind="texts", user_id=users.ensure_local(session).id))
        session.flush()
        whole = [Example(messages=turns), Example(text="1000 words"), Example(text="held", held_out=True)]
        assert examples.add(session, "d", whole, "import") == (3, 0)
        assert examples.add(session, "d", [Example(text="a draft"), whole[1]], "engine:m", reviewed=False) == (1, 1)
    with database.session() as session:
        found, following = examples.page_of(session, examples.matching("d", search="0 %"), None, 9)
        assert [row.number for row in found] == [1] and following is None
        assert examples.text_of(found[0]) == whole[0].model_copy(update={"line": 1})
        said = summaries(session, ["d"])["d"]
        assert (said.examples, said.drafts) == (4, 1) and said.bytes > 30
        rows, _ = examples.page_of(session, examples.matching("d", reviewed=True, held_out=False), None, 9)
        assert examples.set_all(session, "d", [row.id for row in rows], removed=True) == 2
        assert examples.set_all(session, "d", None, reviewed=True) == 1
        assert [one.text for one in examples.texts_of(session, "d")] == ["held", "a draft"]
        assert examples.add(session, "d", [whole[0]], "import") == (1, 0)
        examples.write(session, rows[0], {"held_out": True}, "person:x")
    with database.session() as session:
        assert [one.held_out for one in examples.texts_of(session, "d")] == [True, True, False]
        assert session.get_one(Dataset, "d").version == 6
        session.delete(session.get_one(Dataset, "d"))
    with database.session() as session:
        assert examples.texts_of(session, "d") == []

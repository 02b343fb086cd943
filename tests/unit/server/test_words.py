"""What may be meant: the likeliest word comes first."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from loraloom.server import words as module
from loraloom.server.context import Context
from loraloom.store.tables import Dataset, Image
from tests.unit.server.easels import add_lora, me


@pytest.fixture(autouse=True)
def _filled(server: TestClient, context: Context) -> None:
    """LoRAs, wildcards, and captions of one's own and of somebody else."""
    server.headers["X-CSRF-Token"] = server.get("/api/session").json()["csrf"]
    user = me(context)
    add_lora(context, user, "foxes", trigger="foxink")
    add_lora(context, user, "artfox", "sdxl", trigger="bigfox")
    add_lora(context, user, "talks", "causal_lm", trigger="foxtalk")
    server.put("/api/wildcards/fox-colour", json={"lines": ["red", "grey"]})
    captions = ["red fox, snow, a silver fox", "red fox, grass", "a fox sleeps in the snow\nfoxes sleep"]
    with context.database.session() as session:
        mine = Dataset(name="mine", user_id=user)
        session.add(mine)
        session.flush()
        for number, caption in enumerate([*captions, None, "red fox, gone"]):
            values: dict[str, Any] = {"name": str(number), "blob": str(number), "width": 1, "height": 1, "bytes": 1}
            session.add(Image(dataset_id=mine.id, caption=caption, removed=caption == "red fox, gone", **values))


def meant(server: TestClient, search: str, **more: Any) -> list[tuple[str, str]]:
    reply = server.get("/api/words", params={"search": search, **more})
    assert reply.status_code == 200, reply.text
    return [(word["kind"], word["text"]) for word in reply.json()["items"]]


def test_the_likeliest_first(server: TestClient) -> None:
    assert meant(server, "FOX") == [
        ("trigger", "foxink"),
        ("lora", "<lora:foxes:1>"),
        ("wildcard", "__fox-colour__"),
        ("tag", "fox"),
        ("tag", "foxes"),
        ("tag", "red fox"),
        ("tag", "a silver fox"),
        ("trigger", "bigfox"),
        ("lora", "<lora:artfox:1>"),
    ], "what begins so, then its words, then the rest; special words before tags"
    assert meant(server, "fox", limit=1) == meant(server, "fox")[:1]
    assert [text for _, text in meant(server, "sno")] == ["snow"]
    counts = {word["text"]: word["count"] for word in server.get("/api/words?search=red fox").json()["items"]}
    assert counts == {"red fox": 2}, "pictures that were removed do not count"


def test_kinds_by_what_was_typed(server: TestClient) -> None:
    assert meant(server, "<lora:fo") == [("lora", "<lora:foxes:1>"), ("lora", "<lora:artfox:1>")]
    assert meant(server, "<lora:", family="sdxl") == [("lora", "<lora:artfox:1>")]
    assert meant(server, "__") == meant(server, "__fox") == [("wildcard", "__fox-colour__")]
    assert ("trigger", "bigfox") not in meant(server, "fox", family="sd1")
    detail = server.get("/api/words?search=foxink").json()["items"][0]
    assert (detail["kind"], detail["detail"]) == ("trigger", "foxes")
    assert meant(server, "nothing like it") == []
    assert ("tag", "red fox") in meant(server, "") and ("tag", "the") not in meant(server, "")


def test_tags_are_remembered_for_a_while(server: TestClient, context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    assert meant(server, "grass") == [("tag", "grass")]
    with context.database.session() as session:
        session.query(Image).update({"caption": "other, hedge"})
    assert meant(server, "hedge") == []
    monkeypatch.setattr(module.time, "monotonic", lambda: 10.0**12)
    assert meant(server, "hedge") == [("tag", "hedge")] and meant(server, "grass") == []

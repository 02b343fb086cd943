"""Data sets of texts over HTTP: writing, pasting, uploading, editing, checking, previewing, drafting, taking away."""

from __future__ import annotations

import json
import struct
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar
from zipfile import ZipFile

import pytest
from fastapi.testclient import TestClient

from loraloom.data.examples import checks
from loraloom.data.examples.read import parse
from loraloom.data.examples.words import Words
from loraloom.models.text_base import DONE, converted
from loraloom.server import preparing
from loraloom.server.context import Context
from loraloom.spec.errors import LoomError
from tests.text_folder import text_folder
from tests.uploading import bearing, dataset, result, send, serving

Served = tuple[TestClient, Context]
PAIR = {"messages": [{"role": "user", "content": "Open?"}, {"role": "assistant", "content": "From 8 to 6."}]}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "home") as both:
        yield both


@pytest.fixture
def based(served: Served, tmp_path: Path) -> Served:
    """With a language model under the name `tiny`."""
    folder = text_folder(tmp_path / "tiny")
    answer = served[0].post("/api/models", json={"source": str(folder), "name": "tiny"})
    assert answer.status_code == 201 and answer.json()["family"] == "causal_lm" and answer.json()["state"] == "ready"
    return served


def texts(client: TestClient, *contents: dict[str, Any]) -> str:
    """Address of the examples of a new data set with these in it."""
    made = client.post("/api/datasets", json={"name": "shop", "kind": "texts"})
    assert made.status_code == 201 and made.json()["kind"] == "texts"
    address = f"/api/datasets/{made.json()['id']}/examples"
    if contents:
        answer = client.post(address, json={"examples": list(contents)})
        assert answer.status_code == 201 and answer.json()["added"] == len(contents), answer.text
    return address


def of(address: str) -> str:
    """The data set's id in the address of its examples."""
    return address.split("/")[3]


def code(answer: Any) -> str:
    return answer.json()["error"]["code"]


def test_what_is_written_is_read_like_a_file(served: Served) -> None:
    client, _ = served
    address = texts(client)
    bad = {"messages": [{"role": "user", "content": "Open?"}]}
    body = client.post(address, json={"examples": [PAIR, bad, {"text": "We bake."}, PAIR]}).json()
    assert (body["added"], body["duplicates"], body["skipped_count"]) == (2, 1, 1)
    assert (body["skipped"][0]["line"], body["skipped"][0]["reason"]) == (2, "no_answer")
    page = client.get(address, params={"limit": 1}).json()
    [first] = page["items"]
    assert first == first | {"number": 1, "text": "", "chosen": None, "reviewed": True, "author": "person:local"}
    assert [m["content"] for m in first["messages"]] == ["Open?", "From 8 to 6."]
    [second] = client.get(address, params={"cursor": page["next"]}).json()["items"]
    assert (second["number"], second["text"]) == (2, "We bake.")
    said = client.get(f"/api/datasets/{of(address)}").json()
    assert (said["examples"], said["drafts"], said["images"]) == (2, 0, 0)


def test_pasting_names_the_lines(served: Served) -> None:
    client, _ = served
    address = texts(client)
    lines = ['{"instruction": "i", "output": "o"}', "{bad", '{"instruction": "i", "output": ""}']
    body = client.post(f"{address}/import", json={"text": "\n".join(lines), "name": "a.jsonl"}).json()
    assert body["added"] == 1 and [note["line"] for note in body["skipped"]] == [2, 3]
    assert {note["file"] for note in body["skipped"]} == {"a.jsonl"}
    body = client.post(f"{address}/import", json={"text": "question,answer\nq,a\nq2,a2\n"}).json()
    assert body["added"] == 2
    assert client.post(f"{address}/import", json={"text": "Just some words."}).json()["added"] == 1
    assert client.post(f"{address}/import", json={"text": "\x00\x01"}).json()["added"] == 0


def test_edits_know_what_they_changed(served: Served) -> None:
    client, _ = served
    address = texts(client, PAIR)
    [row] = client.get(address).json()["items"]
    mine = f"{address}/{row['id']}"
    other = [row["messages"][0], {"role": "assistant", "content": "Until 7."}]
    body = client.patch(mine, json={"version": 0, "messages": other}).json()
    assert (body["version"], body["messages"][1]["content"]) == (1, "Until 7.")
    assert code(client.patch(mine, json={"version": 0, "held_out": True})) == "edit_conflict"
    assert client.patch(mine, json={"version": 1, "held_out": True}).json()["held_out"] is True
    assert code(client.patch(mine, json={"version": 2, "messages": other[:1]})) == "example_invalid"
    assert code(client.patch(mine, json={"version": 2, "text": "also"})) == "example_invalid"
    assert code(client.patch(mine, json={"version": 2})) == "request_invalid"
    both = client.patch(mine, json={"version": 2, "messages": other[:1], "chosen": "good", "rejected": "bad"}).json()
    assert (both["chosen"], both["rejected"], both["held_out"]) == ("good", "bad", True)
    text = client.patch(
        mine, json={"version": 3, "messages": [], "chosen": None, "rejected": None, "text": "A letter."}
    )
    assert (text.json()["text"], text.json()["messages"], text.json()["chosen"]) == ("A letter.", [], None)


def test_removing_can_be_undone(served: Served) -> None:
    client, _ = served
    address = texts(client, PAIR, {"text": "a"}, {"text": "b"})
    ids = [row["id"] for row in client.get(address).json()["items"]]
    assert client.post(f"{address}/remove", json={"ids": ids[:2]}).json() == {"changed": 2}
    assert [row["number"] for row in client.get(address).json()["items"]] == [3]
    assert [row["number"] for row in client.get(address, params={"removed": True}).json()["items"]] == [1, 2]
    assert client.post(f"{address}/restore", json={"ids": ids}).json() == {"changed": 2}
    assert [row["number"] for row in client.get(address, params={"search": "8 to"}).json()["items"]] == [1]
    assert [row["number"] for row in client.get(address, params={"number": [2, 3]}).json()["items"]] == [2, 3]


def test_a_data_set_holds_one_kind_and_has_one_owner(served: Served) -> None:
    client, context = served
    pictures = dataset(client)
    for answer in (
        client.post(f"/api/datasets/{pictures}/examples", json={"examples": [PAIR]}),
        client.post(f"/api/datasets/{pictures}/examples/import", json={"text": "x"}),
        client.get(f"/api/datasets/{pictures}/examples/export"),
        client.get(f"/api/datasets/{pictures}/examples/check"),
    ):
        assert (answer.status_code, code(answer)) == (409, "dataset_kind")
    address = texts(client, PAIR)
    [row] = client.get(address).json()["items"]
    other = bearing(context, "other")
    assert code(client.post(f"{address}/remove", json={"ids": [row["id"]]}, headers=other)) == "not_allowed"
    assert (
        code(client.patch(f"{address}/{row['id']}", json={"version": 0, "held_out": True}, headers=other))
        == "not_allowed"
    )
    assert client.get(address, headers=other).json()["items"] == [row]
    elsewhere = texts(client)
    assert code(client.patch(f"{elsewhere}/{row['id']}", json={"version": 0, "held_out": True})) == "example_not_found"


def test_uploads_become_examples_and_problems(served: Served) -> None:
    client, context = served
    address = texts(client)
    made = of(address)
    body = send(
        client, "faq.jsonl", json.dumps(PAIR).encode() + b"\n[broken\n" + json.dumps(PAIR).encode(), dataset=made
    )
    assert (body["state"], body["added"], body["duplicates"]) == ("done", 1, 1)
    assert [(p["file"], p["reason"]) for p in body["problems"]] == [("faq.jsonl", "bad_json")]
    [problem] = client.get(f"/api/datasets/{made}/problems").json()["items"]
    assert "Line 2" in problem["message"]
    stream = BytesIO()
    with ZipFile(stream, "w") as archive:
        archive.writestr("docs/a.md", "# A\n\nSome words.")
        archive.writestr("docs/b.txt", "More words.")
    body = send(client, "docs.zip", stream.getvalue(), dataset=made)
    assert (body["state"], body["added"]) == ("done", 2)
    body = send(client, "cat.png", b"\x89PNG\r\n\x1a\n" + bytes(100), dataset=made)
    assert (body["state"], body["added"]) == ("refused", 0)
    assert client.get(f"/api/datasets/{made}").json()["examples"] == 3
    assert not list((context.home / "uploads").glob("*.unpacked"))


def test_texts_on_the_machine_of_the_server(tmp_path: Path) -> None:
    root = tmp_path / "srv"
    (root / "faq").mkdir(parents=True)
    (root / "faq" / "a.jsonl").write_text(json.dumps(PAIR) + "\n{bad\n", "utf-8")
    (root / "faq" / "b.md").write_text("# B\n\nWords.", "utf-8")
    with serving(tmp_path / "home", import_roots=(root,)) as (client, _):
        address = texts(client)
        asked = client.post(f"/api/datasets/{of(address)}/imports", json={"path": str(root / "faq")}).json()
        body = result(client, asked["id"])
        assert (body["state"], body["added"]) == ("done", 2)
        assert [(one["file"], one["reason"]) for one in body["problems"]] == [("a.jsonl", "bad_json")]
    assert sorted(path.name for path in (root / "faq").iterdir()) == ["a.jsonl", "b.md"]


def test_exports_are_read_back_equal(served: Served) -> None:
    client, _ = served
    two = {"messages": PAIR["messages"][:1], "chosen": "good", "rejected": "bad"}
    address = texts(client, two, {**two, "chosen": "Ünïcode 猫", "held_out": True})
    answer = client.get(f"{address}/export")
    assert answer.headers["content-type"].startswith("application/jsonl")
    assert "shop.jsonl" in answer.headers["content-disposition"]
    report = parse(answer.content, "x.jsonl")
    assert not report.skipped and [e.chosen for e in report.examples] == ["good", "Ünïcode 猫"]
    assert [e.held_out for e in report.examples] == [False, True]


def test_a_check_counts_once_for_each_version(based: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client, _ = based
    near = {"messages": [PAIR["messages"][0], {"role": "assistant", "content": "From 8 to 6!"}]}
    address = texts(client, {"text": "x" * 900}, PAIR, near)
    [first] = client.get(address, params={"number": 1}).json()["items"]
    client.post(f"{address}/remove", json={"ids": [first["id"]]})
    counted: list[int] = []
    inner = checks.check
    monkeypatch.setattr(
        checks, "check", lambda report, *more: counted.append(len(report.examples)) or inner(report, *more)
    )
    asked = {"base_model": "tiny", "max_length": 64}
    body = client.get(f"{address}/check", params=asked).json()
    assert (body["examples"], body["cut"]) == (2, 0) and body["groups"] == [[2, 3]]
    words = Words.of(tmp_path / "tiny").tokenizer
    seen = "<|im_start|>user\nOpen?<|im_end|>\n<|im_start|>assistant\nFrom 8 to 6.<|im_end|>\n"
    assert body["tokens"] == 2 * len(words.encode(seen).ids) and body["longest"] == body["tokens"] // 2
    assert client.get(f"{address}/check", params=asked).json() == body
    assert counted == [2]
    client.get(f"{address}/check", params=asked | {"train_on": "everything"})
    client.post(f"{address}/restore", json={"ids": [first["id"]]})
    assert client.get(f"{address}/check", params=asked).json()["examples"] == 3
    assert counted == [2, 2, 3]
    wrong = client.get(f"{address}/check", params={"base_model": "thimble"})
    assert (wrong.status_code, code(wrong)) == (422, "base_model_mismatch")
    assert code(client.get(f"{address}/check", params={"base_model": "nobody"})) == "base_model_not_found"
    assert code(client.get(f"{texts(client)}/check", params=asked)) == "dataset_empty"


def test_a_preview_marks_what_is_learned(based: Served) -> None:
    client, _ = based
    address = texts(client, PAIR)
    [row] = client.get(address).json()["items"]
    asked = {"base_model": "tiny", "system": "Be brief."}
    body = client.post(f"{address}/preview", json=asked | {"example_id": row["id"]}).json()
    assert "".join(piece["text"] for piece in body["pieces"]).count("Be brief.") == 1
    assert "".join(piece["text"] for piece in body["pieces"] if piece["trained"]).startswith("From 8 to 6.")
    assert 0 < body["trained_tokens"] < body["tokens"]
    assert client.post(f"{address}/preview", json=asked | {"example": PAIR}).json() == body
    every = client.post(f"{address}/preview", json=asked | {"example": PAIR, "train_on": "everything"}).json()
    assert every["trained_tokens"] == every["tokens"] - 1
    wrong = {"messages": PAIR["messages"][:1]}
    assert code(client.post(f"{address}/preview", json=asked | {"example": wrong})) == "example_invalid"
    assert code(client.post(f"{address}/preview", json=asked)) == "request_invalid"


def _string(text: str) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode()


def test_a_base_is_converted_once_when_somebody_asks(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _ = served
    monkeypatch.setenv("LORALOOM_HOME", str(tmp_path / "home"))
    file = tmp_path / "small.gguf"
    head = _string("general.architecture") + struct.pack("<I", 8) + _string("llama")
    file.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + head)
    model = client.post("/api/models", json={"source": str(file), "name": "small"}).json()
    assert (model["family"], model["layout"], model["state"]) == ("causal_lm", "gguf", "not_prepared")
    address = texts(client, PAIR)
    asked = {"base_model": "small"}
    assert code(client.get(f"{address}/check", params=asked)) == "base_not_prepared"
    config = {"dataset": of(address), "config": asked | {"training": {"epochs": 1}}}
    [problem] = client.post("/api/config/check", json=config).json()["problems"]
    assert (problem["key"], problem["kind"]) == ("base_model", "base_not_prepared")

    go, began = threading.Event(), list[str]()

    def convert(source: str) -> None:
        began.append(source)
        assert go.wait(30)
        if len(began) == 1:
            raise LoomError("disk_full", "The disk is full.", "Free some space.")
        text_folder(converted(file))
        (converted(file) / DONE).touch()

    monkeypatch.setattr(preparing, "prepare_base", convert)
    prepare = f"/api/models/{model['id']}/prepare"
    assert [client.post(prepare).json()["state"] for _ in range(2)] == ["preparing", "preparing"]
    go.set()
    failed = until(client, lambda one: one["state"] != "preparing")
    assert (failed["state"], failed["error"]["code"], len(began)) == ("not_prepared", "disk_full", 1)
    assert client.post(prepare).json()["error"] is None
    assert until(client, lambda one: one["state"] == "ready")["error"] is None
    assert len(began) == 2 and client.post(prepare).json()["state"] == "ready" and len(began) == 2
    assert client.get(f"{address}/check", params=asked).json()["examples"] == 1
    assert client.post("/api/config/check", json=config).json()["problems"] == []
    assert code(client.post("/api/models/thimble/prepare")) == "base_model_mismatch"


def until(client: TestClient, done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The base model `small`, once `done` says yes of it."""
    for _ in range(600):
        [model] = [one for one in client.get("/api/models").json()["items"] if one["name"] == "small"]
        if done(model):
            return model
        time.sleep(0.05)
    raise AssertionError(model)


class _Endpoint(BaseHTTPRequestHandler):
    """Says the same pair whatever it is asked, and one of its own for each passage."""

    asked = 0
    keys: ClassVar[list[str | None]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        type(self).asked += 1
        type(self).keys.append(self.headers.get("authorization"))
        pairs = [{"question": "Open?", "answer": "From 8."}, {"question": f"Q{self.asked}?", "answer": "Yes."}]
        said = {"choices": [{"message": {"role": "assistant", "content": json.dumps({"pairs": pairs})}}]}
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(said).encode())

    def log_message(self, format: str, *args: Any) -> None:
        del format, args


@pytest.fixture
def endpoint() -> Iterator[str]:
    _Endpoint.asked, _Endpoint.keys = 0, []
    with HTTPServer(("127.0.0.1", 0), _Endpoint) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()


def test_drafts_wait_for_somebody(served: Served, endpoint: str) -> None:
    client, _ = served
    address = texts(client, PAIR)
    document = "\n\n".join(["We are open from eight. " * 100] * 2)
    asked = {"text": document, "url": endpoint, "model": "m", "key": "secret", "pairs": 2}
    answer = client.post(f"{address}/draft", json=asked)
    assert answer.status_code == 200 and answer.json() == {"added": 3}, answer.text
    assert _Endpoint.asked == 2 and set(_Endpoint.keys) == {"Bearer secret"}
    drafts = client.get(address, params={"reviewed": False}).json()["items"]
    assert [row["author"] for row in drafts] == ["engine:m"] * 3
    assert client.get(f"/api/datasets/{of(address)}").json()["drafts"] == 3
    assert client.get(f"{address}/export").text.count("\n") == 1
    one = client.patch(f"{address}/{drafts[0]['id']}", json={"version": 0, "reviewed": True}).json()
    assert one["reviewed"] is True and one["author"] == "engine:m"
    assert client.post(f"{address}/accept", json={}).json() == {"changed": 2}
    assert client.get(address, params={"reviewed": False}).json()["items"] == []


def test_the_sample_of_texts_is_another_than_that_of_pictures(served: Served) -> None:
    client, _ = served
    made = client.post("/api/datasets/sample", json={"kind": "texts", "name": "示例"}).json()
    assert (made["kind"], made["name"], made["sample"], made["examples"]) == ("texts", "示例", True, 40)
    assert client.post("/api/datasets/sample", json={"kind": "texts"}).json()["id"] == made["id"]
    pictures = client.post("/api/datasets/sample").json()
    assert pictures["kind"] == "images" and pictures["images"] > 0 and pictures["id"] != made["id"]


def test_a_config_on_texts(based: Served) -> None:
    client, _ = based
    address = texts(
        client, PAIR, {**PAIR, "messages": [*PAIR["messages"][:1], {"role": "assistant", "content": "No."}]}
    )
    config = {"base_model": "tiny", "training": {"epochs": 3, "batch_size": 2}, "loss": {"train_on": "everything"}}
    body = client.post("/api/config/check", json={"dataset": of(address), "config": config}).json()
    assert body["problems"] == [] and body["plan"] is None
    plan = body["text_plan"]
    assert (plan["examples"], plan["sequences"], plan["total_steps"]) == (2, 2, 3)
    assert plan["trained_tokens"] == plan["tokens"] - 2
    assert body["config"]["dataset"]["path"] == "data/examples.jsonl" and "resolution" not in body["config"]["dataset"]
    wrong = client.post("/api/config/check", json={"dataset": dataset(client), "config": config}).json()
    assert [problem["kind"] for problem in wrong["problems"]] == [""]  # an empty one
    thimble = client.post(
        "/api/config/check", json={"dataset": of(address), "config": {"base_model": "thimble"}}
    ).json()
    assert "texts" in str(thimble["problems"]) or "training" in str(thimble["problems"])
    kinds = {kind: client.get("/api/presets", params={"kind": kind}).json()["items"] for kind in ("images", "texts")}
    assert all(preset["kind"] == kind for kind, found in kinds.items() for preset in found) and kinds["images"]

"""What a run on texts shows and gives away."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from fastapi.testclient import TestClient

from loraloom.data.examples.write import to_jsonl
from loraloom.server.context import Context
from loraloom.spec.event import SampleSaved, encode
from loraloom.spec.example import Example
from loraloom.store import users
from loraloom.store.tables import Run


@pytest.fixture
def folder(context: Context) -> Path:
    """The folder of the run `r`, which has begun."""
    with context.database.session() as session:
        owner = users.ensure_local(session).id
        config = {"name": "Our shop", "family": "causal_lm"}
        run = Run(id="r", name="shop", user_id=owner, family="causal_lm", base_model="smollm2", config=config)
        session.add(run)
    folder = context.home / "runs" / "r"
    (folder / "data").mkdir(parents=True)
    return folder


def test_answers_are_told_and_pictures_addressed(server: TestClient, folder: Path) -> None:
    now = datetime.now(UTC)
    said = [
        SampleSaved(step=0, file="samples/step-000000/01.txt", prompt="Open?", seed=0, text=""),
        SampleSaved(step=5, file="samples/step-000005/01.txt", prompt="Open?", seed=0, text="From 8."),
        SampleSaved(step=5, file="samples/step-000005/02.png", prompt="a cat", seed=1),
    ]
    lines = [encode(number, now, payload) for number, payload in enumerate(said, 1)]
    (folder / "events.jsonl").write_text("".join(lines), "utf-8")
    items = server.get("/api/runs/r/samples").json()["items"]
    assert [one["text"] for one in items] == ["", "From 8."], "a picture that is gone is not told of"
    (folder / "samples/step-000005").mkdir(parents=True)
    (folder / "samples/step-000005/02.png").write_bytes(b"picture")
    items = server.get("/api/runs/r/samples").json()["items"]
    assert [(one["step"], one["index"], one["text"], one["url"] is None) for one in items] == [
        (0, 0, "", True),
        (5, 0, "From 8.", True),
        (5, 1, None, False),
    ]


def test_the_texts_it_trains_on_a_page_at_a_time(server: TestClient, folder: Path) -> None:
    assert server.get("/api/runs/r/examples").json() == {"items": [], "next": None}
    (folder / "data" / "examples.jsonl").write_bytes(to_jsonl(Example(text=f"text {n}") for n in range(5)))
    page = server.get("/api/runs/r/examples?limit=2").json()
    assert [(one["line"], one["text"]) for one in page["items"]] == [(1, "text 0"), (2, "text 1")]
    page = server.get(f"/api/runs/r/examples?limit=3&cursor={page['next']}").json()
    assert [one["line"] for one in page["items"]] == [3, 4, 5] and page["next"] is None
    (folder / "data" / "examples.jsonl").unlink()
    (folder / "data" / "examples.jsonl").symlink_to("/etc/passwd")
    assert server.get("/api/runs/r/examples").json()["items"] == []


def test_the_adapter_leaves_as_the_folder_that_peft_loads(server: TestClient, folder: Path) -> None:
    answer = server.get("/api/runs/r/download/lora")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "lora_not_found")
    made = folder / "lora" / "Our shop"
    made.mkdir(parents=True)
    for name in ("adapter_model.safetensors", "adapter_config.json", "tokenizer.json"):
        (made / name).write_text(json.dumps(name))
    answer = server.get("/api/runs/r/download/lora")
    assert "shop.zip" in answer.headers["content-disposition"]
    with ZipFile(BytesIO(answer.content)) as archive:
        assert sorted(archive.namelist()) == sorted(f"Our shop/{file.name}" for file in made.iterdir())

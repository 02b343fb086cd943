"""Experiments over HTTP: created, looked at, voted on blind, ranked; what sets runs apart; sweeps."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from loraloom.server.app import create_app
from loraloom.server.context import Context, Options
from loraloom.spec.experiment import Experiment, cells, file_of
from loraloom.store.tables import Lora, User
from tests.uploading import bearing

KNOWN = {
    "candidates": [{"what": "base"}, {"what": "lora", "id": "ink"}],
    "prompts": ["a cat", "a dog"],
    "seeds": [1, 2],
}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Any, Context]]:
    """A client, and a LoRA in the gallery."""
    app = create_app(Options(home=tmp_path / "home", warm=False, train=False))
    with TestClient(app, base_url="http://127.0.0.1:7860") as client:
        context = app.state.context
        client.headers.update(bearing(context))
        file = context.home / "ink.safetensors"
        file.write_bytes(b"weights")
        with context.database.session() as session:
            user = session.query(User).first()
            assert user is not None
            common = {"user_id": user.id, "base_model": "thimble", "family": "sd1", "steps": 1, "bytes": 1}
            session.add(Lora(id="ink", name="Ink", file=file.name, sha256="0" * 64, **common))
        yield client, context


def created(client: Any, **more: Any) -> dict[str, Any]:
    answer = client.post("/api/experiments", json={"experiment": KNOWN | more})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def draw(context: Context, told: dict[str, Any], numbers: list[int] | None = None) -> None:
    """What a child leaves: a grey picture for each cell, as light as its number."""
    folder = context.home / "runs" / told["run"]["id"]
    (folder / "cells").mkdir(parents=True, exist_ok=True)
    with (folder / "cells.jsonl").open("a") as lines:
        for cell in cells(Experiment.model_validate(told["experiment"])):
            if numbers is None or cell.number in numbers:
                Image.new("RGB", (8, 8), (cell.number * 9,) * 3).save(folder / file_of(cell.number))
                lines.write(json.dumps({"number": cell.number, "file": "../../secret.key", "seconds": 0.5}) + "\n")
        lines.write('{"number": 1, "torn')


def grey(client: Any, address: str) -> int:
    """The number of the cell whose picture is at `address`."""
    answer = client.get(address)
    assert answer.status_code == 200 and answer.headers["content-type"] == "image/png"
    assert not {"etag", "last-modified"} & set(answer.headers)
    return int(np.asarray(Image.open(io.BytesIO(answer.content)))[0, 0, 0]) // 9


def test_it_is_created_and_read_as_far_as_it_is(served: tuple[Any, Context]) -> None:
    client, context = served
    told = created(client)
    assert told["run"]["kind"] == "experiment" and told["run"]["state"] == "queued"
    assert [column["label"] for column in told["columns"]] == ["base", "Ink @ 1"]
    assert len(told["cells"]) == 8 and not any(cell["there"] for cell in told["cells"])
    draw(context, told, [0, 5])
    address = f"/api/experiments/{told['run']['id']}"
    told = client.get(address).json()
    there = [cell for cell in told["cells"] if cell["there"]]
    assert [cell["number"] for cell in there] == [0, 5]
    assert [grey(client, cell["picture"]) for cell in there] == [0, 5]
    assert client.get(f"{address}/cells/1").status_code == 404
    assert client.get(f"{address}/cells/99").status_code == 404
    text = client.get(f"/api/runs/{told['run']['id']}/config").text
    assert "prompts:" in text and "a cat" in text


def test_the_list_finds_what_a_lora_is_in(served: tuple[Any, Context]) -> None:
    client, _ = served
    told = created(client)
    for query, count in (("", 1), ("?lora=ink", 1), ("?lora=other", 0), ("?run=other", 0)):
        found = client.get(f"/api/experiments{query}").json()["items"]
        assert len(found) == count, query
    assert (found := client.get("/api/experiments").json()["items"][0])["cells"] == 8
    assert found["run"]["id"] == told["run"]["id"] and found["cover"] is None
    assert client.get("/api/runs").json()["items"] == []


def test_what_cannot_be_compared_is_refused_with_what_to_do(served: tuple[Any, Context]) -> None:
    client, _ = served
    wrong = {"candidates": [{"what": "lora", "id": "none"}]}
    answer = client.post("/api/experiments", json={"experiment": KNOWN | wrong})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "lora_not_found")
    answer = client.post("/api/experiments", json={"experiment": KNOWN | {"prompts": []}})
    assert answer.json()["error"]["code"] == "request_invalid"
    assert client.get("/api/experiments/none").json()["error"]["code"] == "run_not_found"


def test_votes_are_blind_and_make_a_ranking(served: tuple[Any, Context]) -> None:
    client, context = served
    told = created(client)
    draw(context, told)
    address = f"/api/experiments/{told['run']['id']}"
    ballot = client.get(f"{address}/ballot").json()
    assert ballot == client.get(f"{address}/ballot").json(), "the same until it is judged"
    assert (ballot["done"], ballot["total"]) == (0, 4)
    numbers: set[int] = set()
    while ballot["left"] is not None:
        sides = {side: ballot[side] for side in ("left", "right")}
        assert all(side["column"] == -1 and "/ballot/" in side["picture"] for side in sides.values())
        shown = {side: grey(client, one["picture"]) for side, one in sides.items()}
        numbers |= {one["number"] - shown[side] for side, one in sides.items()}
        assert abs(shown["left"] - shown["right"]) == 4, "one prompt and seed, two columns"
        winner = max(shown, key=lambda side: shown[side])
        cast = {"left": ballot["left"]["number"], "right": ballot["right"]["number"], "winner": winner}
        ballot = client.post(f"{address}/votes", json=cast).json()
    assert len(numbers) > 1, "their numbers are not those of the cells"
    assert ballot["done"] == 4
    ranking = client.get(f"{address}/ranking").json()
    assert (ranking["votes"], ranking["voters"]) == (4, 1)
    first, second = ranking["items"]
    assert (first["column"], first["wins"], second["wins"]) == (1, 4, 0)
    assert first["low"] < first["score"] < first["high"]
    assert client.get(address).json()["votes"] == 4


def test_a_pair_that_is_none_and_a_change_of_mind(served: tuple[Any, Context]) -> None:
    client, context = served
    told = created(client)
    draw(context, told)
    address = f"/api/experiments/{told['run']['id']}"
    ballot = client.get(f"{address}/ballot").json()
    left, right = ballot["left"]["number"], ballot["right"]["number"]
    for other in (left, 99):
        answer = client.post(f"{address}/votes", json={"left": left, "right": other, "winner": "tie"})
        assert answer.json()["error"]["code"] == "request_invalid"
    for winner in ("left", "right"):
        client.post(f"{address}/votes", json={"left": left, "right": right, "winner": winner})
    ranking = client.get(f"{address}/ranking").json()
    assert ranking["votes"] == 1
    assert ranking["items"][0]["column"] == cell_column(grey(client, ballot["right"]["picture"]))


def cell_column(number: int) -> int:
    return number // 4


def test_measures_and_a_proposal_are_shown_once_they_are_there(served: tuple[Any, Context]) -> None:
    client, context = served
    told = created(client)
    folder = context.home / "runs" / told["run"]["id"]
    folder.mkdir(parents=True)
    measured = [
        {"column": 0, "adherence": 0.3, "style": 1.2},
        {"column": 1, "adherence": 0.35, "style": 0.5, "leak": 0.9},
    ]
    (folder / "measures.json").write_text(json.dumps(measured))
    told = client.get(f"/api/experiments/{told['run']['id']}").json()
    assert told["measured"][1]["leak"] == 0.9
    assert (told["proposal"]["column"], told["proposal"]["by"]) == (1, "measures")
    assert "leaks" in [reason["key"] for reason in told["proposal"]["reasons"]]
    (folder / "measures.json").write_text("[{")
    assert client.get(f"/api/experiments/{told['run']['id']}").json()["measured"] == []


def test_it_is_steered_and_deleted_as_a_run(served: tuple[Any, Context]) -> None:
    client, context = served
    told = created(client)
    draw(context, told)
    run = told["run"]["id"]
    assert client.post(f"/api/runs/{run}/pause").json()["state"] == "paused"
    assert client.post(f"/api/runs/{run}/checkpoint").json()["error"]["code"] == "run_not_ready"
    assert client.post(f"/api/runs/{run}/resume").json()["state"] == "queued"
    assert client.post(f"/api/runs/{run}/cancel").json()["state"] == "cancelled"
    assert client.delete(f"/api/runs/{run}").status_code == 204
    assert client.get("/api/experiments").json()["items"] == []


SWEEP = {
    "name": "ranks",
    "config": {"preset": "quick-look", "caption": {"trigger": "ink"}, "training": {"steps": 10}},
    "vary": {"lora.rank": [4, 8], "optimizer.learning_rate": [1e-4, 1e-3]},
    "prompts": ["[trigger] cat"],
}


def test_a_sweep_is_its_runs_and_an_experiment_after_them(served: tuple[Any, Context]) -> None:
    client, _ = served
    dataset = client.post("/api/datasets/sample").json()["id"]
    answer = client.post("/api/sweeps", json=SWEEP | {"dataset": dataset})
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert [run["name"] for run in told["runs"]] == [
        "ranks · rank 4, learning_rate 0.0001",
        "ranks · rank 4, learning_rate 0.001",
        "ranks · rank 8, learning_rate 0.0001",
        "ranks · rank 8, learning_rate 0.001",
    ]
    ids = [run["id"] for run in told["runs"]]
    shown = client.get(f"/api/experiments/{told['experiment']['id']}").json()
    assert shown["experiment"]["after"] == ids
    assert [column["label"] for column in shown["columns"]] == ["base", *(f"{r['name']} @ 1" for r in told["runs"])]
    waiting = [run["id"] for run in client.get("/api/queue").json()["waiting"]]
    assert set(waiting) == set(ids), "the experiment has no place in the queue yet"
    diff = client.get(f"/api/run-diff?runs={ids[0]},{ids[3]}").json()
    settings = {one["key"]: one["values"] for one in diff["settings"]}
    assert settings["lora.rank"] == [4, 8]
    assert settings["optimizer.learning_rate"] == [1e-4, 1e-3]
    assert "name" not in settings and "training.steps" not in settings


def test_both_ask_for_machines_with_labels(served: tuple[Any, Context]) -> None:
    client, _ = served
    assert created(client)["run"]["labels"] == []
    answer = client.post("/api/experiments", json={"experiment": KNOWN, "labels": ["eu", "a100", "eu"]})
    assert answer.json()["run"]["labels"] == ["a100", "eu"]
    assert client.post("/api/experiments", json={"experiment": KNOWN, "labels": ["a b"]}).status_code == 422
    dataset = client.post("/api/datasets/sample").json()["id"]
    told = client.post("/api/sweeps", json=SWEEP | {"dataset": dataset, "labels": ["a100"]}).json()
    assert [run["labels"] for run in (*told["runs"], told["experiment"])] == [["a100"]] * 5


def test_a_sweep_with_a_wrong_value_queues_nothing(served: tuple[Any, Context]) -> None:
    client, _ = served
    dataset = client.post("/api/datasets/sample").json()["id"]
    for wrong in (
        {"vary": {"lora.rank": [4, -1]}},
        {"vary": {"lora.rank": []}},
        {"vary": {"lora.rank": [*range(1, 40)]}},
        {"vary": {"lora.rank": [*range(1, 25)]}, "prompts": [f"p{n}" for n in range(50)], "seeds": [*range(9)]},
    ):
        answer = client.post("/api/sweeps", json=SWEEP | {"dataset": dataset} | wrong)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "config_invalid"), wrong
    assert client.get("/api/runs").json()["items"] == []
    assert client.get("/api/experiments").json()["items"] == []


def test_a_view_of_many_cells_is_read_quickly(served: tuple[Any, Context]) -> None:
    import time

    client, context = served
    told = created(client, prompts=[f"thing {n}" for n in range(25)], seeds=list(range(10)))
    folder = context.home / "runs" / told["run"]["id"]
    folder.mkdir(parents=True)
    lines = "".join(json.dumps({"number": n, "seconds": 0.1}) + "\n" for n in range(500))
    (folder / "cells.jsonl").write_text(lines)
    took = []
    for _ in range(5):
        began = time.process_time()
        answer = client.get(f"/api/experiments/{told['run']['id']}")
        took.append(time.process_time() - began)
    assert sum(cell["there"] for cell in answer.json()["cells"]) == 500
    assert min(took) < 0.1

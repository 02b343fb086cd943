"""Captionings in the queue of a real server: the embedded engine, one that asks an address, pause and undo."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.served import Served, wait
from tests.unit.caption.endpoint import endpoint

LABELS = ["cat", "dog", "banana", "car", "cherries", "cactus", "rocket", "apple"]
KEY = "not for the eyes of others"


def ended(served: Served, run: str) -> dict[str, Any]:
    wait(lambda: served.get(f"/api/runs/{run}")["state"] in ("finished", "failed", "cancelled"), "it did not end", 120)
    told: dict[str, Any] = served.get(f"/api/runs/{run}")
    return told


def captions(served: Served, dataset: str) -> list[str]:
    return [one["caption"] for one in served.get(f"/api/datasets/{dataset}/images")["items"]]


def test_the_embedded_engine_adds_labels_as_one_change_that_can_be_undone(served: Served) -> None:
    dataset = served.sample_dataset()
    before = captions(served, dataset)
    job = {"engine": "clip", "labels": LABELS, "existing": "append"}
    run = served.post(f"/api/datasets/{dataset}/captions", {"job": job})
    assert (run["kind"], run["total_steps"]) == ("caption", 24)
    done = ended(served, run["id"])
    assert (done["state"], done["step"], done["error"]) == ("finished", 24, None)
    after = captions(served, dataset)
    assert all(new.startswith(old) for old, new in zip(before, after, strict=True))
    assert sum(new.rsplit(", ", 1)[-1] in LABELS for new in after if ", " in new) >= 12
    assert run["id"] not in [one["id"] for one in served.get("/api/runs")["items"]]  # no training
    assert [one["id"] for one in served.get(f"/api/runs?kind=caption&dataset={dataset}")["items"]] == [run["id"]]
    change = served.get(f"/api/datasets/{dataset}/changes")["items"][0]
    assert change["kind"] == "engine" and change["by"] == "engine:clip"
    served.post(f"/api/datasets/{dataset}/changes/{change['number']}/undo")
    assert captions(served, dataset) == before
    # what the engine saw of the pictures helps whoever answers
    told = served.client.put(f"/api/datasets/{dataset}/labelling", json={"labels": LABELS}).json()
    assert told["total"] == 24 and len(told["queue"]) == 20


def test_an_engine_that_asks_an_address_reaches_it_and_its_key_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LORALOOM_VLM_KEY", KEY)
    with endpoint(("busy", "broken")) as asked:
        server = Served(tmp_path / "home", "--no-warm").start()
        try:
            dataset = server.sample_dataset()
            job = {"engine": "vlm", "url": asked.url, "model": "eyes", "existing": "replace", "retries": 2}
            images = [one["id"] for one in server.get(f"/api/datasets/{dataset}/images?limit=3")["items"]]
            run = server.post(f"/api/datasets/{dataset}/captions", {"job": job, "images": images})["id"]
            done = ended(server, run)
            assert (done["state"], done["step"]) == ("finished", 3), done["error"]
            changed = server.get(f"/api/datasets/{dataset}/changes")["items"][0]
            assert changed["count"] == 3 and changed["by"] == "engine:vlm"
        finally:
            server.stop()
    assert {head["Authorization"] for head in asked.heads} == {f"Bearer {KEY}"} and len(asked.questions) >= 5
    for folder, _, files in os.walk(tmp_path):
        for file in files:
            path = Path(folder) / file
            assert KEY.encode() not in path.read_bytes(), path


def test_it_can_be_cancelled_and_changes_nothing_then(served: Served) -> None:
    dataset = served.sample_dataset()
    before = captions(served, dataset)
    job = {"engine": "clip", "labels": LABELS, "existing": "replace"}
    run = served.post(f"/api/datasets/{dataset}/captions", {"job": job})["id"]
    served.post(f"/api/runs/{run}/cancel")
    assert ended(served, run)["state"] == "cancelled"
    assert captions(served, dataset) == before


def test_what_cannot_be_done_is_said(served: Served) -> None:
    dataset = served.sample_dataset()
    refused = served.client.post(
        f"/api/datasets/{dataset}/captions", json={"job": {"engine": "tagger", "model": "nobody/nothing"}}
    )
    assert refused.json()["error"]["code"] == "base_model_not_found"
    empty = served.post("/api/datasets", {"name": "empty"})["id"]
    job = {"engine": "clip", "labels": ["a", "b"]}
    answer = served.client.post(f"/api/datasets/{empty}/captions", json={"job": job})
    assert answer.json()["error"]["code"] == "dataset_empty"
    assert {one["engine"] for one in served.get("/api/caption-engines")["items"]} == {
        "clip",
        "tagger",
        "caption",
        "vlm",
        "photo",
    }
    assert {one["language"] for one in served.get("/api/label-sets")["items"]} == {"en", "zh"}

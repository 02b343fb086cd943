"""Forecast, what if and advice of a run on texts over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from loraloom.server.routes import forecast
from tests.text_folder import text_folder
from tests.text_runs import pairs
from tests.uploading import serving


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    """Of a server with a language model under the name `tiny`."""
    with serving(tmp_path / "home") as (client, _):
        app: Any = client.app
        app.include_router(forecast.router, prefix="/api")
        folder = text_folder(tmp_path / "tiny")
        assert client.post("/api/models", json={"source": str(folder), "name": "tiny"}).status_code == 201
        yield client


def asked(client: TestClient, **groups: Any) -> dict[str, Any]:
    """What forecasts are asked with, on a data set of twelve pairs."""
    dataset = client.post("/api/datasets", json={"name": "shop", "kind": "texts"}).json()["id"]
    client.post(f"/api/datasets/{dataset}/examples", json={"examples": pairs()})
    config = {"base_model": "tiny", "training": {"epochs": 40, "batch_size": 4, "device": "cpu"}, **groups}
    return {"dataset": dataset, "config": config}


def test_told_with_what_if_and_advice(client: TestClient) -> None:
    body = asked(client)
    answer = client.post("/api/config/forecast", json=body)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["forecast"]["steps"] == 120 and told["forecast"]["source"] == "model" and told["forecast"]["fits"]
    assert [one["code"] for one in told["advice"]] == ["few_texts", "no_answers"]
    assert told["advice"][1]["mends"]["sample.prompts"][0] == "Where is shop 0?"
    assert told["fit"] == {"changes": [], "fits": True}
    rows = {(row["key"], row["value"]): row for row in client.post("/api/config/what-if", json=body).json()["items"]}
    assert {"training.batch_size", "dataset.max_length", "lora.rank", "training.epochs", "device"} == {
        key for key, _ in rows
    }
    assert (
        rows["training.epochs", 80]["seconds"]
        > told["forecast"]["seconds"]["p50"]
        > rows["training.epochs", 20]["seconds"]
    )


def test_auto_and_another_device(client: TestClient) -> None:
    body = asked(client, training={"steps": 10, "batch_size": "auto"})
    told = client.post("/api/config/forecast", json={**body, "device": "NVIDIA GeForce RTX 4090"})
    assert told.status_code == 200 and told.json()["forecast"]["device"] == "NVIDIA GeForce RTX 4090"

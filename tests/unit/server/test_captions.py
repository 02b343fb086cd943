"""Captionings over HTTP: what is queued."""

from __future__ import annotations

from starlette.testclient import TestClient

from loraloom.server.context import Context
from tests.uploading import bearing


def test_a_captioning_asks_for_machines_with_labels(server: TestClient, context: Context) -> None:
    server.headers.update(bearing(context))
    dataset = server.post("/api/datasets/sample").json()["id"]
    body = {"job": {"engine": "clip", "labels": ["apple", "pear"]}}
    for asked, kept in (({}, []), ({"labels": ["eu", "a100", "eu"]}, ["a100", "eu"])):
        answer = server.post(f"/api/datasets/{dataset}/captions", json=body | asked)
        assert answer.status_code == 201, answer.text
        assert answer.json()["labels"] == kept
    refused = server.post(f"/api/datasets/{dataset}/captions", json=body | {"labels": ["a b"]})
    assert refused.json()["error"]["code"] == "request_invalid"

"""Everything the OpenAPI says is tried with all sorts of input: no 5xx, and every answer as the schema says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from loraloom.server.app import create_app
from loraloom.server.context import Options
from tests.unit.server.easels import Fake

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
APP = create_app(Options(home=Path("nowhere"), warm=False, train=False))
schema = schemathesis.openapi.from_dict(APP.openapi())


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A server with a data set and a run in its queue, and nobody to start it; what is drawn is grey."""
    Fake.made, Fake.go = [], True
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("loraloom.server.drawing.DrawProcess", Fake)
        yield from _client(tmp_path_factory)


def _client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    app = create_app(Options(home=tmp_path_factory.mktemp("api"), warm=False, train=False))
    with TestClient(app, base_url="http://127.0.0.1:7860", raise_server_exceptions=False) as client:
        client.headers["X-CSRF-Token"] = client.get("/api/session").json()["csrf"]
        dataset = client.post("/api/datasets/sample").json()["id"]
        answer = client.post("/api/runs", json={"dataset": dataset, "config": {"preset": "quick-look"}})
        assert answer.status_code == 201, answer.text
        yield client


@schema.parametrize()
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_api_keeps_its_word(case: schemathesis.Case, client: TestClient) -> None:
    request = case.as_transport_kwargs(base_url="http://127.0.0.1:7860")
    request["headers"] = {**dict(request.get("headers") or {}), "X-CSRF-Token": client.headers["X-CSRF-Token"]}
    request.pop("cookies", None)
    answer = client.request(**request)
    case.validate_response(answer, checks=list(CHECKS))

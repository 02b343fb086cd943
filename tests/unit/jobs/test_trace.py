"""A trace goes through server, messenger and worker, and costs nothing where nobody asked for one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from loraloom.jobs import trace
from loraloom.server.app import create_app
from loraloom.server.context import Options
from loraloom.server.observed import Observed
from tests.otlp import Receiver, receiving

BROWSER = "4bf92f3577b34da6a3ce929d0e0e4736"
WORKER = """
import json, sys
from loraloom.jobs import trace
assert trace.begin("loraloom-worker")
message = json.loads(sys.argv[1])
with trace.span("carry out", run_id=message["run"], carrier=message["carrier"], kind="consumer", device="cpu"):
    with trace.span("upload", run_id=message["run"], bytes=12):
        print(json.dumps(trace.carrier()))
"""


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """Traces are asked for; they end with the test."""
    with receiving() as got:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", got.endpoint)
        yield got
        trace.end()


def test_a_run_is_one_trace_from_the_request_to_the_worker(
    collector: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert trace.begin("loraloom-server")
    app = create_app(Options(home=tmp_path / "home", warm=False, train=False))
    if not any(one.cls is Observed for one in app.user_middleware):
        app.add_middleware(Observed)
    messages: list[dict[str, str]] = []
    with TestClient(app, base_url="http://127.0.0.1:7860") as server:
        server.headers["X-CSRF-Token"] = server.get("/api/session").json()["csrf"]
        dataset = server.post("/api/datasets/sample").json()["id"]
        context = app.state.context
        monkeypatch.setattr(context.supervisor, "wake", lambda *_: messages.append(trace.carrier()))
        answer = server.post(
            "/api/runs",
            json={"dataset": dataset, "config": {"preset": "quick-look"}},
            headers={"traceparent": f"00-{BROWSER}-00f067aa0ba902b7-01"},
        )
        assert answer.status_code == 201, answer.text
        server.get("/healthz")
        server.get(f"/api/runs/{answer.json()['id']}")
    run = answer.json()["id"]
    (message,) = messages
    said = json.dumps({"run": run, "carrier": message})
    worker = subprocess.run([sys.executable, "-c", WORKER, said], capture_output=True, text=True, check=False)
    assert worker.returncode == 0, worker.stderr
    trace.end()

    request, carried, upload = (collector.named(name) for name in ("POST /api/runs", "carry out", "upload"))
    assert request.trace == carried.trace == upload.trace == BROWSER
    assert (request.parent, carried.parent, upload.parent) == ("00f067aa0ba902b7", request.id, carried.id)
    assert (request.service, carried.service) == ("loraloom-server", "loraloom-worker")
    assert carried.attributes[trace.RUN] == run == collector.named("GET /api/runs/{run_id}").attributes[trace.RUN]
    assert request.attributes["http.response.status_code"] == 201
    assert not [span for span in collector.spans if "healthz" in span.name]
    assert json.loads(worker.stdout)["traceparent"] == f"00-{BROWSER}-{upload.id}-01"


def test_what_fails_is_marked_and_a_bad_carrier_begins_a_trace(collector: Receiver) -> None:
    assert trace.begin("t") and trace.begin("t")
    with pytest.raises(ValueError, match="no room"), trace.span("settle", carrier={"traceparent": "00-nothing"}):
        assert trace.trace_id() is not None
        raise ValueError("no room")
    with trace.span("good", carrier={}):
        pass
    trace.end()
    assert collector.named("settle").failed and not collector.named("good").failed
    assert collector.named("settle").trace != collector.named("good").trace


def test_who_takes_a_run_up_later_finds_what_it_began_with(
    collector: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace, "MOST_KEPT", 3)
    trace.keep("before")
    assert trace.begin("t") and trace.kept("before") == {}
    trace.keep("outside of every span")
    with trace.span("create"):
        for run in ("a", "b", "c", "d"):
            trace.keep(run)
    with trace.span("claim", "d", trace.kept("d")):
        pass
    assert trace.kept("a") == trace.kept("outside of every span") == {}
    trace.end()
    created, claimed = collector.named("create"), collector.named("claim")
    assert (claimed.trace, claimed.parent) == (created.trace, created.id)
    assert trace.kept("d") == {}


def test_nothing_is_imported_where_nothing_is_traced() -> None:
    code = (
        "import sys; from loraloom.jobs import trace\n"
        "assert not trace.begin('x')\n"
        "with trace.span('x', run_id='r', carrier={'traceparent': 'y'}, n=1) as one: assert one is None\n"
        "assert trace.carrier() == {} and trace.trace_id() is None\n"
        "trace.end()\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    env = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_without_the_extra_there_is_a_warning_and_no_trace() -> None:
    code = (
        "import sys; sys.modules['opentelemetry.sdk'] = None\n"
        "import logging; logging.basicConfig()\n"
        "from loraloom.jobs import trace; assert not trace.begin('x')\n"
        "with trace.span('x'): pass"
    )
    env = os.environ | {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "extra `otel` is not installed" in done.stderr

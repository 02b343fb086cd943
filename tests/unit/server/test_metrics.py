"""What /metrics tells, to whom, and that the dashboard asks for nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from loraloom.jobs import history
from loraloom.server.app import create_app
from loraloom.server.context import Context, Options
from loraloom.server.observed import Observed
from loraloom.server.routes.health import TOKEN
from loraloom.store import tokens, users
from loraloom.store.tables import Run, now
from tests.unit.server.filled import add_run, fill, outcome


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A server whose requests are counted."""
    monkeypatch.setenv("LORALOOM_HOME", str(tmp_path / "home"))
    app = create_app(Options(home=tmp_path / "home", warm=False, train=False))
    if not any(one.cls is Observed for one in app.user_middleware):
        app.add_middleware(Observed)
    with TestClient(app, base_url="http://127.0.0.1:7860") as client:
        yield client


def scrape(server: TestClient) -> dict[str, dict[frozenset[tuple[str, str]], float]]:
    """Sample -> labels -> value."""
    answer = server.get("/metrics")
    assert answer.status_code == 200, answer.text
    found: dict[str, dict[frozenset[tuple[str, str]], float]] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[frozenset(sample.labels.items())] = sample.value
    return found


def value(found: dict[str, dict[frozenset[tuple[str, str]], float]], name: str, **labels: str) -> float:
    """One sample; 0 where there is none."""
    return found.get(name, {}).get(frozenset(labels.items()), 0.0)


def test_rows_become_gauges(server: TestClient) -> None:
    context: Context = server.app.state.context  # type: ignore[attr-defined]
    fill(context)
    found = scrape(server)
    assert value(found, "loraloom_queue_length") == 3
    assert value(found, "loraloom_queue_waiting", priority="0") == 2
    assert value(found, "loraloom_queue_waiting", priority="5") == 1
    assert value(found, "loraloom_queue_oldest_wait_seconds") >= 90
    assert value(found, "loraloom_runs", state="running") == 3
    workers = {state: value(found, "loraloom_workers", state=state) for state in ("there", "draining", "gone")}
    assert workers == {"there": 1, "draining": 1, "gone": 1}
    assert value(found, "loraloom_devices", worker="left", kind="cuda") == 2
    assert not value(found, "loraloom_devices", worker="lost", kind="cuda")
    assert value(found, "loraloom_devices_in_use", worker="left", kind="cuda") == 1
    assert value(found, "loraloom_devices_in_use", worker="right", kind="cuda") == 0
    assert value(found, "loraloom_devices_in_use", worker="lost", kind="cuda") == 1
    assert value(found, "loraloom_devices_in_use", worker="server", kind="cpu") == 1
    assert value(found, "loraloom_devices_in_use", worker="server", kind="cuda") == 0
    assert value(found, "loraloom_oldest_beat_seconds") >= 30
    assert value(found, "loraloom_grants", how="taken") == 1
    assert value(found, "loraloom_database_up") == 1
    assert value(found, "loraloom_device_memory_total_bytes", device="cpu", kind="cpu") > 1e8
    assert value(found, "process_resident_memory_bytes") > 1e7


def test_each_end_is_counted_once_by_its_reason(server: TestClient) -> None:
    context: Context = server.app.state.context  # type: ignore[attr-defined]
    add_run(context, state="failed", ended_at=now() - timedelta(days=1), error={"code": "internal"})
    before = scrape(server)
    run_id = add_run(
        context, state="failed", ended_at=now(), error={"code": "out_of_memory", "message": "", "hint": ""}
    )
    add_run(context, state="finished", ended_at=now())
    add_run(context, state="cancelled", ended_at=now(), error=None)
    add_run(context, state="paused", ended_at=now())
    scrape(server)
    after = scrape(server)

    def more(state: str, code: str = "") -> float:
        name, labels = "loraloom_run_ends_total", {"state": state, "code": code}
        return value(after, name, **labels) - value(before, name, **labels)

    assert (more("failed", "out_of_memory"), more("finished"), more("cancelled")) == (1, 1, 1)
    assert value(after, "loraloom_run_ends_total", state="failed", code="internal") == value(
        before, "loraloom_run_ends_total", state="failed", code="internal"
    )
    with context.database.session() as session:  # tried again, and failed again
        session.get_one(Run, run_id).ended_at = now()
    before, after = after, scrape(server)
    assert more("failed", "out_of_memory") == 1


def test_forecasts_are_put_beside_what_runs_took(server: TestClient) -> None:
    history.add(outcome("1", 100.0))
    before = scrape(server)
    assert value(before, "loraloom_forecast_error_median", what="time", source="model") == 0
    history.add(outcome("2", 140.0))
    history.add(outcome("3", 140.0))
    after = scrape(server)
    assert value(after, "loraloom_forecast_error_median", what="time", source="model") == pytest.approx(1 - 100 / 140)

    def more(what: str, sample: str) -> float:
        labels = {"what": what, "source": "model"}
        name = f"loraloom_forecast_error_ratio_{sample}"
        return value(after, name, **labels) - value(before, name, **labels)

    assert more("time", "count") == 2 and more("time", "sum") == pytest.approx(0.8)
    assert more("memory", "count") == 2 and more("memory", "sum") == pytest.approx(1.0)


def test_requests_are_timed_by_route_and_never_by_what_was_asked_for(server: TestClient) -> None:
    before = scrape(server)
    for path in ("/api/runs/one", "/api/runs/two", "/api/runs/one/files/a/b.png", "/three", "/four", "/api/five"):
        server.get(path)
    server.request("BREW", "/api/runs")
    after = scrape(server)

    def more(method: str, route: str, status: str) -> float:
        name, labels = "loraloom_http_request_seconds_count", {"method": method, "route": route, "status": status}
        return value(after, name, **labels) - value(before, name, **labels)

    assert more("GET", "/api/runs/{run_id}", "4xx") == 2
    assert more("GET", "/{path:path}", "4xx") >= 1
    routes = {dict(labels)["route"] for labels in after["loraloom_http_request_seconds_count"]}
    assert not [route for route in routes if re.search(r"\b(one|two|three|four|five|a/b)\b", route)]
    assert value(after, "loraloom_http_bytes_total", direction="down") > value(
        before, "loraloom_http_bytes_total", direction="down"
    )


def test_bytes_are_counted_both_ways_and_messages_of_sockets(server: TestClient) -> None:
    csrf = {"X-CSRF-Token": server.get("/api/session").json()["csrf"]}
    before = scrape(server)
    server.post("/api/datasets", content=b'{"name": "' + b"x" * 100 + b'"}', headers=csrf)
    context: Context = server.app.state.context  # type: ignore[attr-defined]
    with server.websocket_connect("ws://127.0.0.1:7860/api/queue/events") as socket:
        assert value(scrape(server), "loraloom_watchers") == 1
        run_id = add_run(context)
        context.hub.tell(run_id, False)
        told = socket.receive_text()
    after = scrape(server)
    up = [value(found, "loraloom_http_bytes_total", direction="up") for found in (before, after)]
    assert up[1] - up[0] == 112
    sent = [value(found, "loraloom_socket_characters_total") for found in (before, after)]
    assert sent[1] - sent[0] == len(told)


def test_numbers_come_while_the_database_does_not_answer(server: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, "m" * 30)
    server.headers["Authorization"] = "Bearer " + "m" * 30
    context: Context = server.app.state.context  # type: ignore[attr-defined]
    with context.database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE runs RENAME TO gone")
    found = scrape(server)
    assert value(found, "loraloom_database_up") == 0 and "loraloom_queue_length" not in found
    assert value(found, "process_resident_memory_bytes") > 0


def test_with_a_login_a_token_is_needed(server: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    context: Context = server.app.state.context  # type: ignore[attr-defined]
    assert server.get("/metrics").status_code == 200, "as everything, while nobody has to log in"
    with context.database.session() as session:
        ada = users.add_user(session, "ada", "correct horse", True)
        secret = tokens.add_token(session, ada, "prometheus")[1]

    def status(token: str | None) -> int:
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        return server.get("/metrics", headers=headers).status_code

    assert [status(None), status(""), status("loom_wrong"), status(secret)] == [401, 401, 401, 200]
    monkeypatch.setenv(TOKEN, "only-for-numbers")
    assert [status(None), status("only-for-number"), status("only-for-numbers")] == [401, 401, 200]
    answer = server.get("/api/runs", headers={"Authorization": "Bearer only-for-numbers"})
    assert answer.status_code == 401, "the metrics token opens nothing else"
    assert server.get("/healthz").status_code == 200

"""Workers, quotas, teams and a long queue over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from loraloom.jobs import offers, queue
from loraloom.server.app import create_app
from loraloom.server.context import Context, Options
from loraloom.spec.work import WorkerDevice
from loraloom.store import tokens, users
from loraloom.store.tables import Lease, Run, User, Worker, now
from tests.uploading import bearing

GB = 1 << 30
CARD = {"id": "cuda:0", "name": "A card", "kind": "cuda", "memory_total": 24 * GB}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Any, Context]]:
    """A client that is an administrator, on a server whose own machine carries out nothing."""
    app = create_app(Options(home=tmp_path / "home", warm=False, train=False))
    with TestClient(app, base_url="http://127.0.0.1:7860") as client:
        context = app.state.context
        client.headers.update(bearing(context))
        with context.database.session() as session:
            offers.announce(session, [])
        yield client, context


def add_worker(context: Context, name: str, **columns: Any) -> str:
    with context.database.session() as session:
        row = Worker(name=name, devices=[CARD], labels=["a100"], version="1.2", **columns)
        session.add(row)
        session.flush()
        return row.id


def add_runs(context: Context, count: int, **columns: Any) -> list[str]:
    with context.database.session() as session:
        owner = session.query(User).first()
        assert owner is not None
        rows = [
            Run(name=f"r{n}", user_id=owner.id, family="sd1", base_model="thimble", place=float(n), **columns)
            for n in range(count)
        ]
        session.add_all(rows)
        session.flush()
        return [row.id for row in rows]


def test_a_worker_is_shown_with_what_it_does(served: tuple[Any, Context]) -> None:
    client, context = served
    add_worker(context, "gpu-1")
    add_worker(context, "gone", seen_at=now() - timedelta(minutes=5))
    run_id = add_runs(context, 1)[0]
    with context.database.session() as session:
        assert queue.claim(session, run_id, "gpu-1/cuda:0", "gpu-1")
    gone, there = client.get("/api/workers").json()["items"]
    assert (gone["name"], gone["there"], gone["devices"][0]["run"]) == ("gone", False, None)
    assert (there["there"], there["labels"], there["version"]) == (True, ["a100"], "1.2")
    assert there["devices"] == [CARD | {"count": 1, "run": {"id": run_id, "name": "r0"}}]
    assert client.get(f"/api/runs/{run_id}").json()["worker"] == "gpu-1"
    assert client.get("/api/labels").json() == {"labels": ["a100"]}


def test_a_worker_is_drained_and_forgotten(served: tuple[Any, Context]) -> None:
    client, context = served
    worker_id = add_worker(context, "gpu-1")
    run_id = add_runs(context, 1)[0]
    with context.database.session() as session:
        assert queue.claim(session, run_id, "gpu-1/cuda:0", "gpu-1")
    drained = client.patch(f"/api/workers/{worker_id}", json={"draining": True}).json()
    assert drained["draining"] is True
    refused = client.delete(f"/api/workers/{worker_id}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "in_use")
    with context.database.session() as session:
        queue.release(session, run_id)
    assert client.delete(f"/api/workers/{worker_id}").status_code == 204
    assert client.get("/api/workers").json()["items"] == []
    with context.database.session() as session:
        assert session.get(Lease, "gpu-1/cuda:0") is None
    answer = client.patch(f"/api/workers/{worker_id}", json={"draining": False})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "worker_not_found")


def test_only_administrators_see_workers_and_quotas(served: tuple[Any, Context]) -> None:
    client, context = served
    client.headers.update(bearing(context, "ben"))
    for method, path in (("GET", "/api/workers"), ("GET", "/api/settings/quotas"), ("PATCH", "/api/workers/x")):
        body = {"draining": True} if method == "PATCH" else None
        assert client.request(method, path, json=body).json()["error"]["code"] == "not_allowed", path
    assert client.get("/api/labels").status_code == 200


def test_a_long_queue_comes_in_pieces(served: tuple[Any, Context]) -> None:
    client, context = served
    ids = add_runs(context, 130)
    first = client.get("/api/queue").json()
    assert (len(first["waiting"]), first["total"], first["next"]) == (50, 130, 50)
    last = client.get("/api/queue?after=100&limit=50").json()
    assert [run["id"] for run in last["waiting"]] == ids[100:] and last["next"] is None
    assert [run["position"] for run in last["waiting"]] == list(range(101, 131))
    moved = client.post("/api/queue/order", json={"run": ids[120], "before": ids[0]}).json()
    assert moved["waiting"][0]["id"] == ids[120] and moved["total"] == 130


def test_a_queued_run_says_why_it_waits(served: tuple[Any, Context]) -> None:
    client, context = served
    add_worker(context, "gpu-1")
    ids = [
        *add_runs(context, 1, needs_bytes=30 * GB),
        *add_runs(context, 1, labels=["h100"]),
        *add_runs(context, 1, wanted_device="cpu"),
        *add_runs(context, 1, labels=["a100"]),
    ]
    told = {run["id"]: run["waits"] for run in client.get("/api/queue").json()["waiting"]}
    plain = {"most": None, "team": None, "labels": [], "device": None, "cards": None, "bytes": None}
    assert told == {
        ids[0]: plain | {"why": "memory", "bytes": 30 * GB},
        ids[1]: plain | {"why": "labels", "labels": ["h100"]},
        ids[2]: plain | {"why": "device", "device": "cpu"},
        ids[3]: None,
    }
    client.put("/api/settings/quotas", json={"items": [{"kind": "user", "name": "", "most_active": 0}]})
    assert client.get(f"/api/runs/{ids[3]}").json()["waits"] == plain | {"why": "quota", "most": 0}
    with context.database.session() as session:
        offers.announce(session, [WorkerDevice(id="cpu")])
    client.put("/api/settings/quotas", json={"items": []})
    assert client.get(f"/api/runs/{ids[2]}").json()["waits"] is None


def test_quotas_are_kept_and_refuse(served: tuple[Any, Context]) -> None:
    client, _ = served
    rows = [
        {"kind": "team", "name": "ink", "most_active": 4, "most_queued": None},
        {"kind": "user", "name": "", "most_active": None, "most_queued": 0},
    ]
    assert client.put("/api/settings/quotas", json={"items": list(reversed(rows))}).json() == {"items": rows}
    assert client.get("/api/settings/quotas").json() == {"items": rows}
    body = {"dataset": None, "config": {}, "labels": ["a100"]}
    refused = client.post("/api/runs", json=body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "quota_reached")
    assert client.post("/api/runs", json=body | {"labels": ["a b"]}).json()["error"]["code"] == "request_invalid"
    wrong = {"items": [{"kind": "user", "name": "x", "most_active": -1}]}
    assert client.put("/api/settings/quotas", json=wrong).status_code == 422


def test_a_quota_refuses_to_queue_a_run_again(served: tuple[Any, Context]) -> None:
    client, context = served
    paused, failed, other = (add_runs(context, 1, state=state)[0] for state in ("paused", "failed", "queued"))
    rows = [{"kind": "user", "name": "", "most_queued": 1}]
    client.put("/api/settings/quotas", json={"items": rows})
    for path in (f"/api/runs/{paused}/resume", f"/api/runs/{failed}/retry"):
        refused = client.post(path, json={})
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "quota_reached"), path
        assert " has 1 runs waiting, and 1 may wait at most." in refused.json()["error"]["message"]
    assert client.post(f"/api/runs/{other}/resume").json()["error"]["code"] == "run_not_ready"
    assert client.get(f"/api/runs/{paused}").json()["state"] == "paused"
    client.post(f"/api/runs/{other}/cancel")
    assert client.post(f"/api/runs/{paused}/resume").json()["state"] == "queued"
    assert client.post(f"/api/runs/{failed}/retry", json={}).json()["error"]["code"] == "quota_reached"


def test_a_quota_of_the_owner_holds_whoever_asks(served: tuple[Any, Context]) -> None:
    client, context = served
    bearing(context, "ben")
    with context.database.session() as session:
        ben = session.query(User).filter_by(name="ben").one()
        run = Run(name="his", user_id=ben.id, family="sd1", base_model="thimble", state="paused")
        session.add(run)
        session.flush()
        run_id = run.id
    client.put("/api/settings/quotas", json={"items": [{"kind": "user", "name": "ben", "most_queued": 0}]})
    refused = client.post(f"/api/runs/{run_id}/resume").json()["error"]
    assert (refused["code"], refused["message"]) == ("quota_reached", "ben has 0 runs waiting, and 0 may wait at most.")


def test_a_user_is_put_into_a_team(served: tuple[Any, Context]) -> None:
    client, context = served
    made = client.post("/api/users", json={"name": "anna", "password": "correct horse", "team": " ink "}).json()
    assert made["team"] == "ink"
    with context.database.session() as session:  # from now on a login is needed: anna is the first, and administrator
        token = tokens.add_token(session, users.find_user(session, "anna"), "test")[1]
    client.headers.update({"Authorization": f"Bearer {token}"})
    assert client.patch(f"/api/users/{made['id']}", json={"team": "水墨"}).json()["team"] == "水墨"
    assert client.patch(f"/api/users/{made['id']}", json={"team": ""}).json()["team"] == ""
    assert client.patch(f"/api/users/{made['id']}", json={"team": "a\nb"}).json()["error"]["code"] == "request_invalid"

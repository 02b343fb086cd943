"""Who is asking, and what a request that changes something must carry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from loraloom.server.app import create_app
from loraloom.server.context import Options
from loraloom.store import tokens, users
from loraloom.store.tables import Token
from tests.guarded_app import PASSWORD, URL, add_user, build, cheap_hashes, client, csrf, log_in

WITHOUT_LOGIN = {"/api/session", "/api/openapi.json", "/api/docs"}
WORKERS = "/api/work/"
"""What workers ask: they have tokens of their own."""


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    cheap_hashes(monkeypatch)
    return build(tmp_path)


def make_token(app: FastAPI, name: str) -> dict[str, str]:
    with app.state.context.database.session() as db:
        user = users.ensure_local(db) if name == "local" else users.find_user(db, name)
        return {"Authorization": f"Bearer {tokens.add_token(db, user, 'script')[1]}"}


def code(answer: Any) -> str:
    return answer.json()["error"]["code"]


def test_scripts_on_this_machine_may_read_without_anything(app: FastAPI) -> None:
    assert client(app).get("/api/probe").json() == {"user": "local"}


def test_what_changes_something_needs_the_token_even_without_login(app: FastAPI) -> None:
    script = client(app)
    for headers in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": "0" * 64}, {"X-CSRF-Token": "\u00e9"}):
        answer = script.post("/api/probe", headers={k: v.encode("latin-1") for k, v in headers.items()})
        assert answer.status_code == 403 and code(answer) == "foreign_request"
    assert "GET /api/session" in answer.json()["error"]["hint"]
    assert script.post("/api/probe", headers=csrf(script)).json() == {"user": "local"}


def test_the_token_of_another_browser_is_refused(app: FastAPI) -> None:
    add_user(app)
    mine, theirs = log_in(app), log_in(app)
    theirs_token = theirs.headers["X-CSRF-Token"]
    assert mine.post("/api/probe", headers={"X-CSRF-Token": theirs_token}).status_code == 403
    assert client(app).post("/api/probe", headers={"X-CSRF-Token": theirs_token}).status_code == 401
    assert mine.post("/api/probe").json() == {"user": "anna"}


@pytest.mark.parametrize("name", ["local", "anna"])
def test_an_api_token_needs_no_csrf(app: FastAPI, name: str) -> None:
    if name == "anna":
        add_user(app)
    bearer = make_token(app, name)
    assert client(app).post("/api/probe", headers=bearer).json() == {"user": name}
    assert (
        client(app).post("/api/probe", headers={"authorization": "bearer " + bearer["Authorization"][7:]}).status_code
        == 200
    )


@pytest.mark.parametrize("value", ["Bearer", "Bearer ", "Bearer loom_x", "Bearer x", "bearer loom_\u00e9"])
def test_a_wrong_api_token_is_refused_where_no_login_is_needed_too(app: FastAPI, value: str) -> None:
    for browser in (client(app), client(app)):
        answer = browser.get("/api/probe", headers={"Authorization": value.encode("latin-1")})
        assert answer.status_code == 401 and code(answer) == "login_needed"
        add_user(app, f"user{id(browser)}")


def test_other_authorization_is_the_proxys_and_frees_from_nothing(app: FastAPI) -> None:
    basic = {"Authorization": "Basic YTpi"}
    assert client(app).get("/api/probe", headers=basic).status_code == 200
    assert client(app).post("/api/probe", headers=basic).status_code == 403


def test_tokens_made_without_login_end_with_it(app: FastAPI) -> None:
    bearer = make_token(app, "local")
    assert client(app).get("/api/probe", headers=bearer).status_code == 200
    add_user(app)
    assert client(app).get("/api/probe", headers=bearer).status_code == 401


def test_use_of_a_token_is_kept(app: FastAPI) -> None:
    add_user(app)
    bearer = make_token(app, "anna")
    client(app).get("/api/probe", headers=bearer)
    with app.state.context.database.session() as db:
        token = db.query(Token).one()
        assert token.used_at is not None
        token.used_at = before = token.used_at - timedelta(seconds=30)
    client(app).get("/api/probe", headers=bearer)
    with app.state.context.database.session() as db:
        assert db.query(Token).one().used_at == before


@pytest.mark.parametrize(
    ("host", "hosts"), [("0.0.0.0", ()), ("192.168.1.5", ()), ("127.0.0.1", ("loom.example.org",))]
)
def test_nobody_is_local_where_others_reach_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, hosts: tuple[str, ...]
) -> None:
    cheap_hashes(monkeypatch)
    app = build(tmp_path, host, hosts)
    bearer = make_token(app, "local")
    browser = client(app)
    assert browser.get("/api/session").json()["login_required"] is True
    assert browser.get("/api/probe").status_code == 401
    assert browser.get("/api/probe", headers=bearer).status_code == 401


def follow(browser: TestClient, path: str = "/api/probe", **headers: str) -> str:
    url = URL.replace("http", "ws") + path
    with browser.websocket_connect(url, headers={"Origin": URL, **headers}) as socket:
        return socket.receive_text()


def test_sockets_need_a_cookie_or_a_token(app: FastAPI) -> None:
    assert follow(client(app)) == "local"
    add_user(app)
    bearer = make_token(app, "anna")
    assert follow(log_in(app)) == "anna"
    assert follow(client(app), **bearer) == "anna"
    for path in ("/api/probe", f"/api/probe?token={bearer['Authorization'][7:]}"):
        with pytest.raises(WebSocketDisconnect):
            follow(client(app), path)


@pytest.fixture
def whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """The whole server, with a user who may log in."""
    cheap_hashes(monkeypatch)
    app = create_app(Options(home=tmp_path / "home", warm=False, train=False))
    with TestClient(app, base_url=URL) as browser:
        add_user(app)
        yield browser


def operations(app: FastAPI) -> list[tuple[str, str]]:
    paths: dict[str, dict[str, Any]] = app.openapi()["paths"]
    return [
        (method.upper(), path)
        for path, methods in paths.items()
        for method in methods
        if path.startswith("/api/") and not path.startswith(WORKERS)
    ]


@pytest.mark.parametrize("bearer", [None, "loomrun_nothing", "loom_nothing", "", "known to nobody, but long enough"])
def test_what_workers_ask_wants_a_token_of_theirs(whole: TestClient, bearer: str | None) -> None:
    """A person's login opens nothing there either."""
    assert isinstance(whole.app, FastAPI)
    token = whole.get("/api/session").json()["csrf"]
    right = {"name": "anna", "password": PASSWORD}
    assert whole.post("/api/session", json=right, headers={"X-CSRF-Token": token}).status_code == 200
    headers = {"X-CSRF-Token": token} | ({} if bearer is None else {"Authorization": f"Bearer {bearer}"})
    paths: dict[str, dict[str, Any]] = whole.app.openapi()["paths"]
    asked = [(method, path) for path, methods in paths.items() for method in methods if path.startswith(WORKERS)]
    assert len(asked) >= 9
    for method, path in asked:
        named = re.sub(r"\{sha256\}", "0" * 64, re.sub(r"\{(worker_id|number)\}", "1", path))
        query = {"sha256": "0" * 64, "upload": "x"}
        answer = whole.request(method, named, params=query, json={}, headers=headers)
        assert (answer.status_code, code(answer)) in ((403, "worker_refused"), (409, "stale_lease")), path


def test_every_address_of_the_api_wants_a_login(whole: TestClient) -> None:
    assert isinstance(whole.app, FastAPI)
    asked = [(method, path) for method, path in operations(whole.app) if path not in WITHOUT_LOGIN]
    assert len(asked) > 30
    fields = {"json": {}, "headers": {"X-CSRF-Token": "x", "Tus-Resumable": "1.0.0"}}
    open_ = [
        f"{method} {path} -> {answer.status_code}"
        for method, path in asked
        for answer in [whole.request(method, re.sub(r"\{[^}]+\}", "1", path), **fields)]
        if answer.status_code != 401 or code(answer) != "login_needed"
    ]
    assert not open_


def test_every_change_wants_the_csrf_token(whole: TestClient) -> None:
    assert isinstance(whole.app, FastAPI)
    token = whole.get("/api/session").json()["csrf"]
    right = {"name": "anna", "password": PASSWORD}
    assert whole.post("/api/session", json=right, headers={"X-CSRF-Token": token}).status_code == 200
    asked = [(method, path) for method, path in operations(whole.app) if method not in ("GET", "HEAD", "OPTIONS")]
    assert len(asked) > 15
    open_ = [
        f"{method} {path} -> {answer.status_code}"
        for method, path in asked
        for answer in [
            whole.request(method, re.sub(r"\{[^}]+\}", "1", path), json=right, headers={"Tus-Resumable": "1.0.0"})
        ]
        if answer.status_code != 403 or code(answer) != "foreign_request"
    ]
    assert not open_

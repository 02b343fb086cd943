"""A small server behind the guard: logins, users, tokens, and a probe that says who is asking."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, Request, Response, WebSocket
from fastapi.testclient import TestClient
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from loraloom.server import errors
from loraloom.server.context import Options
from loraloom.server.deps import Db, Me
from loraloom.server.guard import Guard
from loraloom.server.routes import session, tokens, users
from loraloom.store import passwords
from loraloom.store import users as stored
from loraloom.store.database import Database, sqlite_url

CHEAP = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1),))
URL = "http://127.0.0.1:7860"
PASSWORD = "correct horse"
probe = APIRouter()


@probe.get("/probe")
@probe.post("/probe")
def read_probe(user: Me) -> dict[str, str]:
    return {"user": user.name}


@probe.post("/length")
@probe.post("/uploads/length")
async def read_length(request: Request) -> dict[str, int]:
    return {"length": len(await request.body())}


@probe.post("/body")
def read_body(body: dict[str, Any]) -> dict[str, int]:
    return {"keys": len(body)}


@probe.get("/tagged")
def read_tagged(response: Response) -> dict[str, str]:
    response.headers["ETag"] = 'W/"1"'
    return {}


@probe.websocket("/probe")
async def follow_probe(socket: WebSocket, user: Me) -> None:
    await socket.accept()
    await socket.send_text(user.name)
    await socket.close()


def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords that cost a millisecond, for tests that need many."""
    monkeypatch.setattr(passwords, "HASHES", CHEAP)
    passwords._nobody.cache_clear()


def build(home: Path, host: str = "127.0.0.1", hosts: tuple[str, ...] = ()) -> FastAPI:
    """The application, on a database of its own."""
    app = FastAPI()
    errors.install(app)
    database = Database(sqlite_url(home))
    database.migrate()
    app.state.context = SimpleNamespace(
        home=home, database=database, options=Options(home=home, host=host, hosts=hosts)
    )
    for router in (session.router, users.router, tokens.router, probe):
        app.include_router(router, prefix="/api")

    @app.get("/")
    def read_page() -> Response:
        return Response("<!doctype html>", media_type="text/html")

    @app.get("/healthz")
    def read_health(db: Db) -> dict[str, str]:
        return {"status": "ok"}

    app.add_middleware(Guard, hosts=(host, *hosts))
    return app


def client(app: FastAPI, **options: Any) -> TestClient:
    """A browser of its own."""
    return TestClient(app, base_url=options.pop("base_url", URL), **options)


def add_user(app: FastAPI, name: str = "anna", admin: bool = False) -> str:
    """Somebody who may log in; the id."""
    with app.state.context.database.session() as db:
        return stored.add_user(db, name, PASSWORD, admin).id


def csrf(browser: TestClient) -> dict[str, str]:
    """The header that goes with the browser's cookie."""
    return {"X-CSRF-Token": browser.get("/api/session").json()["csrf"]}


def log_in(app: FastAPI, name: str = "anna", password: str = PASSWORD) -> TestClient:
    """A browser in which `name` has logged in, with its CSRF header."""
    browser = client(app)
    answer = browser.post("/api/session", json={"name": name, "password": password}, headers=csrf(browser))
    assert answer.status_code == 200, answer.text
    browser.headers["X-CSRF-Token"] = answer.json()["csrf"]
    return browser

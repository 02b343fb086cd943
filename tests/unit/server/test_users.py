"""Users, passwords and API tokens over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from tests.guarded_app import PASSWORD, add_user, build, cheap_hashes, client, csrf, log_in

NEW = "battery staple"


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    cheap_hashes(monkeypatch)
    return build(tmp_path)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_the_first_user_is_made_on_the_page(app: FastAPI) -> None:
    browser = client(app)
    headers = csrf(browser)
    assert browser.get("/api/users").json() == {"items": [], "next": None}
    made = browser.post("/api/users", json={"name": "anna", "password": PASSWORD}, headers=headers)
    assert made.status_code == 201 and made.json()["admin"] is True
    assert set(made.json()) == {"id", "name", "admin", "team", "created_at"}
    assert browser.get("/api/users").status_code == 401
    assert [user["name"] for user in log_in(app).get("/api/users").json()["items"]] == ["anna"]


def test_users_come_a_page_at_a_time(app: FastAPI) -> None:
    for name in ("anna", "ben", "cleo"):
        add_user(app, name)
    browser = log_in(app)
    first = browser.get("/api/users?limit=2").json()
    rest = browser.get(f"/api/users?limit=2&cursor={first['next']}").json()
    assert len(first["items"]) == 2 and len(rest["items"]) == 1 and rest["next"] is None
    assert {user["name"] for user in first["items"] + rest["items"]} == {"anna", "ben", "cleo"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"name": "anna", "password": PASSWORD}, (409, "name_taken")),
        ({"name": "local", "password": PASSWORD}, (409, "name_taken")),
        ({"name": "ben", "password": "short"}, (422, "request_invalid")),
        ({"name": "b\nn", "password": PASSWORD}, (422, "request_invalid")),
        ({"name": " ", "password": PASSWORD}, (422, "request_invalid")),
        ({"name": "ben", "password": PASSWORD, "epoch": 3}, (422, "request_invalid")),
    ],
)
def test_users_that_are_refused(app: FastAPI, body: dict[str, Any], expected: tuple[int, str]) -> None:
    add_user(app)
    assert code(log_in(app).post("/api/users", json=body)) == expected


def test_only_administrators_look_after_users(app: FastAPI) -> None:
    anna, ben = add_user(app), add_user(app, "ben")
    browser = log_in(app, "ben")
    assert code(browser.get("/api/users")) == (403, "not_allowed")
    assert code(browser.post("/api/users", json={"name": "x", "password": PASSWORD})) == (403, "not_allowed")
    assert code(browser.delete(f"/api/users/{anna}")) == (403, "not_allowed")
    assert code(browser.put(f"/api/users/{anna}/password", json={"password": NEW})) == (403, "not_allowed")
    admin = log_in(app)
    assert code(admin.delete(f"/api/users/{anna}")) == (403, "not_allowed")
    assert admin.delete(f"/api/users/{ben}").status_code == 204
    assert code(admin.delete(f"/api/users/{ben}")) == (404, "not_found")
    assert browser.get("/api/probe").status_code == 401


def test_one_changes_ones_own_password_with_the_old_one(app: FastAPI) -> None:
    add_user(app)
    ben = add_user(app, "ben")
    here, there = log_in(app, "ben"), log_in(app, "ben")
    path = f"/api/users/{ben}/password"
    assert code(here.put(path, json={"password": NEW})) == (401, "login_failed")
    assert code(here.put(path, json={"password": NEW, "current": "wrong"})) == (401, "login_failed")
    assert code(here.put(path, json={"password": "short", "current": PASSWORD})) == (422, "request_invalid")
    assert here.put(path, json={"password": NEW, "current": PASSWORD}).status_code == 204
    assert here.post("/api/probe").json() == {"user": "ben"}  # this browser stays logged in
    assert there.get("/api/probe").status_code == 401
    log_in(app, "ben", NEW)


def test_guessing_the_old_password_has_to_wait(app: FastAPI) -> None:
    anna = add_user(app)
    browser = log_in(app)
    answers = [browser.put(f"/api/users/{anna}/password", json={"password": NEW, "current": "x"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert "retry-after" in answers[-1].headers


def test_an_administrator_sets_a_password(app: FastAPI) -> None:
    add_user(app)
    ben = add_user(app, "ben")
    browser = log_in(app, "ben")
    assert log_in(app).put(f"/api/users/{ben}/password", json={"password": NEW}).status_code == 204
    assert browser.get("/api/probe").status_code == 401
    log_in(app, "ben", NEW)


def test_a_token_is_shown_once(app: FastAPI) -> None:
    add_user(app)
    browser = log_in(app)
    made = browser.post("/api/tokens", json={"name": "nightly"})
    assert made.status_code == 201
    secret = made.json()["token"]
    assert secret.startswith("loom_")
    listed = browser.get("/api/tokens")
    assert secret not in listed.text
    (token,) = listed.json()["items"]
    assert token["name"] == "nightly" and token["used_at"] is None and "token" not in token
    script = client(app)
    assert script.post("/api/probe", headers={"Authorization": f"Bearer {secret}"}).json() == {"user": "anna"}
    assert browser.get("/api/tokens").json()["items"][0]["used_at"] is not None
    assert browser.delete(f"/api/tokens/{token['id']}").status_code == 204
    assert script.get("/api/probe", headers={"Authorization": f"Bearer {secret}"}).status_code == 401


def test_tokens_are_ones_own(app: FastAPI) -> None:
    add_user(app)
    add_user(app, "ben")
    token = log_in(app, "ben").post("/api/tokens", json={"name": "nightly"}).json()
    admin = log_in(app)
    assert admin.get("/api/tokens").json()["items"] == []
    assert code(admin.delete(f"/api/tokens/{token['id']}")) == (404, "not_found")

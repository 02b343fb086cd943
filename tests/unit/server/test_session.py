"""Logging in and out, cookies, and what failed logins cost."""

from __future__ import annotations

import stat
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from itsdangerous import TimestampSigner

from loraloom.server import cookie
from loraloom.server.throttle import LONGEST, Throttle
from loraloom.store import users
from tests.guarded_app import PASSWORD, add_user, build, cheap_hashes, client, csrf, log_in

DAY = 86_400


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    cheap_hashes(monkeypatch)
    return build(tmp_path)


def travel(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    """Let cookies be read (and made) that much later."""
    real = TimestampSigner.get_timestamp
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: real(self) + seconds)


def set_cookie(answer: Any) -> str:
    return answer.headers.get("set-cookie", "")


def test_without_users_everybody_is_local(app: FastAPI) -> None:
    browser = client(app)
    said = browser.get("/api/session").json()
    assert said["login_required"] is False and said["user"]["name"] == "local" and said["user"]["admin"] is True
    assert len(said["csrf"]) == 64 and said["version"]
    assert browser.get("/api/session").json() == said
    assert client(app).get("/api/session").json()["csrf"] != said["csrf"]


def test_a_login_and_a_logout(app: FastAPI) -> None:
    add_user(app)
    browser = client(app)
    before = browser.get("/api/session").json()
    assert before["login_required"] is True and before["user"] is None
    assert browser.get("/api/probe").status_code == 401
    right = {"name": "anna", "password": PASSWORD}
    answer = browser.post("/api/session", json=right, headers={"X-CSRF-Token": before["csrf"]})
    assert answer.status_code == 200 and answer.json()["user"]["name"] == "anna"
    assert answer.json()["csrf"] != before["csrf"]
    assert browser.get("/api/session").json() == answer.json()
    assert browser.get("/api/probe").json() == {"user": "anna"}
    assert browser.delete("/api/session").status_code == 403
    assert browser.delete("/api/session", headers=csrf(browser)).status_code == 204
    assert browser.get("/api/session").json()["user"] is None
    assert browser.get("/api/probe").json()["error"]["code"] == "login_needed"


@pytest.mark.parametrize(
    "body",
    [
        {"name": "anna", "password": "wrong horse"},
        {"name": "ben", "password": PASSWORD},
        {"name": "local", "password": "x"},
    ],
)
def test_a_failed_login_does_not_say_why(app: FastAPI, body: dict[str, str]) -> None:
    add_user(app)
    browser = client(app)
    answer = browser.post("/api/session", json=body, headers=csrf(browser))
    assert answer.status_code == 401
    assert answer.json()["error"]["message"] == "Name or password is wrong."
    assert not set_cookie(answer)


@pytest.mark.parametrize(
    "content",
    [
        '{"name":"anna","password":"\\ud800"}',
        '{"name":"an\\u0000na","password":"x"}',
        '{"name":"anna","password":["x"]}',
        "{}",
    ],
)
def test_odd_logins_are_answered(app: FastAPI, content: str) -> None:
    add_user(app)
    browser = client(app)
    headers = csrf(browser) | {"Content-Type": "application/json"}
    assert browser.post("/api/session", content=content, headers=headers).status_code in (401, 422)


def test_no_browser_keeps_the_token_of_a_session(app: FastAPI) -> None:
    assert client(app).get("/api/session").headers["cache-control"] == "no-store"


def test_nobody_is_logged_in_by_another_site(app: FastAPI) -> None:
    add_user(app)
    browser = client(app)
    for headers in ({}, {"X-CSRF-Token": "x"}, csrf(client(app))):
        answer = browser.post("/api/session", json={"name": "anna", "password": PASSWORD}, headers=headers)
        assert answer.status_code == 403 and answer.json()["error"]["code"] == "foreign_request"
        assert not set_cookie(answer)


def test_attributes_of_the_cookie(app: FastAPI) -> None:
    sent = set_cookie(client(app).get("/api/session")).lower()
    assert sent.startswith("loom-") and "secure" not in sent
    assert "httponly" in sent and "samesite=lax" in sent and "path=/" in sent and f"max-age={30 * DAY}" in sent
    assert "domain" not in sent
    sent = set_cookie(client(app, base_url="https://localhost").get("/api/session"))
    assert sent.startswith("__Host-loom-") and "secure" in sent.lower()


def test_two_servers_on_a_machine_do_not_share_a_cookie(tmp_path: Path) -> None:
    names = set()
    for home in (tmp_path / "a", tmp_path / "b"):
        home.mkdir()
        names.add(set_cookie(client(build(home)).get("/api/session")).partition("=")[0])
    assert len(names) == 2


def test_a_session_rolls_for_thirty_days(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    add_user(app)
    browser = log_in(app)
    assert not set_cookie(browser.get("/api/session"))
    travel(monkeypatch, 20 * DAY)
    monkeypatch.setattr(cookie, "RENEWED", -cookie.LASTS)  # the cookie is old by its own clock
    answer = browser.get("/api/session")
    assert set_cookie(answer) and answer.json()["csrf"] == browser.headers["X-CSRF-Token"]
    travel(monkeypatch, 20 * DAY)
    assert browser.get("/api/probe").json() == {"user": "anna"}
    travel(monkeypatch, 31 * DAY)
    assert browser.get("/api/probe").status_code == 401
    assert browser.get("/api/session").json()["user"] is None


def test_forged_cookies_are_nobodys(app: FastAPI) -> None:
    add_user(app)
    browser = log_in(app)
    (name, value) = next(iter(browser.cookies.items()))
    for wrong in (value[:-2] + "xx", value[::-1], "x", "..", value.partition(".")[0], "a" * 5000):
        stranger = client(app, cookies={name: wrong})
        assert stranger.get("/api/probe").status_code == 401
        assert stranger.get("/api/session").json()["user"] is None


def test_a_cookie_of_an_earlier_time_without_login_is_worth_nothing(app: FastAPI) -> None:
    browser = client(app)
    headers = csrf(browser)
    assert browser.post("/api/probe", headers=headers).json() == {"user": "local"}
    add_user(app)
    assert browser.post("/api/probe", headers=headers).status_code == 401


def test_logout_everywhere(app: FastAPI) -> None:
    add_user(app)
    here, there = log_in(app), log_in(app)
    assert here.delete("/api/session?everywhere=true").status_code == 204
    assert there.get("/api/probe").status_code == 401


def test_a_user_who_is_gone_is_logged_out(app: FastAPI) -> None:
    add_user(app)
    add_user(app, "ben")
    browser = log_in(app, "ben")
    with app.state.context.database.session() as db:
        users.remove_user(db, users.find_user(db, "ben"), users.find_user(db, "anna"))
    assert browser.get("/api/probe").status_code == 401


def test_failed_logins_have_to_wait(app: FastAPI) -> None:
    add_user(app)
    browser = client(app)
    headers = csrf(browser)

    def attempt(name: str, password: str) -> Any:
        return browser.post("/api/session", json={"name": name, "password": password}, headers=headers)

    assert [attempt("anna", "wrong").status_code for _ in range(5)] == [401] * 5
    late = attempt("anna", PASSWORD)
    assert late.status_code == 429 and late.json()["error"]["code"] == "too_many_requests"
    assert int(late.headers["retry-after"]) >= 1
    assert attempt("ben", "wrong").status_code == 401


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_waiting_doubles_and_ends() -> None:
    clock = Clock()
    gate = Throttle(clock)
    waits: list[int] = []
    for _ in range(16):
        wait = gate.attempt("anna", "10.0.0.1")
        while wait:
            waits.append(wait)
            clock.now += wait
            wait = gate.attempt("anna", "10.0.0.1")
    assert waits == sorted(waits) and waits[:3] == [2, 3, 5] and waits[-1] == LONGEST + 1
    clock.now += 3600
    assert [gate.attempt("anna", "10.0.0.1") for _ in range(5)] == [0] * 5


def test_a_right_login_forgets_but_not_for_the_others() -> None:
    gate = Throttle(Clock())
    for number in range(19):
        assert gate.attempt(f"user {number}", "10.0.0.1") == 0
    assert gate.attempt("anna", "10.0.0.1") == 0
    gate.succeed("anna", "10.0.0.1")
    assert gate.attempt("user 20", "10.0.0.1") == 0
    assert gate.attempt("user 21", "10.0.0.1") > 0  # twenty failures of the address stay twenty
    assert gate.attempt("anna", "10.0.0.2") == 0


def test_a_network_of_ipv6_is_one_address_and_a_name_is_counted_everywhere() -> None:
    gate = Throttle(Clock())
    for number in range(20):
        assert gate.attempt(f"user {number}", f"2001:db8::{number}") == 0
    assert gate.attempt("anna", "2001:db8::ffff") > 0
    gate = Throttle(Clock())
    for number in range(50):
        assert gate.attempt("anna", f"10.0.0.{number}") == 0
    assert gate.attempt("anna", "10.0.1.1") > 0


def test_many_at_once_gain_nothing_and_memory_is_bounded() -> None:
    gate = Throttle(Clock())
    passed: list[int] = []
    threads = [threading.Thread(target=lambda: passed.append(gate.attempt("anna", "10.0.0.1"))) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert passed.count(0) == 5
    for number in range(12_000):
        gate.attempt(f"user {number}", f"10.{number >> 8}.{number & 255}.1")
    assert len(gate._failed) <= 10_000


def test_the_key_is_made_once_for_its_owner(tmp_path: Path) -> None:
    made = cookie.key(tmp_path)
    file = tmp_path / "secret.key"
    assert file.read_bytes() == made and len(made) == 64
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    cookie.key.cache_clear()
    assert cookie.key(tmp_path) == made
    cookie.key.cache_clear()
    file.write_bytes(b"")
    assert len(cookie.key(tmp_path)) == 64
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret.key"]

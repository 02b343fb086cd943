"""A page elsewhere cannot drive the server, and answers say what browsers may do with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from loraloom.server.guard import BODY_LIMIT, Guard
from tests.guarded_app import URL, build, client, csrf


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return build(tmp_path_factory.mktemp("guarded"))


@pytest.fixture
def browser(app: FastAPI) -> TestClient:
    browser = client(app)
    browser.headers.update(csrf(browser))
    return browser


def is_refused(answer: Any, status: int, code: str = "foreign_request") -> bool:
    error = answer.json()["error"]
    return answer.status_code == status and error["code"] == code and bool(error["message"] and error["hint"])


@pytest.mark.parametrize(
    "host", ["127.0.0.1:7860", "127.0.0.1", "localhost:7860", "LocalHost", "[::1]:7860", "[::1]", "localhost:8080"]
)
def test_names_of_this_machine(browser: TestClient, host: str) -> None:
    assert browser.get("/api/session", headers={"Host": host}).status_code == 200


FOREIGN_HOSTS = [
    "evil.example",
    "evil.example:7860",
    "localhost.evil.example",
    "127.0.0.1.evil.example:7860",
    "localhost:7860@evil.example",
    "evil.example#localhost",
    "192.168.1.5:7860",
    "localhost.",
    "localhost:",
    "localhost:port",
    "::1",
    "",
    " ",
    "localhost, evil.example",
]


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
@pytest.mark.parametrize("path", ["/", "/api/session", "/api/probe"])
def test_other_names_are_refused(browser: TestClient, host: str, path: str) -> None:
    assert is_refused(browser.get(path, headers={"Host": host}), 421)


def test_a_request_with_two_hosts_or_none_is_refused(app: FastAPI) -> None:
    browser = client(app)
    assert is_refused(browser.get("/", headers=[("Host", "localhost"), ("Host", "evil.example")]), 421)


def test_names_the_server_was_started_under(tmp_path: Path) -> None:
    browser = client(build(tmp_path, "192.168.1.5", ("Loom.example.org", "studio:8080", "fd00::5")))
    for host in ("192.168.1.5:7860", "loom.example.org", "loom.example.org:443", "studio:8080", "[fd00::5]:7860"):
        assert browser.get("/", headers={"Host": host}).status_code == 200, host
    for host in ("192.168.1.6:7860", "studio", "studio:81", "x.loom.example.org"):
        assert browser.get("/", headers={"Host": host}).status_code == 421, host


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_every_address_is_right_but_no_name_where_it_listens_everywhere(tmp_path: Path, host: str) -> None:
    browser = client(build(tmp_path, host))
    for right in ("10.0.0.7:7860", "[2001:db8::1]", "localhost"):
        assert browser.get("/", headers={"Host": right}).status_code == 200, right
    assert browser.get("/", headers={"Host": "evil.example"}).status_code == 421


def test_health_is_told_by_any_name(browser: TestClient) -> None:
    answer = browser.get("/healthz", headers={"Host": "x; script-src *"})
    assert answer.status_code == 200
    assert "script-src" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize("origin", [URL, URL.upper(), "https://127.0.0.1:7860"])
def test_our_own_page_may_post(browser: TestClient, origin: str) -> None:
    answer = browser.post("/api/probe", headers={"Origin": origin, "Sec-Fetch-Site": "same-origin"})
    assert answer.json() == {"user": "local"}


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://127.0.0.1:3000",
        "http://localhost:7860",
        "http://127.0.0.1",
        "http://127.0.0.1:7860.evil.example",
        "http://127.0.0.1:7860@evil.example",
        "ftp://127.0.0.1:7860",
        "null",
        "",
    ],
)
def test_a_foreign_origin_is_refused_even_with_cookie_and_token(browser: TestClient, origin: str) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert is_refused(browser.request(method, "/api/probe", headers={"Origin": origin}), 403)


def test_over_https_only_https_is_our_origin(app: FastAPI) -> None:
    browser = client(app, base_url="https://localhost")
    browser.headers.update(csrf(browser))
    assert browser.post("/api/probe", headers={"Origin": "https://localhost"}).status_code == 200
    assert is_refused(browser.post("/api/probe", headers={"Origin": "http://localhost"}), 403)


def test_listed_origins_may_ask(app: FastAPI) -> None:
    async def inner(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    browser = TestClient(Guard(inner, origins=["http://localhost:5173/"]), base_url=URL)
    assert browser.post("/api/x", headers={"Origin": "http://localhost:5173"}).status_code == 204
    assert browser.post("/api/x", headers={"Origin": "http://localhost:5174"}).status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_browsers_say_of_another_sites_request(browser: TestClient, site: str) -> None:
    def ask(method: str, path: str, mode: str) -> int:
        return browser.request(method, path, headers={"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode}).status_code

    assert ask("GET", "/api/probe", "no-cors") == ask("GET", "/api/probe", "cors") == 403
    assert ask("POST", "/api/probe", "navigate") == ask("OPTIONS", "/api/probe", "cors") == 403
    assert ask("GET", "/api/probe", "navigate") == 200  # a link to a download
    assert ask("GET", "/", "navigate") == ask("GET", "/", "no-cors") == 200
    for own in ("same-origin", "none"):
        assert browser.get("/api/probe", headers={"Sec-Fetch-Site": own, "Sec-Fetch-Mode": "cors"}).status_code == 200


def test_no_answer_lets_other_origins_read_it(browser: TestClient) -> None:
    answer = browser.get("/api/probe", headers={"Origin": "http://evil.example"})
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def open_socket(browser: TestClient, **headers: str) -> str:
    with browser.websocket_connect("/api/probe", headers=headers) as socket:
        return socket.receive_text()


def test_sockets_of_our_page_and_of_scripts(browser: TestClient) -> None:
    assert open_socket(browser, Host="127.0.0.1:7860", Origin=URL) == "local"
    assert open_socket(browser, Host="127.0.0.1:7860") == "local"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "127.0.0.1:7860", "Origin": "http://evil.example"},
        {"Host": "127.0.0.1:7860", "Origin": "http://localhost:3000"},
        {"Host": "127.0.0.1:7860", "Origin": "null"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
        {"Host": "127.0.0.1:7860", "Origin": URL, "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_foreign_sockets_are_refused_before_they_open(browser: TestClient, headers: dict[str, str]) -> None:
    with pytest.raises(WebSocketDisconnect) as caught, browser.websocket_connect("/api/probe", headers=headers):
        pass
    assert caught.value.reason == "foreign_request"


@pytest.mark.parametrize("path", ["/", "/api/session", "/api/nothing", "/api/users/x", "/healthz", "/nothing"])
def test_every_answer_has_the_headers(browser: TestClient, path: str) -> None:
    for answer in (browser.get(path), browser.get(path, headers={"Host": "evil.example"}), browser.post(path)):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "camera=()" in answer.headers["permissions-policy"]
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy and "script-src" not in policy and "unsafe-eval" not in policy


def test_the_page_runs_and_data_does_not(browser: TestClient) -> None:
    page = browser.get("/").headers["content-security-policy"]
    assert "default-src 'self'" in page and "connect-src 'self' ws://127.0.0.1:7860 wss://127.0.0.1:7860" in page
    data = browser.get("/api/session").headers["content-security-policy"]
    assert data.startswith("default-src 'none'") and "sandbox" in data


def test_what_browsers_may_keep(browser: TestClient) -> None:
    assert browser.get("/api/probe").headers["cache-control"] == "no-store"
    assert browser.get("/api/nothing").headers["cache-control"] == "no-store"
    assert browser.get("/api/tagged").headers["cache-control"] == "private, no-cache"
    assert "cache-control" not in browser.get("/").headers


def test_a_body_has_a_limit_unless_it_is_an_upload(browser: TestClient) -> None:
    fits, too_much = b"x" * BODY_LIMIT, b"x" * (BODY_LIMIT + 1)
    assert browser.post("/api/length", content=fits).json() == {"length": BODY_LIMIT}
    assert is_refused(browser.post("/api/length", content=too_much), 413, "too_large")
    assert browser.post("/api/uploads/length", content=too_much).json() == {"length": BODY_LIMIT + 1}


@pytest.mark.parametrize("path", ["/api/length", "/api/body"])
def test_a_body_of_unknown_length_is_counted(browser: TestClient, path: str) -> None:
    answer = browser.post(
        path, content=(b" " * 100_000 for _ in range(11)), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413 and answer.json()["error"]["code"] == "too_large"

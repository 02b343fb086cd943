"""Stands before everything: keeps pages of other sites from driving the server, and limits what browsers do with answers.

A name in `Host` that is not ours means that somebody's domain points here (DNS rebinding). Ports are not compared unless a
name is given with one: through a tunnel or a container's port mapping the browser sees another port than the server.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from loraloom.server.errors import answer
from loraloom.server.headers import dressed
from loraloom.spec.errors import LoomError

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
EVERYWHERE = ("0.0.0.0", "::", "[::]", "")  # noqa: S104 - names that are recognised, nothing is bound here
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
BODY_LIMIT = 1_000_000
"""Bytes of a request that is not an upload."""
UNLIMITED = ("/api/uploads", "/api/work/parts")
OPEN = frozenset({"/healthz"})
"""Says nothing worth knowing, and whoever looks after a server asks by any address."""
HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\s:\[\]/@?#\\,;'\"]+)(?::\d{1,5})?")

TOO_LARGE = f"A request may hold {BODY_LIMIT:,} bytes at most, unless it is an upload."


class Guard:
    """ASGI middleware. `hosts` are the names and addresses the server is reached by, `name` or `name:port`; loopback always
    is. `0.0.0.0` or `::` stand for every address, but for no name. `origins` (`http://localhost:5173`) may ask as the page
    does."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str] = (), origins: Sequence[str] = ()) -> None:
        self._app = app
        self._any_address = any(host in EVERYWHERE for host in hosts)
        self._hosts = {*LOOPBACK, *(_bracketed(host.lower()) for host in hosts if host not in EVERYWHERE)}
        self._origins = {origin.lower().rstrip("/") for origin in origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        path: str = scope["path"]
        is_api = path.startswith("/api/")
        host = headers.get("host", "").lower()
        known = len(headers.getlist("host")) == 1 and self._knows(host)
        wrong = None
        if not known and path not in OPEN:
            wrong = (421, LoomError("foreign_request", *_unknown(host)))
        elif self._is_foreign(scope, headers, host, is_api):
            wrong = (
                403,
                LoomError("foreign_request", "A page of another site may not do this.", "Use Loom's own page."),
            )
        elif is_api and not _is_upload(path) and _length(headers) > BODY_LIMIT:
            wrong = (413, LoomError("too_large", TOO_LARGE, "Send less at once."))
        send = dressed(send, path, host if known else None)
        if wrong is not None:
            await _refuse(*wrong, scope, receive, send)
        elif scope["type"] == "http" and is_api and not _is_upload(path):
            await self._app(scope, _limited(receive), send)
        else:
            await self._app(scope, receive, send)

    def _knows(self, host: str) -> bool:
        found = HOST.fullmatch(host)
        if found is None:
            return False
        return host in self._hosts or found[1] in self._hosts or (self._any_address and _is_address(found[1]))

    def _is_foreign(self, scope: Scope, headers: Headers, host: str, is_api: bool) -> bool:
        changes = scope["type"] == "websocket" or scope["method"] not in SAFE
        origin = headers.get("origin")
        if origin is not None and origin.lower() in self._origins:
            return False
        if changes and origin is not None and not _is_same(origin.lower(), host, scope.get("scheme", "http")):
            return True
        if headers.get("sec-fetch-site") not in ("cross-site", "same-site") or not is_api:
            return False
        return changes or headers.get("sec-fetch-mode") != "navigate"


def _is_same(origin: str, host: str, scheme: str) -> bool:
    """Whether a page of `origin` is ours. Behind a proxy that speaks https for us, we see http: both will do then."""
    schemes = ("https",) if scheme in ("https", "wss") else ("http", "https")
    return origin in [f"{scheme}://{host}" for scheme in schemes]


def _is_upload(path: str) -> bool:
    return any(path == start or path.startswith(f"{start}/") for start in UNLIMITED)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _bracketed(host: str) -> str:
    return f"[{host}]" if host.count(":") > 1 and not host.startswith("[") else host


def _length(headers: Headers) -> int:
    length = headers.get("content-length", "0")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 20 else 0


def _unknown(host: str) -> tuple[str, str]:
    name = host if HOST.fullmatch(host) else "that name"
    return f"This server does not go by {name}.", "Start it with `--allowed-host NAME` if that is right."


def _limited(receive: Receive) -> Receive:
    """For requests that do not say how long they are."""
    total = 0

    async def counted() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > BODY_LIMIT:
            raise HTTPException(413, TOO_LARGE)
        return message

    return counted


async def _refuse(status: int, error: LoomError, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":  # 403 without a body, which no browser shows anyway
        await send({"type": "websocket.close", "code": 1008, "reason": error.code})
        return
    reply = answer(error)
    reply.status_code = status
    await reply(scope, receive, send)

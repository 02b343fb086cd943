"""Stands outermost: times every request by its route, counts bytes and messages, and opens the request's span in a trace."""

from __future__ import annotations

import time
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from loraloom.jobs import trace
from loraloom.jobs.meters import HTTP_BYTES, HTTP_SECONDS, SOCKET_CHARACTERS, SOCKET_MESSAGES

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNTRACED = frozenset({"/healthz", "/metrics", "/api/work/events"})
"""Asked for every few seconds: only who has a trace already gets a span."""
_UP, _DOWN = HTTP_BYTES.labels("up"), HTTP_BYTES.labels("down")


class Observed:
    """ASGI middleware. A watcher's socket costs two additions a message and nothing besides."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._request(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._app(scope, receive, _counted(send))
        else:
            await self._app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"] if scope["method"] in METHODS else "other"
        began, status = time.perf_counter(), 500

        async def received() -> Message:
            message = await receive()
            _UP.inc(len(message.get("body", b"")))
            return message

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                _DOWN.inc(len(message.get("body", b"")))
            await send(message)

        with _span(scope, method) as span:
            try:
                await self._app(scope, received, sent)
            finally:
                route = route_of(scope)
                HTTP_SECONDS.labels(method, route, f"{status // 100}xx").observe(time.perf_counter() - began)
                if span is not None:
                    _tell(span, scope, f"{method} {route}", status)


def route_of(scope: Scope) -> str:
    """The template of the route that answered, such as `/api/runs/{run_id}`: one of few, whatever people ask for."""
    template: str | None = getattr(scope.get("route"), "path", None)
    if template is None:
        return "/assets" if scope["path"].startswith("/assets/") else "none"
    if scope["path"].startswith("/api/") and not template.startswith(("/api/", "/{")):
        return "/api" + template  # a router that was included under a prefix keeps its own path
    return template


def _span(scope: Scope, method: str) -> Any:
    headers = Headers(scope=scope)
    if scope["path"] in UNTRACED and "traceparent" not in headers:
        return trace.nothing()
    return trace.span(method, carrier=headers, kind="server")


def _tell(span: Any, scope: Scope, name: str, status: int) -> None:
    """Names of attributes: https://opentelemetry.io/docs/specs/semconv/http/http-spans/."""
    span.update_name(name)
    span.set_attribute("http.route", name.partition(" ")[2])
    span.set_attribute("http.request.method", name.partition(" ")[0])
    span.set_attribute("http.response.status_code", status)
    run = scope.get("path_params", {}).get("run_id")
    if run:
        span.set_attribute(trace.RUN, run)


def _counted(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "websocket.send":
            SOCKET_MESSAGES.inc()
            SOCKET_CHARACTERS.inc(len(message.get("text") or message.get("bytes") or ""))
        await send(message)

    return sent

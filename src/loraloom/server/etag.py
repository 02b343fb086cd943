"""Weak ETags on JSON that pages poll: what has not changed is sent as 304 without a body, a long answer compressed."""

from __future__ import annotations

import gzip
import hashlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONG = 1500
"""Bytes: about what one packet holds, so that compressing a shorter answer gains nothing."""


class ETags:
    """For GET under `/api` whose answer is JSON in one piece."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith("/api/"):
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope).get("if-none-match")
        gzips = "gzip" in Headers(scope=scope).get("accept-encoding", "")
        held: Message | None = None

        async def tagged(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start" and _is_json(message):
                held = message
                return
            if held is None:
                await send(message)
                return
            start, held = held, None
            if not message.get("more_body"):
                headers = MutableHeaders(raw=start["headers"])
                body: bytes = message.get("body", b"")
                headers["ETag"] = tag = f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
                headers.add_vary_header("Accept-Encoding")
                if asked == tag:
                    start["status"] = 304
                    del headers["content-length"]
                    body = b""
                elif gzips and len(body) > LONG:
                    body = gzip.compress(body, compresslevel=4)
                    headers["Content-Encoding"] = "gzip"
                    headers["Content-Length"] = str(len(body))
                message = {"type": "http.response.body", "body": body}
            await send(start)
            await send(message)

        await self._app(scope, receive, tagged)


def _is_json(message: Message) -> bool:
    kind = Headers(raw=message["headers"]).get("content-type", "")
    return message["status"] == 200 and kind.startswith("application/json")

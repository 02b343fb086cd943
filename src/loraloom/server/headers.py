"""What every answer tells the browser: run nothing that is not ours, show us in no frame, keep nothing that is private."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

EVERY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; connect-src 'self' ws://{host} wss://{host}; "
    "style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Mantine sets style attributes; Safari does not count sockets to `self`."""
DATA_POLICY = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
"""For what the API gives out: whatever a file holds, nothing in it runs."""


def dressed(send: Send, path: str, host: str | None) -> Send:
    """`send` with the headers that every answer to `path` has. `host` is a name of ours, None: the name was refused."""
    is_api = path.startswith("/api/")
    is_page = host is not None and not is_api
    policy = PAGE_POLICY.format(host=host) if is_page else DATA_POLICY

    async def sent(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            headers = MutableHeaders(scope=message)
            for name, value in EVERY.items():
                headers.setdefault(name, value)
            headers.setdefault("Content-Security-Policy", policy)
            if is_api and "cache-control" not in headers:
                keeps = "etag" in headers or not headers.get("content-type", "").startswith("application/json")
                headers["Cache-Control"] = "private, no-cache" if keeps else "no-store"
        await send(message)

    return sent

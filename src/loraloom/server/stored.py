"""Answers that are stored pictures: of a kind we wrote ourselves, never to be taken for anything else, kept for ever."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import FileResponse, Response

from loraloom.data.names import safe_stem
from loraloom.server.reply import FOREVER

KINDS = {b"RIFF": "webp", b"\x89PNG": "png"}


PICTURES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A WebP picture, or a PNG where a side is too long for WebP.",
        "content": {f"image/{kind}": {"schema": {"type": "string", "format": "binary"}} for kind in KINDS.values()},
    }
}
"""`responses=` of a route that answers with one, beside `response_class=Response`."""


def stored_thumbnail(request: Request, small: bytes, key: str) -> Response:
    """The answer with a thumbnail of the blob `key`."""
    headers = _headers(f"{key}-256")
    return _unchanged(request, headers) or Response(small, media_type="image/webp", headers=headers)


def stored_file(request: Request, path: Path, key: str, name: str) -> Response:
    """The answer with the blob `key` at `path`; `name` is what a person calls it."""
    with path.open("rb") as file:
        head = file.read(4)
    kind = KINDS[head] if head == b"RIFF" else KINDS[b"\x89PNG"]
    shown = quote(f"{safe_stem(name.rsplit('/', 1)[-1].rsplit('.', 1)[0])}.{kind}")
    headers = _headers(key) | {"Content-Disposition": f"inline; filename*=UTF-8''{shown}"}
    return _unchanged(request, headers) or FileResponse(path, media_type=f"image/{kind}", headers=headers)


def _unchanged(request: Request, headers: dict[str, str]) -> Response | None:
    """The answer without a body, when the browser has this file already."""
    return (
        Response(status_code=304, headers=headers) if request.headers.get("if-none-match") == headers["ETag"] else None
    )


def _headers(tag: str) -> dict[str, str]:
    return {
        **FOREVER,
        "ETag": f'W/"{tag}"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }

"""Answers that are stored pictures: of a kind we wrote ourselves, never to be taken for anything else, kept for ever."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from fastapi.responses import FileResponse, Response

from loraloom.data.names import safe_stem

KINDS = {b"RIFF": "webp", b"\x89PNG": "png"}


class Stored(Response):
    """A WebP picture, or a PNG where a side is too long for WebP."""

    media_type = "image/webp"


def stored_thumbnail(small: bytes, key: str) -> Response:
    """The answer with a thumbnail of the blob `key`."""
    return Stored(small, headers=_headers(f"{key}-256"))


def stored_file(path: Path, key: str, name: str) -> Response:
    """The answer with the blob `key` at `path`; `name` is what a person calls it."""
    with path.open("rb") as file:
        head = file.read(4)
    kind = KINDS[head] if head == b"RIFF" else KINDS[b"\x89PNG"]
    shown = quote(f"{safe_stem(name.rsplit('/', 1)[-1].rsplit('.', 1)[0])}.{kind}")
    headers = _headers(key) | {"Content-Disposition": f"inline; filename*=UTF-8''{shown}"}
    return FileResponse(path, media_type=f"image/{kind}", headers=headers)


def _headers(tag: str) -> dict[str, str]:
    return {
        "Cache-Control": "private, max-age=31536000, immutable",
        "ETag": f'W/"{tag}"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }

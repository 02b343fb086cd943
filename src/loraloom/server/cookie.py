"""The session cookie: signed, for 30 days from the last visit, and the CSRF token that belongs to it.

Its name is made from the server's key, as cookies do not tell two servers on one machine apart by their ports.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from fastapi.requests import HTTPConnection
from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.responses import Response

LASTS = timedelta(days=30)
RENEWED = timedelta(days=1)
"""A cookie older than this is sent anew."""
KEY_FILE = "secret.key"
KEY_BYTES = 64


@dataclass(frozen=True)
class Visit:
    """What a cookie says: a browser, and who logged in there (`user` is empty: nobody)."""

    sid: str
    user: str = ""
    epoch: int = 0
    old: bool = False
    """Whether the cookie should be sent anew."""


def new_visit(user: str = "", epoch: int = 0) -> Visit:
    """A browser that was not known so far, or one that has just logged in."""
    return Visit(secrets.token_urlsafe(18), user, epoch, old=True)


def read(connection: HTTPConnection, home: Path) -> Visit | None:
    """The visit of a request, unless it has no cookie, or one that is forged or too old."""
    value = connection.cookies.get(_name(connection, home))
    if not value:
        return None
    try:
        content, made = _signer(home).loads(value, max_age=int(LASTS.total_seconds()), return_timestamp=True)
        sid, user, epoch = content
        return Visit(str(sid), str(user), int(epoch), datetime.now(UTC) - made > RENEWED)
    except (BadData, TypeError, ValueError):
        return None


def write(response: Response, connection: HTTPConnection, home: Path, visit: Visit) -> None:
    """Send the cookie of `visit`."""
    response.set_cookie(
        _name(connection, home),
        _signer(home).dumps([visit.sid, visit.user, visit.epoch]),
        max_age=int(LASTS.total_seconds()),
        secure=_is_secure(connection),
        httponly=True,
        samesite="lax",  # not strict: links to downloads are followed from mails and chats
    )


def clear(response: Response, connection: HTTPConnection, home: Path) -> None:
    """Take the cookie back."""
    response.delete_cookie(_name(connection, home), secure=_is_secure(connection), httponly=True, samesite="lax")


def csrf(home: Path, visit: Visit) -> str:
    """What requests of this visit that change something must carry."""
    return hmac.new(key(home), b"csrf:" + visit.sid.encode(), hashlib.sha256).hexdigest()


@lru_cache(maxsize=8)
def key(home: Path) -> bytes:
    """The server's secret, made at the first start; only its owner may read the file. Without it, all are logged out."""
    file = home / KEY_FILE
    if not file.exists() or file.stat().st_size < KEY_BYTES:
        file.unlink(missing_ok=True)
        handle, name = tempfile.mkstemp(dir=home, prefix=f".{KEY_FILE}-")  # mode 0600
        made = Path(name)
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(secrets.token_hex(KEY_BYTES // 2))
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(made, file)  # unlike a rename, it leaves a file alone that another process made meanwhile
        except FileExistsError:
            pass
        except OSError:  # a file system without links
            made.replace(file)
        made.unlink(missing_ok=True)
    return file.read_bytes()


def _name(connection: HTTPConnection, home: Path) -> str:
    mark = hmac.new(key(home), b"name", hashlib.sha256).hexdigest()[:8]
    return f"__Host-loom-{mark}" if _is_secure(connection) else f"loom-{mark}"


def _is_secure(connection: HTTPConnection) -> bool:
    return connection.scope.get("scheme") in ("https", "wss")


@lru_cache(maxsize=8)
def _signer(home: Path) -> URLSafeTimedSerializer:
    options = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    return URLSafeTimedSerializer(key(home), salt="loom-session", signer_kwargs=options)

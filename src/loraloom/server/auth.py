"""Who is asking: by API token, by session cookie, or, while nobody has a password, whoever is on this machine.

The rule for requests that change something, with a login and without: either `Authorization: Bearer loom_...`, or the cookie
and, in `X-CSRF-Token`, the token that `GET /api/session` gave. A script without an API token does as the page does.
"""

from __future__ import annotations

import hmac
from functools import lru_cache
from pathlib import Path
from typing import cast

from fastapi.requests import HTTPConnection
from sqlalchemy.orm import Session
from starlette.responses import Response

from loraloom.server import cookie
from loraloom.server.context import Context
from loraloom.server.cookie import Visit
from loraloom.server.errors import answer
from loraloom.server.throttle import Throttle
from loraloom.spec.errors import LoomError
from loraloom.store import tokens, users
from loraloom.store.tables import User

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HEADER = "X-CSRF-Token"


def user_of(connection: HTTPConnection, session: Session) -> User:
    """The user behind a request or a socket. Raises LoomError `login_needed`, `foreign_request`."""
    context = context_of(connection)
    secret = bearer(connection)
    if secret is not None:
        return _by_token(context, session, secret)
    visit = cookie.read(connection, context.home)
    user = visitor(context, session, visit)
    if user is None:
        raise LoomError("login_needed", "You are not logged in.", "Log in, or send an API token.")
    check_csrf(connection, visit)
    return user


def visitor(context: Context, session: Session, visit: Visit | None) -> User | None:
    """Who logged in from this browser; everybody is `local` where no login is needed."""
    if visit is not None and visit.user:
        user = session.get(User, visit.user)
        if user is not None and user.password is not None and user.epoch == visit.epoch:
            return user
    return None if needs_login(context, session) else users.ensure_local(session)


def needs_login(context: Context, session: Session) -> bool:
    """Whether one must log in: somebody can, or others than this machine reach the server."""
    names = (context.options.host, *context.options.hosts)
    return users.login_required(session) or not all(users.is_loopback(name) for name in names)


def check_csrf(connection: HTTPConnection, visit: Visit | None) -> None:
    """Raises LoomError `foreign_request` if a request that changes something does not carry its visit's token."""
    if connection.scope.get("method", "GET") in SAFE:  # a socket has no method, and changes nothing
        return
    home = context_of(connection).home
    given = connection.headers.get(HEADER, "").encode()
    if visit is None or not hmac.compare_digest(given, cookie.csrf(home, visit).encode()):
        raise LoomError(
            "foreign_request",
            f"The request lacks the token that shows it comes from Loom's page ({HEADER}).",
            f"Reload the page. In a script send an API token, or the cookie and the `csrf` of GET /api/session as {HEADER}.",
        )


def bearer(connection: HTTPConnection) -> str | None:
    """The API token of a request, if it bears one."""
    kind, _, secret = connection.headers.get("authorization", "").partition(" ")
    return secret.strip() if kind.lower() == "bearer" else None


def context_of(connection: HTTPConnection) -> Context:
    """The server's parts."""
    return cast(Context, connection.app.state.context)


def log_in(connection: HTTPConnection, session: Session, name: str, password: str) -> User | Response:
    """The user with that name and password, or the answer that one has to wait. Raises LoomError `login_failed`."""
    gate = _throttle(context_of(connection).home)
    name = users.clean_name(name)
    address = connection.client.host if connection.client else ""
    wait = gate.attempt(name, address)
    if wait:
        reply = answer(LoomError("too_many_requests", f"Too many failed logins: wait {wait} s.", "Then try again."))
        reply.headers["Retry-After"] = str(wait)
        return reply
    user = users.check_login(session, name, password)
    if user is None:
        raise LoomError("login_failed", "Name or password is wrong.", "An administrator can set a new password.")
    gate.succeed(name, address)
    return user


def _by_token(context: Context, session: Session, secret: str) -> User:
    found = tokens.find_token(session, secret)
    if found is None or (found[1].password is None and needs_login(context, session)):
        raise LoomError("login_needed", "This API token is not valid.", "Make a new one on the page, under Settings.")
    token, user = found
    if tokens.is_stale(token):
        with context.database.session() as own:  # at once, so that a long request does not hold the database
            tokens.note_use(own, token.id)
    return user


@lru_cache(maxsize=8)
def _throttle(home: Path) -> Throttle:
    """The failed logins of the server with this data home."""
    del home
    return Throttle()

"""What routes ask for: the server's parts, a session of the database, and who is asking."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, cast

from fastapi import Depends
from fastapi.requests import HTTPConnection
from sqlalchemy.orm import Session

from loraloom.server import auth
from loraloom.server.context import Context
from loraloom.spec.errors import LoomError
from loraloom.store.tables import User


def get_context(connection: HTTPConnection) -> Context:
    """The server's parts, for a request or a socket."""
    return cast(Context, connection.app.state.context)


Ctx = Annotated[Context, Depends(get_context)]


def get_session(context: Ctx) -> Iterator[Session]:
    """A session that is committed before the answer goes out."""
    with context.database.session() as session:
        yield session


Db = Annotated[Session, Depends(get_session, scope="function")]


def get_user(connection: HTTPConnection, session: Db) -> User:
    """Who is asking. Raises LoomError `login_needed`, `foreign_request`."""
    return auth.user_of(connection, session)


Me = Annotated[User, Depends(get_user)]


def get_admin(user: Me) -> User:
    """Who is asking, if they may change the server. Raises LoomError `not_allowed`."""
    if not user.admin:
        raise LoomError("not_allowed", "Only an administrator may do this.", "Ask one of this server's administrators.")
    return user


Admin = Annotated[User, Depends(get_admin)]

"""Logging in and out, and the token that requests of this browser must carry."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from loraloom import __version__
from loraloom.server import auth, cookie
from loraloom.server.context import Context
from loraloom.server.cookie import Visit
from loraloom.server.deps import Ctx, Db
from loraloom.server.errors import described
from loraloom.server.routes.users import UserView
from loraloom.store import users
from loraloom.store.tables import User

router = APIRouter(tags=["session"], responses=described("request_invalid"))


class SessionView(BaseModel):
    """Who is logged in here (null: nobody), whether that is needed, and what `X-CSRF-Token` must be."""

    user: UserView | None
    login_required: bool
    csrf: str = Field(examples=["8d969eef6ecad3c29a3a629280e686cf0c3f5d5a86aff3ca12020c923adc6c92"])
    version: str = Field(examples=["0.2.0"])


class Credentials(BaseModel):
    """A name and a password."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200, examples=["anna"])
    password: str = Field(min_length=1, max_length=1000, examples=["correct horse battery"])


@router.get("/session")
def read_session(request: Request, response: Response, context: Ctx, session: Db) -> SessionView:
    """Who is logged in. The cookie that comes along and `csrf` belong together; both stay the same until a login."""
    visit = cookie.read(request, context.home) or cookie.new_visit()
    response.headers["Cache-Control"] = "no-store"
    if visit.old:
        cookie.write(response, request, context.home, visit)
    return _view(context, visit, auth.visitor(context, session, visit), auth.needs_login(context, session))


@router.post(
    "/session",
    responses=described("login_failed", "foreign_request", "too_many_requests"),
    response_model=SessionView,
)
def create_session(
    request: Request, response: Response, context: Ctx, session: Db, body: Credentials
) -> SessionView | Response:
    """Log in. `csrf` is a new one from here on."""
    auth.check_csrf(request, cookie.read(request, context.home))
    user = auth.log_in(request, session, body.name, body.password)
    if isinstance(user, Response):
        return user
    visit = cookie.new_visit(user.id, user.epoch)
    cookie.write(response, request, context.home, visit)
    return _view(context, visit, user, True)


@router.delete("/session", status_code=204, responses=described("foreign_request"))
def delete_session(
    request: Request,
    response: Response,
    context: Ctx,
    session: Db,
    everywhere: Annotated[bool, Query(description="Log out of every other browser too.")] = False,
) -> None:
    """Log out. Without a login nothing happens."""
    visit = cookie.read(request, context.home)
    auth.check_csrf(request, visit)
    user = auth.visitor(context, session, visit)
    if everywhere and user is not None and user.password is not None:
        users.end_sessions(session, user)
    cookie.clear(response, request, context.home)


def _view(context: Context, visit: Visit, user: User | None, needed: bool) -> SessionView:
    return SessionView(
        user=UserView.of(user) if user is not None else None,
        login_required=needed,
        csrf=cookie.csrf(context.home, visit),
        version=__version__,
    )

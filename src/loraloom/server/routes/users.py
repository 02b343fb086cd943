"""Users: who may log in. Administrators add and remove them; everybody may change their own password."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from loraloom.server import auth, cookie
from loraloom.server.deps import Admin, Ctx, Db, Me
from loraloom.server.errors import described
from loraloom.server.paging import Cursor, Limit, Page, page
from loraloom.spec.errors import LoomError
from loraloom.store import users
from loraloom.store.passwords import LONGEST, SHORTEST
from loraloom.store.tables import User

router = APIRouter(
    tags=["users"], responses=described("login_needed", "foreign_request", "not_allowed", "request_invalid")
)


class UserView(BaseModel):
    """Somebody who may use the server. `local` is everybody, while no login is needed."""

    id: str = Field(examples=["1qz3k8f0s4m2p7ra"])
    name: str = Field(examples=["anna"])
    admin: bool = Field(examples=[True])
    team: str = Field("", examples=["ink"])
    """Whom a quota is shared with; empty: nobody."""
    created_at: datetime

    @classmethod
    def of(cls, user: User) -> UserView:
        """The view of a row."""
        return UserView(id=user.id, name=user.name, admin=user.admin, team=user.team, created_at=user.created_at)


class UserCreate(BaseModel):
    """A new user. The first one is an administrator, and from then on everybody has to log in."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=users.NAME_LENGTH, examples=["anna"])
    password: str = Field(min_length=SHORTEST, max_length=LONGEST, examples=["correct horse battery"])
    admin: bool = False
    team: str = Field("", max_length=users.NAME_LENGTH, examples=["ink"])


class UserUpdate(BaseModel):
    """The team that a user shares a quota with; empty: none."""

    model_config = ConfigDict(extra="forbid")

    team: str = Field(max_length=users.NAME_LENGTH, examples=["ink"])


class PasswordChange(BaseModel):
    """A new password; `current` is the old one, asked of whoever changes their own."""

    model_config = ConfigDict(extra="forbid")

    password: str = Field(min_length=SHORTEST, max_length=LONGEST, examples=["correct horse battery"])
    current: str | None = Field(None, max_length=LONGEST, examples=["tr0ub4dor&3"])


@router.get("/users")
def list_users(session: Db, user: Admin, limit: Limit = 100, cursor: Cursor = None) -> Page[UserView]:
    """Everybody who may log in, oldest first."""
    rows, more = page(session, users.all_users(), User.id, cursor, limit, newest_first=False)
    return Page(items=[UserView.of(row) for row in rows], next=more)


@router.post("/users", status_code=201, responses=described("name_taken", "too_many_requests"))
def create_user(session: Db, user: Admin, body: UserCreate) -> UserView:
    """Add a user."""
    return UserView.of(users.add_user(session, body.name, body.password, body.admin, body.team))


@router.patch("/users/{user_id}", responses=described("not_found"))
def update_user(session: Db, user: Admin, user_id: str, body: UserUpdate) -> UserView:
    """Put a user into a team, or into none."""
    changed = users.get_user(session, user_id)
    users.set_team(session, changed, body.team)
    return UserView.of(changed)


@router.delete("/users/{user_id}", status_code=204, responses=described("not_found"))
def delete_user(session: Db, user: Admin, user_id: str) -> None:
    """Delete a user and their tokens. What they made goes to whoever deletes them."""
    leaving = users.get_user(session, user_id)
    if leaving.id == user.id:
        raise LoomError("not_allowed", "You cannot delete yourself.", "Ask another administrator.")
    users.remove_user(session, leaving, heir=user)


@router.put(
    "/users/{user_id}/password",
    status_code=204,
    response_model=None,
    responses=described("not_found", "login_failed", "too_many_requests"),
)
def update_password(
    request: Request, response: Response, context: Ctx, session: Db, user: Me, user_id: str, body: PasswordChange
) -> Response | None:
    """Set a password: one's own, or as an administrator anybody's. It ends their sessions, except this one."""
    if user.id != user_id and not user.admin:
        raise LoomError("not_allowed", "This is somebody else's password.", "Ask an administrator.")
    changed = users.get_user(session, user_id)
    own = changed.id == user.id
    if own:
        proved = auth.log_in(request, session, user.name, body.current or "")
        if isinstance(proved, Response):
            return proved
    users.set_password(session, changed, body.password)
    visit = cookie.read(request, context.home)
    if own and visit is not None and auth.bearer(request) is None:
        cookie.write(response, request, context.home, replace(visit, epoch=changed.epoch))
    return None

"""API tokens, for scripts: everybody makes and deletes their own."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from loraloom.server.deps import Db, Me
from loraloom.server.errors import described
from loraloom.server.paging import Cursor, Limit, Page, page
from loraloom.store import tokens
from loraloom.store.tables import Token

router = APIRouter(tags=["tokens"], responses=described("login_needed", "foreign_request", "request_invalid"))


class TokenView(BaseModel):
    """An API token; `used_at` is exact to a minute."""

    id: str = Field(examples=["1qz3k8f0s4m2p7rb"])
    name: str = Field(examples=["nightly script"])
    created_at: datetime
    used_at: datetime | None

    @classmethod
    def of(cls, token: Token) -> TokenView:
        """The view of a row."""
        return TokenView(id=token.id, name=token.name, created_at=token.created_at, used_at=token.used_at)


class TokenCreated(TokenView):
    """A new API token with its secret, which is shown this once."""

    token: str = Field(examples=["loom_yVQjH3mB1xk0c8m0Qy7mX2n4r8Zt6sWb5uPa9LdEfGh"])


class TokenCreate(BaseModel):
    """What the token is for."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200, examples=["nightly script"])


@router.get("/tokens")
def list_tokens(session: Db, user: Me, limit: Limit = 100, cursor: Cursor = None) -> Page[TokenView]:
    """One's own tokens, newest first."""
    rows, more = page(session, select(Token).where(Token.user_id == user.id), Token.id, cursor, limit)
    return Page(items=[TokenView.of(row) for row in rows], next=more)


@router.post("/tokens", status_code=201, responses=described("in_use"))
def create_token(session: Db, user: Me, body: TokenCreate) -> TokenCreated:
    """Make a token: send it as `Authorization: Bearer TOKEN`. It may do what its owner may."""
    token, secret = tokens.add_token(session, user, body.name)
    return TokenCreated(**TokenView.of(token).model_dump(), token=secret)


@router.delete("/tokens/{token_id}", status_code=204, responses=described("not_found"))
def delete_token(session: Db, user: Me, token_id: str) -> None:
    """Delete a token; whoever uses it is refused from now on."""
    session.delete(tokens.get_token(session, user, token_id))

"""API tokens: shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from loraloom.spec.errors import LoomError
from loraloom.store.tables import Token, User, now

PREFIX = "loom_"
MOST = 100
"""Tokens of one user."""
USED = timedelta(minutes=1)
"""How exactly it is kept when a token was used."""


def add_token(session: Session, user: User, name: str) -> tuple[Token, str]:
    """A new token of `user`, and its secret, which nobody can read again. Raises LoomError `in_use`."""
    if len(session.scalars(select(Token.id).where(Token.user_id == user.id)).all()) >= MOST:
        raise LoomError("in_use", f"You have {MOST} tokens.", "Delete those that nothing uses any more.")
    secret = PREFIX + secrets.token_urlsafe(32)
    token = Token(user_id=user.id, name=name, hash=hash_token(secret))
    session.add(token)
    session.flush()
    return token, secret


def get_token(session: Session, user: User, token_id: str) -> Token:
    """A token of `user`. Raises LoomError `not_found`."""
    token = session.get(Token, token_id)
    if token is None or token.user_id != user.id:
        raise LoomError("not_found", "You have no such token.", "It may have been deleted.")
    return token


def find_token(session: Session, secret: str) -> tuple[Token, User] | None:
    """The token of that secret and its owner. It is looked up by hash: how long that takes tells nothing of the secret."""
    if not secret.startswith(PREFIX):
        return None
    found = session.execute(
        select(Token, User).join(User, User.id == Token.user_id).where(Token.hash == hash_token(secret))
    )
    row = found.first()
    return (row[0], row[1]) if row is not None else None


def is_stale(token: Token) -> bool:
    """Whether it should be kept that the token was used now."""
    return token.used_at is None or token.used_at < now() - USED


def note_use(session: Session, token_id: str) -> None:
    """Keep that the token was used."""
    fresh = now() - USED
    stale = or_(Token.used_at.is_(None), Token.used_at < fresh)
    session.execute(update(Token).where(Token.id == token_id, stale).values(used_at=now()))


def hash_token(secret: str) -> str:
    """SHA-256, hex."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()

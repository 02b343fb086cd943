"""Passwords: argon2 hashes (RFC 9106) by pwdlib, two at a time at most, as each takes 64 MB while it is made."""

from __future__ import annotations

import secrets
import threading
import unicodedata
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from loraloom.spec.errors import LoomError

SHORTEST = 8
LONGEST = 1000
PATIENCE = 5.0
"""Seconds a check waits for its turn."""
HASHES = PasswordHash((Argon2Hasher(),))
_turns = threading.BoundedSemaphore(2)


def hash_password(password: str) -> str:
    """The hash to keep. Raises LoomError `request_invalid` for a password that is too short."""
    if not SHORTEST <= len(password) <= LONGEST:
        hint = "A few words in a row are easy to remember and hard to guess."
        raise LoomError("request_invalid", f"A password has at least {SHORTEST} letters, {LONGEST} at most.", hint)
    with _turn():
        return HASHES.hash(_normal(password))


def check_password(password: str, kept: str | None) -> tuple[bool, str | None]:
    """Whether `password` is right, and the hash to keep from now on if today's parameters are others. Without a hash to
    compare with (no such user) the answer is no, and takes as long."""
    with _turn():
        nobody = _nobody()
        right, renewed = HASHES.verify_and_update(_normal(password[: LONGEST + 1]), kept or nobody)
    return (right, renewed) if kept is not None else (False, None)


@cache
def _nobody() -> str:
    return HASHES.hash(secrets.token_urlsafe(32))


@contextmanager
def _turn() -> Generator[None]:
    if not _turns.acquire(timeout=PATIENCE):
        raise LoomError("too_many_requests", "Too many people log in at this moment.", "Try again in a few seconds.")
    try:
        yield
    finally:
        _turns.release()


def _normal(password: str) -> bytes:
    return unicodedata.normalize("NFC", password).encode(errors="surrogatepass")

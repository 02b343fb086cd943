"""Ids that sort by age: 9 letters of milliseconds and 7 of chance, in Crockford's base 32."""

from __future__ import annotations

import secrets
import time

LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 16


def new_id() -> str:
    """An id no other row has; a later one sorts behind an earlier one (within a millisecond: by chance)."""
    return _letters(time.time_ns() // 1_000_000, 9) + _letters(secrets.randbits(35), 7)


def _letters(number: int, count: int) -> str:
    return "".join(LETTERS[number >> 5 * place & 31] for place in reversed(range(count)))

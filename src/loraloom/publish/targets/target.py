"""What a place can do: take in a version, and give it back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from loraloom.publish.bundle import Bundle


@dataclass(frozen=True)
class Put:
    """What lies at a place. `files`: name there -> SHA-256, by which ours are known again."""

    files: dict[str, str] = field(default_factory=dict[str, str])
    address: str = ""
    """Where people find it: a path or a URL; empty for what is downloaded from Loom."""


class Target(Protocol):
    """One place. Both verbs raise LoomError and leave the place as it was when they do."""

    def put(self, bundle: Bundle) -> Put:
        """Bring `bundle` there, whole or not at all; nothing that is not ours is overwritten."""
        ...

    def take(self, put: Put) -> None:
        """Take away what `put` says was brought, as far as it is still ours."""
        ...

"""What an example is known by: a hash of what it says, the same wherever and however it was written down."""

from __future__ import annotations

import hashlib
import json

from loraloom.spec.example import Example


def digest(example: Example) -> str:
    """SHA-256 in hexadecimal of all that is learned from: not of file, line and whether it is held out."""
    said = example.model_dump(mode="json", include={"messages", "text", "chosen", "rejected"})
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, sort_keys=True).encode()).hexdigest()

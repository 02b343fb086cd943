"""From a person's label to a file name that is valid on Windows, macOS and Linux."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import PurePosixPath

MAX_BYTES = 120
"""Longest stem in UTF-8 bytes: leaves room for `-step-000200.safetensors` under the usual limit of 255."""

_FORBIDDEN = re.compile(r'[<>:"/\\|?*]+')
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])( *\..*)?", re.IGNORECASE)
_EXTENSION = re.compile(r"\.\w{1,16}")


def safe_stem(label: str, max_bytes: int = MAX_BYTES) -> str:
    """A file stem for `label`: letters of every script stay, what some system forbids becomes `-` or goes.

    Never empty, never hidden, never a reserved name such as CON, at most `max_bytes` of UTF-8.
    """
    text = unicodedata.normalize("NFC", label)
    text = "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
    text = _FORBIDDEN.sub("-", text)
    text = " ".join(text.split()).lstrip(" .-~").rstrip(" .-")
    text = _cut(text, max_bytes - 1).rstrip(" .-")
    if _RESERVED.fullmatch(text):
        text = "_" + text
    return text or "unnamed"


def safe_component(name: str) -> str:
    """One part of a path inside an archive, made safe to create; a part that is safe already stays as it is.

    The result depends on the stem and the extension alone, so a picture and its caption file keep the same stem. A changed
    stem gets six digits of its hash, so that two names seldom meet.
    """
    stem, extension = split_extension(name)
    if not _EXTENSION.fullmatch(extension):
        stem, extension = name, ""
    safe = safe_stem(stem)
    if safe != unicodedata.normalize("NFC", stem):
        digest = hashlib.sha256(stem.encode("utf-8", "surrogatepass")).hexdigest()[:6]
        safe = f"{safe}-{digest}"
    return safe + extension


def split_extension(path: str) -> tuple[str, str]:
    """`path` (forward slashes) without its extension, and the extension with its dot, or "" when it has none."""
    extension = PurePosixPath(path).suffix
    return path.removesuffix(extension), extension


def printable(name: str) -> str:
    """`name` as a label: control characters and bytes that are no text are shown as escapes."""
    return "".join(c if c.isprintable() or c == "\u3000" else c.encode("unicode_escape").decode() for c in name)


def _cut(text: str, max_bytes: int) -> str:
    raw = text.encode("utf-8")
    if len(raw) <= max_bytes:
        return text
    text = raw[:max_bytes].decode("utf-8", "ignore")
    while text and unicodedata.combining(text[-1]):
        text = text[:-1]
    return text

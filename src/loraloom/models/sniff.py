"""Says what a file that should hold weights really is, from its first bytes: a pickle, a web page, a pointer, ..."""

from __future__ import annotations

from pathlib import Path

from loraloom.spec.errors import LoomError

PICKLE_SUFFIXES = (".ckpt", ".pt", ".pth", ".bin", ".pkl", ".pickle")
PICKLE_HINT = (
    "A pickle can run code when it is opened, so Loom never loads one. Look for the .safetensors edition of the same "
    "model, or convert it in a throw-away environment: "
    "safetensors.torch.save_file(torch.load(f, weights_only=True)['state_dict'], 'model.safetensors')."
)


def refuse_pickle(path: Path, head: bytes | None = None) -> None:
    """Raise LoomError `pickle_refused` if `path` is a pickle by its name or by its first bytes (`head`)."""
    if path.suffix.lower() in PICKLE_SUFFIXES:
        raise LoomError("pickle_refused", f"{path.name} is a pickle ({path.suffix.lower()}).", PICKLE_HINT)
    if head is not None and _is_pickle(head):
        raise LoomError("pickle_refused", f"{path.name} is named .safetensors but holds a pickle.", PICKLE_HINT)


def _is_pickle(head: bytes) -> bool:
    """True for zip files (torch since 1.6), bare pickles of protocol 2 to 5, and torch's older magic number."""
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return True
    # A safetensors file opens with a little-endian length: byte 0x80 0x02..0x05 could be one, but then `{` follows at 8.
    return len(head) > 8 and head[0] == 0x80 and 2 <= head[1] <= 5 and head[8:9] != b"{"


def describe(head: bytes) -> tuple[str, str] | None:
    """(what it is, what to do) for a file that is something other than weights; None if nothing is recognised."""
    text = head.lstrip(b"\xef\xbb\xbf \r\n\t")
    if text[:1] == b"<" and any(mark in text[:400].lower() for mark in (b"<!doctype html", b"<html", b"<?xml")):
        return (
            "this is a web page",
            "The download got a page instead of the file; log in or use the direct link and try again.",
        )
    if text.startswith(b"version https://git-lfs"):
        return (
            "this is a Git LFS pointer, not the weights",
            "Fetch the file itself: run `git lfs pull` where it was cloned.",
        )
    if head.startswith(b"GGUF"):
        return "this is a GGUF file", "Loom trains on .safetensors weights; look for that edition of the model."
    if head[:2] == b"\x1f\x8b" or head[:6] in (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c"):
        return "this is a compressed archive", "Unpack it and name the .safetensors file inside."
    if head[:8] == b"\x89PNG\r\n\x1a\n" or head[:3] == b"\xff\xd8\xff":
        return "this is a picture", "Name the weights, not their preview."
    if text[:1] == b"{":
        return (
            "this is a JSON text, probably an error message from the download",
            "Look inside, then download the file again.",
        )
    return None

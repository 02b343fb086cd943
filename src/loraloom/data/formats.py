"""Telling a file's format from its first bytes: what may be decoded, and what the rest is called in a sentence."""

from __future__ import annotations

import struct

from loraloom.data.jxl import jxl_size

PICTURE_EXTENSIONS = frozenset(
    (".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".gif", ".avif", ".jxl")
)
HEAD = 512
"""Bytes that `sniff`, `describe` and `declared_size` need."""

_AVIF_BRANDS = (b"avif", b"avis")
_KNOWN: tuple[tuple[bytes, str], ...] = (
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a Linux program"),
    (b"PK\x03\x04", "a zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF", "a PDF"),
    (b"8BPS", "a Photoshop file"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"\x00\x00\x01\x00", "a Windows icon"),
    (b"DDS ", "a DDS texture"),
    (b"\x76\x2f\x31\x01", "an OpenEXR picture"),
    (b"#?RADIANCE", "an HDR picture"),
    (b"gimp xcf", "a GIMP file"),
    (b"RIFF", "a sound or video file"),
    (b"ID3", "a sound file"),
    (b"OggS", "a sound or video file"),
    (b"\x1aE\xdf\xa3", "a video"),
)
FOREIGN_PICTURES = frozenset(
    {
        "a TIFF picture",
        "a Photoshop file",
        "a GIMP file",
        "an OpenEXR picture",
        "an HDR picture",
        "a HEIC picture",
        "an SVG drawing",
        "a Windows icon",
        "a DDS texture",
        "a JPEG 2000 picture",
        "a PNM picture",
    }
)
"""Pictures of a kind that is not read: a person should convert them."""


def sniff(head: bytes) -> str | None:
    """Pillow's name of the format of a file that begins with `head`, or None when it may not be decoded."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if (
        head.startswith(b"BM")
        and len(head) >= 18
        and struct.unpack_from("<I", head, 14)[0] in (12, 40, 52, 56, 64, 108, 124)
    ):
        return "BMP"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp" and any(brand in head[8:64] for brand in _AVIF_BRANDS):
        return "AVIF"
    if head.startswith((b"\xff\x0a", b"\x00\x00\x00\x0cJXL \r\n\x87\n")):
        return "JXL"
    return None


def describe(head: bytes) -> str:
    """What a file that begins with `head` seems to be, with its article: "an HTML page", "a PDF"."""
    for magic, words in _KNOWN:
        if head.startswith(magic):
            return words
    if head[4:8] == b"ftyp":
        return "a HEIC picture" if head[8:10] in (b"he", b"mi", b"ms") else "a video"
    if head.startswith((b"\x00\x00\x00\x0cjP", b"\xff\x4f\xff\x51")):
        return "a JPEG 2000 picture"
    if head[:1] == b"P" and head[1:2] in b"1234567" and head[2:3] in b" \n\r\t":
        return "a PNM picture"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<svg", b"<?xml")):
        return "an SVG drawing" if b"<svg" in text else "an XML file"
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "an HTML page"
    if text.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer"
    if text and all(byte in (9, 10, 13) or byte >= 32 for byte in head):
        return "plain text"
    return "data of an unknown kind"


def declared_size(data: bytes, name: str) -> tuple[int, int] | None:
    """Width and height in pixels as the header of `data` says, for formats whose decoder might allocate before it asks."""
    if name == "JXL":
        return jxl_size(data)
    head = data[:HEAD]
    try:
        if name == "PNG" and head[12:16] == b"IHDR":
            return struct.unpack_from(">II", head, 16)
        if name == "GIF":
            return struct.unpack_from("<HH", head, 6)
        if name == "BMP" and struct.unpack_from("<I", head, 14)[0] >= 40:
            width, height = struct.unpack_from("<ii", head, 18)
            return abs(width), abs(height)
        if name == "WEBP":
            return _webp_size(head)
    except struct.error:
        return None
    return None


def _webp_size(head: bytes) -> tuple[int, int] | None:
    kind = head[12:16]
    if kind == b"VP8X" and len(head) >= 30:
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if kind == b"VP8L" and len(head) >= 25:
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and len(head) >= 30:
        width, height = struct.unpack_from("<HH", head, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None


def ends_early(data: bytes, name: str) -> bool:
    """Whether the file stops before its format says it should (asked only after decoding failed)."""
    if name == "PNG":
        return b"IEND" not in data[-64:]
    if name == "JPEG":
        return b"\xff\xd9" not in data[-64:]
    if name == "GIF":
        return not data.rstrip(b"\x00").endswith(b";")
    if name == "WEBP":
        return len(data) < int.from_bytes(data[4:8], "little") + 8
    if name == "BMP":
        return len(data) < int.from_bytes(data[2:6], "little")
    return name in ("AVIF", "JXL") and _boxes_end_early(data)


def _boxes_end_early(data: bytes) -> bool:
    position = 0
    while position + 8 <= len(data):
        size = int.from_bytes(data[position : position + 4], "big")
        if size == 0:
            return False
        if size == 1:
            size = int.from_bytes(data[position + 8 : position + 16], "big")
        if size < 8:
            return False
        position += size
    return position != len(data)

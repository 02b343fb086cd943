"""Formats are told from content; sizes are read from headers before a decoder runs; noise never gets past `Refused`."""

from __future__ import annotations

import io
import random
import struct

import pytest
from PIL import Image, features

from loraloom.data.decode import decode
from loraloom.data.formats import declared_size, describe, sniff
from loraloom.data.jxl import jxl_size
from loraloom.data.pixels import flatten, upright
from loraloom.data.refusal import Refused
from loraloom.data.texts import decode_text, lines_of
from tests.broken_pictures import animated, encoded, noise, sixteen_bit_rgb, with_key_colour

BOXED = "0000000c4a584c200d0a870a00000014667479706a786c20000000006a786c20000000166a786c63ff0a4f060013880200ec00b59f20"
"""Signature, file type and codestream boxes."""
KINDS = ["PNG", "JPEG", "GIF", "WEBP", "BMP", *(["AVIF"] if features.check("avif") else [])]


@pytest.mark.parametrize("kind", KINDS)
def test_what_pillow_writes_is_known(kind: str) -> None:
    data = encoded(noise(83, 41), kind)
    assert sniff(data[:512]) == kind
    assert declared_size(data, kind) in ((83, 41), None)
    assert decode(data).size == (83, 41)


def test_sizes_of_every_webp() -> None:
    for data in (encoded(noise(83, 41), "WEBP"), encoded(noise(83, 41), "WEBP", lossless=True), animated("WEBP")):
        with Image.open(io.BytesIO(data)) as picture:
            assert declared_size(data, "WEBP") == picture.size


@pytest.mark.parametrize(
    ("header", "size"),
    [
        ("ff0a0090010013880200b000b59f", (1, 1)),
        ("ff0a4f060013880200ec00b59f20", (64, 64)),
        ("ff0ac001c60c0013880200f400b5", (100, 57)),
        ("ff0aba211d001388020090406674", (1920, 1080)),
        ("ff0a3a1f1f001388020090806674", (2000, 1000)),
        ("ff0a98806ed7001388020068c01c", (3000, 20)),
        (BOXED, (64, 64)),
        ("ff0a", None),
        ("0000000c4a584c200d0a870a", None),
    ],
)  # fmt: skip
def test_sizes_of_jpeg_xl(header: str, size: tuple[int, int] | None) -> None:
    """Headers written by libjxl."""
    assert jxl_size(bytes.fromhex(header)) == size


def test_bombs_are_refused_from_their_headers() -> None:
    webp = bytearray(encoded(noise(), "WEBP", lossless=True, exif=b"Exif\x00\x00MM"))
    assert webp[12:16] == b"VP8X"
    webp[24:30] = b"\xff" * 6
    bmp = bytearray(encoded(noise(), "BMP"))
    bmp[18:26] = struct.pack("<ii", 30_000, -30_000)
    gif = bytearray(encoded(noise(), "GIF"))
    gif[6:10] = struct.pack("<HH", 65535, 65535)
    for data in (webp, bmp, gif):
        with pytest.raises(Refused) as caught:
            decode(bytes(data))
        assert caught.value.reason == "bomb"


@pytest.mark.parametrize(
    "head", [b"8BPS\x00\x01", b"%!PS-Adobe", b"II*\x00", b"P6\n1 1\n255\n", b"\x00\x00\x01\x00", b"SIMPLE  =", b""]
)
def test_no_other_decoder_is_reached(head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "open", None)
    with pytest.raises(Refused) as caught:
        decode(head + bytes(100))
    assert caught.value.reason == "not_a_picture"


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"<!DOCTYPE html>", "an HTML page"),
        (b"\xef\xbb\xbf<html>", "an HTML page"),
        (b'<?xml version="1.0"?>\n<svg', "an SVG drawing"),
        (b"<?xml?><rss>", "an XML file"),
        (b"version https://git-lfs.github.com/spec/v1", "a Git LFS pointer"),
        (b"\x00\x00\x00\x18ftypheic", "a HEIC picture"),
        (b"\x00\x00\x00\x18ftypmp42", "a video"),
        (b"RIFF\x00\x00\x00\x00WAVE", "a sound or video file"),
        (b"hello", "plain text"),
        (b"\x01\x02", "data of an unknown kind"),
    ],
)
def test_what_the_rest_is_called(head: bytes, words: str) -> None:
    assert sniff(head) is None
    assert describe(head) == words


def test_noise_in_good_files_is_always_caught() -> None:
    draw = random.Random(11)
    seeds = [encoded(noise(), kind) for kind in KINDS] + [animated("GIF"), sixteen_bit_rgb(), with_key_colour()]
    seen: set[str] = set()
    for _ in range(400):
        data = bytearray(draw.choice(seeds))
        for _ in range(draw.choice((1, 3, 20))):
            data[draw.randrange(min(len(data), draw.choice((60, 300, len(data)))))] = draw.randrange(256)
        try:
            seen.add(flatten(upright(decode(bytes(data))), "white").mode)
        except Refused as refused:
            seen.add(refused.reason)
    assert {"RGB", "unreadable", "not_a_picture", "bomb"} <= seen


@pytest.mark.parametrize(
    ("data", "text", "guessed"),
    [
        ("ein Bär, 猫".encode(), "ein Bär, 猫", None),
        ("\ufeffBär".encode(), "Bär", None),
        ("Bär 猫".encode("utf-16-le"), None, None),
        ("\ufeffBär 猫".encode("utf-16-le"), "Bär 猫", None),
        ("\ufeffBär 猫".encode("utf-16-be"), "Bär 猫", None),
        ("一只可爱的猫咪".encode("gbk"), "一只可爱的猫咪", "GBK"),
        ("café, naïve".encode("cp1252"), "café, naïve", "CP1252"),
        (b"a\x1b[31mb\x07", "a[31mb", None),
    ],
)
def test_encodings(data: bytes, text: str | None, guessed: str | None) -> None:
    decoded = decode_text(data)
    if text is None:
        assert decoded is None
    else:
        assert decoded is not None
        assert (decoded.text, decoded.guessed) == (text, guessed)


def test_lines() -> None:
    assert lines_of(" a \r\n\r\n b\n") == ("a", "b")

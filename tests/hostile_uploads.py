"""Files that somebody uploads in bad faith, or in good faith by mistake, each with the verdict it must get."""

from __future__ import annotations

import io
import json
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from tests.broken_pictures import HTML, SVG, animated, bad_checksum, bomb, chunk, cut, encoded, noise, png, zipped

Data = Callable[[], bytes]


@dataclass(frozen=True)
class Hostile:
    """One upload that must be refused with `reason`. `word` must stand in the sentence."""

    kind: str
    filename: str
    data: Data
    reason: str
    word: str = ""


def picture() -> bytes:
    """A good PNG."""
    return encoded(noise(), "PNG")


def archive(*members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip with these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as zipped_:
        for name, data in members:
            zipped_.writestr(name, data)
    return buffer.getvalue()


def special(name: str, kind: int) -> zipfile.ZipInfo:
    """A member that claims to be a link, a pipe or a device."""
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = (kind | 0o777) << 16
    return info


def overlapping() -> bytes:
    """Two members with the same bytes, as in Fifield's bomb."""
    data = bytearray(archive(("a.png", picture()), ("b.png", picture())))
    second = data.rindex(b"PK\x01\x02")
    data[second + 42 : second + 46] = struct.pack("<I", 0)
    return bytes(data)


def locked() -> bytes:
    """A zip whose only member claims a password."""
    data = bytearray(archive(("secret.png", picture())))
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + offset] |= 1
    return bytes(data)


def understated() -> bytes:
    """A member that holds more than the directory says."""
    data = bytearray(archive(("big.bmp", bytes(500_000))))
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 100)
    return bytes(data)


def two_names() -> bytes:
    """The directory calls the member otherwise than the member itself does."""
    data = bytearray(archive(("good.png", picture())))
    at = data.rindex(b"good.png")
    data[at : at + 8] = b"evil.png"
    return bytes(data)


def endless_list() -> bytes:
    """A zip whose end claims four billion files by its directory's size."""
    data = bytearray(archive(("a.png", picture())))
    at = data.rindex(b"PK\x05\x06")
    data[at + 12 : at + 16] = struct.pack("<I", 0xFFFFFFF0)
    return bytes(data)


def many_scans() -> bytes:
    """A progressive JPEG whose scans are repeated until a decoder works for hours."""
    data = encoded(noise(256, 256), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * 400 + b"\xff\xd9"


def text_bomb() -> bytes:
    """A PNG with a compressed text of 200 MB."""
    text = chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(bytes(200_000_000), 9))
    return png(64, 64, 8, 2, b"".join(b"\x00" + bytes(192) for _ in range(64)), text)


def lying_chunk() -> bytes:
    """A PNG with a chunk that claims two gigabytes."""
    data = picture()
    return data[:33] + struct.pack(">I", 0x7FFFFFFF) + b"teXt" + data[33:]


def gif_bomb() -> bytes:
    """A GIF of a few bytes that claims 65,535 x 65,535 pixels."""
    return b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + b"\x00\x00\x00,"


def webp_bomb() -> bytes:
    """A WebP that claims the most its header can."""
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\x00" * 4 + b"\xff\xff\xff" * 2
    return b"RIFF" + struct.pack("<I", len(body)) + body


def pickled() -> bytes:
    """A pickle that would run a command."""
    return b"\x80\x04\x95\x20\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R."


def torch_zip() -> bytes:
    """What `torch.save` writes."""
    return archive(("archive/data.pkl", pickled()), ("archive/version", b"3\n"))


def safetensors(header: object, body: bytes = b"", length: int | None = None) -> bytes:
    """A safetensors file by hand."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body


def tensor(begin: int, end: int) -> dict[str, object]:
    """One tensor of the header."""
    return {"dtype": "U8", "shape": [end - begin], "data_offsets": [begin, end]}


PROGRAMS: tuple[Hostile, ...] = (
    Hostile("Windows program", "setup.exe", lambda: b"MZ\x90\x00" + bytes(200), "program"),
    Hostile("Windows program named .png", "cat.png", lambda: b"MZ\x90\x00" + bytes(200), "program"),
    Hostile("Linux program named .jpg", "cat.jpg", lambda: b"\x7fELF\x02\x01\x01" + bytes(100), "program"),
    Hostile("macOS program", "tool", lambda: b"\xcf\xfa\xed\xfe\x07\x00\x00\x01" + bytes(100), "program"),
    Hostile("fat Mach-O named .webp", "cat.webp", lambda: b"\xca\xfe\xba\xbe" + bytes(60), "program"),
    Hostile("self-extracting zip", "photos.zip", lambda: b"MZ\x90\x00" + bytes(100) + zipped(), "program"),
    Hostile("shell script", "install.sh", lambda: b"#!/bin/sh\nrm -rf /\n", "program", "script"),
    Hostile("shell script named .txt", "cat.txt", lambda: b"#!/bin/sh\nrm -rf /\n", "program", "script"),
    Hostile("PHP named .txt", "cat.txt", lambda: b"<?php system($_GET['c']); ?>", "program", "script"),
    Hostile("batch file", "run.bat", lambda: b"@echo off\r\nformat c:\r\n", "program", "script"),
    Hostile("JavaScript", "app.js", lambda: b"fetch('/api/session')", "not_a_picture"),
    Hostile("Python", "train.py", lambda: b"import os\n", "not_a_picture"),
    Hostile("pickle .ckpt", "model.ckpt", torch_zip, "pickle", ".safetensors"),
    Hostile("pickle .pt", "model.pt", pickled, "pickle"),
    Hostile("pickle .pkl named .png", "model.png", pickled, "pickle"),
)
DOCUMENTS: tuple[Hostile, ...] = (
    Hostile("web page named .jpg", "page.jpg", lambda: HTML, "not_a_picture", "HTML"),
    Hostile("web page", "page.html", lambda: HTML, "not_a_picture"),
    Hostile("web page named .txt", "page.txt", lambda: HTML, "not_a_picture"),
    Hostile("SVG", "drawing.svg", lambda: SVG, "unsupported", "PNG"),
    Hostile("script in SVG", "d.svg", lambda: SVG[:-2] + b"><script>alert(1)</script></svg>", "unsupported"),
    Hostile("SVG named .png", "drawing.png", lambda: SVG, "not_a_picture"),
    Hostile("PDF", "paper.pdf", lambda: b"%PDF-1.7\n%\xe2\xe3\n", "not_a_picture"),
    Hostile("PostScript named .bmp", "draw.bmp", lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n", "not_a_picture"),
    Hostile("TIFF", "scan.tif", lambda: encoded(noise(), "TIFF"), "unsupported", "PNG"),
    Hostile("picture under .exe", "cat.exe", picture, "unsupported", "rename"),
    Hostile("picture named .txt", "cat.txt", picture, "not_a_picture"),
    Hostile("binary caption", "cat.txt", lambda: bytes(range(256)), "not_a_picture"),
    Hostile("weights among pictures", "lora.safetensors", lambda: safetensors({}), "weights", "Models"),
)
POLYGLOTS: tuple[Hostile, ...] = (
    Hostile("PNG and zip", "a.png", lambda: picture() + zipped(), "polyglot", "zip"),
    Hostile("JPEG and zip", "a.jpg", lambda: encoded(noise(), "JPEG") + zipped(), "polyglot", "zip"),
    Hostile("GIF and zip", "a.gif", lambda: encoded(noise(), "GIF") + zipped(), "polyglot", "zip"),
    Hostile("WebP and program", "a.webp", lambda: encoded(noise(), "WEBP") + b"\x7fELF\x02" + bytes(90), "polyglot"),
    Hostile("PNG and PHP", "a.png", lambda: picture() + b"<?php eval($_POST[0]);", "polyglot", "PHP"),
    Hostile(
        "GIF and script", "a.gif", lambda: encoded(noise(), "GIF") + b"<script>x()</script>", "polyglot", "web page"
    ),
    Hostile("JPEG and PDF", "a.jpg", lambda: encoded(noise(), "JPEG") + b"%PDF-1.5\n1 0 obj", "polyglot", "PDF"),
    Hostile("PDF inside a JPEG", "a.jpg", lambda: encoded(noise(), "JPEG", comment=b"%PDF-1.5\n"), "polyglot", "PDF"),
)
BROKEN: tuple[Hostile, ...] = (
    Hostile("nothing", "nothing.png", lambda: b"", "empty_file"),
    Hostile("only a magic number", "magic.jpg", lambda: b"\xff\xd8\xff", "truncated"),
    Hostile("JPEG cut", "cut.jpg", lambda: cut(encoded(noise(), "JPEG"), 0.5), "truncated"),
    Hostile("wrong checksum", "flipped.png", bad_checksum, "unreadable"),
    Hostile("PNG bomb", "bomb.png", bomb, "bomb", "60000 x 60000"),
    Hostile("GIF bomb", "bomb.gif", gif_bomb, "bomb", "65535"),
    Hostile("WebP bomb", "bomb.webp", webp_bomb, "bomb"),
    Hostile("JPEG of 400 scans", "slow.jpg", many_scans, "bomb", "passes"),
    Hostile("PNG with a text of 200 MB", "text.png", text_bomb, "unreadable"),
    Hostile("PNG chunk that lies", "chunk.png", lying_chunk, "truncated"),
    Hostile("1 x 1", "dot.png", lambda: encoded(noise(1, 1), "PNG"), "too_small"),
)
ZIPS: tuple[Hostile, ...] = (
    *(
        Hostile(f"zip with {name!r}", "data.zip", lambda n=name: archive(("a.png", picture()), (n, picture())), "archive", "outside")
        for name in ("../evil.png", "a/../../evil.png", "/evil.png", "C:/evil.png", "..\\evil.png", "\\\\host\\share\\evil.png")
    ),
    Hostile("overlapping members", "data.zip", overlapping, "archive", "overlap"),
    Hostile("zip bomb by ratio", "data.zip", lambda: archive(("a.bmp", bytes(100_000_000))), "archive", "times"),
    Hostile("zip with an endless list", "data.zip", endless_list, "archive", "limit"),
    Hostile("zip cut off", "data.zip", lambda: zipped()[:60], "archive", "cut off"),
    Hostile("not a zip", "data.zip", picture, "archive"),
    Hostile("7z", "data.7z", lambda: b"7z\xbc\xaf\x27\x1c" + bytes(50), "archive", "zip"),
    Hostile("tar.gz", "data.tar.gz", lambda: b"\x1f\x8b\x08" + bytes(50), "archive", "zip"),
    Hostile("zip named .png", "data.png", zipped, "not_a_picture"),
    Hostile("Word file", "data.docx", zipped, "archive"),
    Hostile("link in a zip", "d.zip", lambda: archive((special("l.png", stat.S_IFLNK), b"/etc/passwd")), "unsafe_name"),
    Hostile("pipe in a zip", "d.zip", lambda: archive((special("p.png", stat.S_IFIFO), b"")), "unsupported"),
    Hostile("device in a zip", "d.zip", lambda: archive((special("d.png", stat.S_IFCHR), b"")), "unsupported"),
    Hostile("zip in a zip", "d.zip", lambda: archive(("inner.zip", zipped())), "unsupported", "archive"),
    Hostile("zip with a password", "d.zip", locked, "unreadable", "password"),
    Hostile("member larger than it says", "d.zip", understated, "unreadable"),
    Hostile("member of two names", "d.zip", two_names, "unreadable"),
    Hostile("program in a zip", "d.zip", lambda: archive(("cat.png", b"MZ\x90\x00" + bytes(99))), "not_a_picture"),
    Hostile("polyglot in a zip", "d.zip", lambda: archive(("cat.png", picture() + zipped())), "polyglot"),
    Hostile("two members of one name", "d.zip", lambda: archive(("a.png", picture()), ("A.PNG", picture())), "unsafe_name"),
    Hostile("hidden member", "d.zip", lambda: archive(("__MACOSX/._a.png", b"x")), "hidden"),
)  # fmt: skip
UPLOADS: tuple[Hostile, ...] = (*PROGRAMS, *DOCUMENTS, *POLYGLOTS, *BROKEN, *ZIPS)
"""Sent to a data set."""

MODELS: tuple[Hostile, ...] = (
    Hostile("pickle", "model.ckpt", torch_zip, "pickle_refused", ".ckpt"),
    Hostile("pickle renamed", "model.safetensors", pickled, "pickle_refused"),
    Hostile("torch zip renamed", "model.safetensors", torch_zip, "pickle_refused"),
    Hostile("nothing", "model.safetensors", lambda: b"", "weights_unreadable", "empty"),
    Hostile("web page", "model.safetensors", lambda: HTML, "weights_unreadable", "web page"),
    Hostile("picture", "model.safetensors", picture, "weights_unreadable", "picture"),
    Hostile("program", "model.safetensors", lambda: b"MZ\x90\x00" + bytes(300), "weights_unreadable"),
    Hostile("header of exabytes", "m.safetensors", lambda: safetensors({}, length=2**62), "weights_unreadable"),
    Hostile("header of gigabytes", "m.safetensors", lambda: safetensors({}, length=3 * 2**30), "weights_unreadable", "limit"),
    Hostile("header longer than the file", "m.safetensors", lambda: safetensors({}, length=5000), "weights_unreadable"),
    Hostile(
        "overlapping tensors", "m.safetensors",
        lambda: safetensors({"a": tensor(0, 8), "b": tensor(4, 12)}, bytes(12)), "weights_unreadable", "overlap",
    ),
    Hostile("zip behind tensors", "m.safetensors", lambda: safetensors({"a": tensor(0, 4)}, bytes(4) + zipped()), "weights_unreadable"),
    Hostile("cut off", "m.safetensors", lambda: safetensors({"a": tensor(0, 400)}, bytes(4)), "weights_unreadable", "cut short"),
    Hostile("deep JSON", "m.safetensors", lambda: safetensors(b'{"a":' * 50_000), "weights_unreadable", "damaged"),
    Hostile("GGUF", "model.gguf", lambda: b"GGUF" + bytes(50), "base_model_unknown", ".safetensors"),
    Hostile("unknown weights", "m.safetensors", lambda: safetensors({"a": tensor(0, 4)}, bytes(4)), "base_model_unknown"),
)  # fmt: skip
"""Sent as a base model; `reason` is the error's code."""


def with_payload() -> tuple[bytes, bytes]:
    """A good JPEG with scripts in its comment, EXIF and XMP, and the words that must be gone from what is stored."""
    exif = Image.Exif()
    exif[0x010E] = "<?php PAYLOAD ?>"
    data = encoded(noise(), "JPEG", exif=exif, comment=b"<script>PAYLOAD</script>", xmp=b"<x>PAYLOAD</x>")
    assert data.count(b"PAYLOAD") == 3
    return data, b"PAYLOAD"


def moving_gif() -> bytes:
    """Two frames."""
    return animated("GIF")

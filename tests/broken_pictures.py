"""A folder of broken and odd files, one of every kind that people really have, with the verdict each must get."""

from __future__ import annotations

import io
import os
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, features

Make = Callable[[Path], None]


@dataclass(frozen=True)
class Case:
    """One file and what must be said of it. `reason` is a skip reason when it is not `taken`, else a warning or None.

    `file` is relative to the folder; `about` is the file the note must name, when it is another one.
    """

    kind: str
    file: str
    make: Make
    taken: bool
    reason: str | None = None
    about: str | None = None

    @property
    def noted(self) -> str:
        """The file that the report's note names."""
        return self.about or self.file


_count = 0


def noise(width: int = 80, height: int = 72, channels: int = 3) -> Image.Image:
    """A picture that no other call gives."""
    global _count
    _count += 1
    values = np.random.default_rng(_count).integers(0, 256, (height, width, channels), dtype=np.uint8)
    return Image.fromarray(values if channels > 1 else values[:, :, 0])


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """The file that Pillow writes."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes, crc: int | None = None) -> bytes:
    """One PNG chunk; a wrong `crc` may be given."""
    check = zlib.crc32(kind + data) if crc is None else crc
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def png(width: int, height: int, depth: int, colour: int, rows: bytes, *extra: bytes) -> bytes:
    """A PNG by hand, for depths that Pillow does not write. `rows` begin with their filter byte."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + b"".join(extra) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def sixteen_bit_rgb(width: int = 64, height: int = 64) -> bytes:
    """A PNG of 16 bits a channel."""
    values = np.random.default_rng(7).integers(0, 65536, (height, width, 3)).astype(">u2")
    return png(width, height, 16, 2, b"".join(b"\x00" + row.tobytes() for row in values))


def bomb() -> bytes:
    """A PNG of 33 bytes that claims 60,000 x 60,000 pixels."""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))


def bad_checksum() -> bytes:
    """A PNG of which one bit inside the pixels has flipped."""
    data = bytearray(encoded(noise(), "PNG", compress_level=0))
    data[len(data) // 2] ^= 4
    return bytes(data)


def rotated() -> bytes:
    """A JPEG that lies on its side and says so."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(noise(96, 64), "JPEG", exif=exif)


def broken_exif() -> bytes:
    """A good JPEG whose EXIF is noise."""
    return encoded(noise(), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff" + b"\x07" * 40)


def cut(data: bytes, share: float) -> bytes:
    """The first `share` of `data`."""
    return data[: int(len(data) * share)]


def zipped() -> bytes:
    """A zip with a picture in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("inside.png", encoded(noise(), "PNG"))
    return buffer.getvalue()


def with_key_colour() -> bytes:
    """A palette PNG with a see-through colour."""
    picture = noise().quantize(16)
    return encoded(picture, "PNG", transparency=0)


def animated(kind: str) -> bytes:
    """Two frames."""
    return encoded(noise(), kind, save_all=True, append_images=[noise()])


def write(data: Callable[[], bytes]) -> Make:
    """Put `data()` there."""
    return lambda path: _put(path, data())


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def beside(extension: str, data: Callable[[], bytes]) -> Make:
    """A good picture with `data()` beside it under its stem."""

    def make(path: Path) -> None:
        _put(path, encoded(noise(), "PNG"))
        _put(path.with_name(path.stem + extension), data())

    return make


def _outward(path: Path) -> None:
    target = path.parent.parent / "outside.png"
    _put(target, encoded(noise(), "PNG"))
    path.symlink_to(target)


def _unreadable(path: Path) -> None:
    _put(path, encoded(noise(), "PNG"))
    path.chmod(0)


def _locked_folder(path: Path) -> None:
    path.mkdir()
    path.chmod(0)


def _rgba() -> bytes:
    picture = noise()
    picture.putalpha(noise(channels=1))
    return encoded(picture, "PNG")


def _la() -> bytes:
    return encoded(Image.merge("LA", (noise(channels=1), noise(channels=1))), "PNG")


def _grey16() -> bytes:
    values = np.random.default_rng(8).integers(0, 65536, (70, 70)).astype(np.uint16)
    return encoded(Image.fromarray(values), "PNG")


def _original() -> bytes:
    return encoded(Image.linear_gradient("L").convert("RGB"), "PNG")


LONG = "sehr " * 30 + "lang"
HTML = b"<!DOCTYPE html><html><body>404 Not Found</body></html>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"/>'

GOOD: tuple[Case, ...] = (
    Case("plain", "good.png", write(lambda: encoded(noise(), "PNG")), True, "no_caption"),
    Case("the first of two equal files", "double a.png", write(_original), True),
    Case("wrong extension", "really a jpeg.png", write(lambda: encoded(noise(), "JPEG")), True),
    Case("upper-case extension", "LOUD.JPEG", write(lambda: encoded(noise(), "JPEG")), True),
    Case("Chinese path with spaces", "图片 文件夹/猫 咪.png", write(lambda: encoded(noise(), "PNG")), True),
    Case("very long name", f"{LONG}.png", write(lambda: encoded(noise(), "PNG")), True),
    Case("CMYK", "cmyk.jpg", write(lambda: encoded(noise().convert("CMYK"), "JPEG")), True, "colour_mode"),
    Case("16-bit RGB", "deep.png", write(sixteen_bit_rgb), True, "sixteen_bit"),
    Case("16-bit grey", "deep grey.png", write(_grey16), True, "sixteen_bit"),
    Case("palette with transparency", "palette.png", write(with_key_colour), True, "alpha"),
    Case("grey with alpha", "la.png", write(_la), True, "alpha"),
    Case("RGBA", "rgba.png", write(_rgba), True, "alpha"),
    Case("1-bit", "bits.png", write(lambda: encoded(noise().convert("1"), "PNG")), True, "colour_mode"),
    Case("animated GIF", "moves.gif", write(lambda: animated("GIF")), True, "animated"),
    Case("animated WebP", "moves.webp", write(lambda: animated("WEBP")), True, "animated"),
    Case("animated PNG", "moves.png", write(lambda: animated("PNG")), True, "animated"),
    Case("GIF cut in its second frame", "stops.gif", write(lambda: cut(animated("GIF"), 0.75)), True, "animated"),
    Case("EXIF rotation", "turned.jpg", write(rotated), True, "exif_rotated"),
    Case("broken EXIF", "exif.jpg", write(broken_exif), True),
    Case("script behind a picture", "poly.png", write(lambda: encoded(noise(), "PNG") + b"<script>x()</script>"), True),
    Case("empty caption", "silent.png", beside(".txt", lambda: b" \n"), True, "empty_caption", "silent.txt"),
    Case(
        "GBK caption",
        "gbk.png",
        beside(".txt", lambda: "一只可爱的猫咪".encode("gbk")),
        True,
        "caption_encoding",
        "gbk.txt",
    ),
    Case("caption with BOM", "bom.png", beside(".txt", lambda: "\ufeffein Bär".encode()), True),
    Case("UTF-16 caption", "wide.png", beside(".caption", lambda: "ein Bär".encode("utf-16")), True),
    Case("binary caption", "bin.png", beside(".txt", lambda: bytes(range(256))), True, "caption_encoding", "bin.txt"),
    Case("corrupt mask", "m.png", beside("-masklabel.png", lambda: b"no"), True, "mask_unreadable", "m-masklabel.png"),
)
BAD: tuple[Case, ...] = (
    Case("JPEG cut", "cut.jpg", write(lambda: cut(encoded(noise(), "JPEG"), 0.5)), False, "truncated"),
    Case(
        "progressive JPEG cut",
        "cut progressive.jpg",
        write(lambda: cut(encoded(noise(), "JPEG", progressive=True), 0.5)),
        False,
        "truncated",
    ),
    Case("PNG cut", "cut.png", write(lambda: cut(encoded(noise(), "PNG"), 0.5)), False, "truncated"),
    Case("GIF cut", "cut.gif", write(lambda: cut(encoded(noise(), "GIF"), 0.5)), False, "truncated"),
    Case("WebP cut", "cut.webp", write(lambda: cut(encoded(noise(), "WEBP"), 0.5)), False, "truncated"),
    Case("BMP cut", "cut.bmp", write(lambda: cut(encoded(noise(), "BMP"), 0.5)), False, "truncated"),
    Case("wrong checksum", "flipped.png", write(bad_checksum), False, "unreadable"),
    Case("text", "text.png", write(lambda: b"this is not a picture at all\n"), False, "not_a_picture"),
    Case("HTML", "page.jpg", write(lambda: HTML), False, "not_a_picture"),
    Case("SVG", "drawing.png", write(lambda: SVG), False, "not_a_picture"),
    Case("PDF", "paper.jpg", write(lambda: b"%PDF-1.7\n%\xe2\xe3\n1 0 obj\n"), False, "not_a_picture"),
    Case("zip under a picture's name", "zip.png", write(zipped), False, "not_a_picture"),
    Case("archive", "more.zip", write(zipped), False, "not_a_picture"),
    Case("program", "setup.png", write(lambda: b"MZ\x90\x00" + bytes(200)), False, "not_a_picture"),
    Case("video", "clip.webp", write(lambda: b"\x00\x00\x00\x20ftypisom" + bytes(100)), False, "not_a_picture"),
    Case("TIFF under PNG's name", "tiff.png", write(lambda: encoded(noise(), "TIFF")), False, "not_a_picture"),
    Case("TIFF", "scan.tif", write(lambda: encoded(noise(), "TIFF")), False, "unsupported"),
    Case("picture without extension", "nameless", write(lambda: encoded(noise(), "PNG")), False, "unsupported"),
    Case("PostScript", "draw.bmp", write(lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n"), False, "not_a_picture"),
    Case("nothing", "nothing.png", write(lambda: b""), False, "empty_file"),
    Case("only a magic number", "magic.jpg", write(lambda: b"\xff\xd8\xff"), False, "truncated"),
    Case("1 x 1", "dot.png", write(lambda: encoded(noise(1, 1), "PNG")), False, "too_small"),
    Case("a line", "line.png", write(lambda: encoded(noise(10_000, 1), "PNG")), False, "too_small"),
    Case("decompression bomb", "bomb.png", write(bomb), False, "bomb"),
    Case("the second of two equal files", "double b.png", write(_original), False, "duplicate"),
    Case("cache", "good_sd.npz", write(lambda: b"PK\x03\x04"), False, "cache"),
    Case("kohya's metadata cache", "meta_cap.json", write(lambda: b"{}"), False, "cache"),
    Case("hidden", "._good.png", write(lambda: b"\x00\x05\x16\x07"), False, "hidden"),
    Case("left by Windows", "Thumbs.db", write(lambda: b"\xd0\xcf\x11\xe0"), False, "hidden"),
    Case("mask without a picture", "gone-masklabel.png", write(lambda: encoded(noise(), "PNG")), False, "mask"),
    Case("caption without a picture", "lonely.txt", write(lambda: b"a cat"), False, "caption_without_picture"),
    Case("broken metadata", "sub/metadata.jsonl", write(lambda: b'{"file_name": "x.png"\n'), False, "metadata_row"),
)
POSIX: tuple[Case, ...] = (
    Case("pipe", "pipe.png", lambda path: os.mkfifo(path), False, "unsupported"),
    Case("link outward", "outward.png", _outward, False, "unsafe_name"),
    Case("link to a device", "zero.png", lambda path: path.symlink_to("/dev/zero"), False, "unsafe_name"),
    Case("link in a circle", "circle.png", lambda path: path.symlink_to(path), False, "unreadable"),
    Case("link to a folder", "again", lambda path: path.symlink_to(path.parent), False, "unsafe_name"),
)
LOCKED: tuple[Case, ...] = (
    Case("no permission", "locked.png", _unreadable, False, "unreadable"),
    Case("folder without permission", "locked", _locked_folder, False, "unreadable", "locked/"),
)
AVIF: tuple[Case, ...] = (
    Case("AVIF", "fine.avif", write(lambda: encoded(noise(), "AVIF")), True),
    Case("AVIF cut", "cut.avif", write(lambda: cut(encoded(noise(), "AVIF"), 0.5)), False, "truncated"),
)


def build(folder: Path) -> list[Case]:
    """Make every kind that this system and user can make inside `folder`, and say what was made."""
    folder.mkdir(parents=True, exist_ok=True)
    cases = [*GOOD, *BAD]
    if sys.platform != "win32":
        cases += POSIX
        if _locks_hold(folder):
            cases += LOCKED
    if features.check("avif"):
        cases += AVIF
    for case in cases:
        case.make(folder / case.file)
    return cases


def _locks_hold(folder: Path) -> bool:
    """Whether permissions bind this user (they do not bind root)."""
    probe = folder / "probe"
    probe.touch(mode=0)
    held = not os.access(probe, os.R_OK)
    probe.unlink()
    return held


def unlock(folder: Path) -> None:
    """Give back the permissions that `build` took, so that the folder can be removed."""
    for case in LOCKED:
        place = folder / case.file
        if place.exists():
            place.chmod(0o700)

"""What an upload really is, from its first bytes and its name: pictures, texts and zips go on, everything else does not."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Literal

from loraloom.data.formats import FOREIGN_PICTURES, HEAD, PICTURE_EXTENSIONS, describe, sniff
from loraloom.data.layout import (
    CAPTION_EXTENSIONS,
    CONFIG_EXTENSION,
    MASK_SUFFIX,
    METADATA_EXTENSIONS,
    PAPERS,
    is_cache,
    plain,
)
from loraloom.data.names import split_extension
from loraloom.data.refusal import Refused
from loraloom.data.walk import is_hidden

Kind = Literal["picture", "mask", "caption", "table", "zip"]

_ARCHIVES = (".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".cbz", ".jar", ".apk", ".iso", ".cab")
_PICKLES = (".ckpt", ".pt", ".pth", ".pkl", ".pickle", ".bin", ".joblib")
_WEIGHTS = (".safetensors", ".gguf", ".onnx")
_PROGRAMS = (
    b"MZ",
    b"\x7fELF",
    b"\xca\xfe\xba\xbe",
    b"\xcf\xfa\xed\xfe",
    b"\xce\xfa\xed\xfe",
    b"\xfe\xed\xfa",
    b"dex\n",
    b"\x00asm",
)
_SCRIPTS = (b"#!", b"<?php", b"<script", b"@echo off", b"<%")
_NO_CAPTIONS = ("an HTML page", "an SVG drawing", "an XML file", "a PDF", "a Git LFS pointer")
_PLAIN = "upload PNG, JPEG, WebP, GIF, BMP or AVIF pictures, their captions, or a zip of them."


def kind_of(path: Path, name: str) -> Kind:
    """What the file at `path`, labelled `name`, is to be read as. Raises Refused for what is not read at all."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    last = name.rsplit("/", 1)[-1].lower()
    extension = split_extension(last)[1]
    if any(is_hidden(part) for part in name.split("/")):
        raise Refused("hidden", "Hidden or left by the system; not looked at.")
    if not head:
        raise Refused("empty_file", "Holds 0 bytes; copy it again from where it came.")
    if is_cache(last):
        raise Refused("cache", "A cache of another trainer; not needed.")
    _check_program(head, extension)
    if extension == ".zip":
        return _zip(path, head)
    if extension in CAPTION_EXTENSIONS or extension in METADATA_EXTENSIONS:
        _check_text(head, extension)
        if plain(split_extension(last)[0]) in PAPERS:
            says = "A text about the data set by its name; rename it and its picture if it is a caption."
            raise Refused("not_a_picture", says)
        return "caption" if extension in CAPTION_EXTENSIONS else "table"
    if extension in PICTURE_EXTENSIONS:
        return "mask" if split_extension(last)[0].endswith(MASK_SUFFIX) else "picture"
    if extension == CONFIG_EXTENSION:
        raise Refused("not_a_picture", "A config says nothing alone; zip it together with its pictures.")
    raise _other(head, extension)


def _check_program(head: bytes, extension: str) -> None:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith(_PROGRAMS) and b"\x00" in head:
        raise Refused("program", f"Is a program, not a picture; {_PLAIN}")
    if start.startswith(_SCRIPTS):
        raise Refused("program", f"Is a script, not a picture or a caption; {_PLAIN}")
    if extension in _PICKLES or (head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")):
        says = "Is a pickle, which can run code when it is opened, so it is never loaded; look for the .safetensors edition."
        raise Refused("pickle", says)


def _zip(path: Path, head: bytes) -> Kind:
    if not head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        raise Refused("archive", f"Named .zip, but holds {describe(head)}; zip the folder again.")
    if not zipfile.is_zipfile(path):
        raise Refused("archive", "The zip is damaged or was cut off; zip the folder again.")
    return "zip"


def _check_text(head: bytes, extension: str) -> None:
    picture, what = sniff(head), describe(head)
    if b"\x00" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        what = f"a {picture} picture" if picture else what
    elif what not in _NO_CAPTIONS:
        return
    raise Refused("not_a_picture", f"Named {extension}, but holds {what}, not a text; remove it or rename it.")


def _other(head: bytes, extension: str) -> Refused:
    shown = extension or "no extension"
    picture = sniff(head)
    if picture is not None:
        return Refused(
            "unsupported", f"Holds a {picture} picture under {shown}; rename it to .{picture.lower()} to use it."
        )
    if extension in _WEIGHTS:
        return Refused("weights", "Holds weights of a model, not pictures; add a base model under Models.")
    what = describe(head)
    if extension in _ARCHIVES or what.endswith("archive"):
        return Refused("archive", "Of archives only .zip is read; unpack it and upload the folder, or zip it.")
    if what in FOREIGN_PICTURES or extension in (".svg", ".svgz"):
        what = "an SVG drawing" if extension in (".svg", ".svgz") else what
        return Refused("unsupported", f"Holds {what}, which is not read; save it as PNG, JPEG or WebP.")
    return Refused("not_a_picture", f"Neither picture nor caption ({shown}, holds {what}); {_PLAIN}")

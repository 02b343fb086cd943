"""Opening one picture under limits: an allow-list of formats, a pixel limit read from the header, and a full decode."""

from __future__ import annotations

import importlib
import importlib.util
import threading
import warnings
import zlib
from contextlib import nullcontext
from io import BytesIO

from PIL import Image

from loraloom.data.formats import FOREIGN_PICTURES, HEAD, declared_size, describe, ends_early, sniff
from loraloom.data.limits import MAX_PIXELS
from loraloom.data.refusal import Refused

_PLUGINS = {"WEBP": "PIL.WebPImagePlugin", "AVIF": "PIL.AvifImagePlugin", "JXL": "pillow_jxl"}
_HEAVY_PIXELS = 25_000_000
_one_heavy = threading.Lock()
# Pillow's own guard stays on for everybody, at the same limit. What it warns of on the terminal, the report says.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


def decode(data: bytes) -> Image.Image:
    """The decoded first frame of the picture in `data`, in its stored mode and orientation.

    Raises Refused: `not_a_picture`, `unsupported`, `bomb`, `truncated`, `unreadable`. Whatever Pillow's parsers raise on
    a broken file becomes one of these.
    """
    name = _format_of(data)
    size = declared_size(data, name)
    if size is not None:
        _check_pixels(size)
    elif name == "JXL":
        raise _broken(data, name)
    try:
        picture = Image.open(BytesIO(data), formats=(name,))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Refused("bomb", _bomb_text("far more pixels")) from error
    except Exception as error:
        raise _broken(data, name, error) from error
    _check_pixels(picture.size)
    heavy = picture.width * picture.height > _HEAVY_PIXELS
    try:
        with _one_heavy if heavy else nullcontext():
            picture.load()
        if name == "PNG":
            _check_crcs(data)
    except Refused:
        raise
    except Exception as error:
        raise _broken(data, name, error) from error
    return picture


def _format_of(data: bytes) -> str:
    name = sniff(data[:HEAD])
    if name is None:
        what = describe(data[:HEAD])
        if what in FOREIGN_PICTURES:
            raise Refused("not_a_picture", f"Holds {what}, which is not read; save it as PNG, JPEG or WebP.")
        raise Refused("not_a_picture", f"Holds {what}, not a picture; remove it or put the real picture in its place.")
    module = _PLUGINS.get(name)
    if module is not None:
        if importlib.util.find_spec(module) is None:
            raise Refused("unsupported", f"{name} pictures cannot be read here; save it as PNG or install `{module}`.")
        importlib.import_module(module)
        if name not in Image.OPEN:
            raise Refused(
                "unsupported", f"This Pillow was built without {name}; save the picture as PNG, JPEG or WebP."
            )
    return name


def _check_pixels(size: tuple[int, int]) -> None:
    if size[0] * size[1] > MAX_PIXELS:
        raise Refused("bomb", _bomb_text(f"{size[0]} x {size[1]} pixels"))


def _bomb_text(claim: str) -> str:
    return f"Claims {claim}, above the limit of {MAX_PIXELS // 1_000_000} million; scale it down first."


def _broken(data: bytes, name: str, error: Exception | None = None) -> Refused:
    if isinstance(error, MemoryError):
        return Refused("too_large", "Needs more memory than there is to decode it; scale it down first.")
    if ends_early(data, name) or "truncated" in str(error).lower():
        return Refused("truncated", f"The {name} data stops before its end; copy or download it again.")
    return Refused(
        "unreadable", f"The {name} data is damaged and cannot be decoded; save the picture again from its source."
    )


def _check_crcs(data: bytes) -> None:
    """Refuse a PNG whose chunks do not match their checksums: Pillow does not look at those of the pixels."""
    position, view = 8, memoryview(data)
    while position + 12 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        kind, end = data[position + 4 : position + 8], position + 8 + length
        if end + 4 > len(data):
            return
        if kind[:1].isupper() and zlib.crc32(view[position + 4 : end]) != int.from_bytes(data[end : end + 4], "big"):
            raise Refused("unreadable", "A checksum inside the PNG is wrong, its pixels are damaged; copy it again.")
        if kind == b"IEND":
            return
        position = end + 4

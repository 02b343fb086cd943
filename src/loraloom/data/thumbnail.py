"""Small pictures for lists: WebP, 256 pixels at the longest side."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

SIDE = 256


def thumbnail(picture: Image.Image) -> bytes:
    """The WebP file of `picture` (RGB or RGBA), made smaller where it is larger than `SIDE`."""
    small = picture.copy() if max(picture.size) <= SIDE else _shrink(picture)
    buffer = BytesIO()
    small.save(buffer, "WEBP", quality=80, method=2)
    return buffer.getvalue()


def thumbnail_of(stored: bytes) -> bytes:
    """The thumbnail of a picture that Loom stored itself."""
    with Image.open(BytesIO(stored), formats=("WEBP", "PNG")) as picture:
        return thumbnail(picture)


def _shrink(picture: Image.Image) -> Image.Image:
    scale = SIDE / max(picture.size)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)

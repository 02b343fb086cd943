"""A contact sheet: pictures in rows and columns with labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

MARGIN = 8
LABEL = 18


def to_picture(pixels: np.ndarray) -> Image.Image:
    """float32 [h, w, 3] in 0 to 1 as an 8-bit picture."""
    return Image.fromarray((pixels * 255).round().clip(0, 255).astype(np.uint8))


def contact_sheet(
    rows: Sequence[Sequence[Image.Image]], row_labels: Sequence[str], column_labels: Sequence[str], side: int = 128
) -> Image.Image:
    """Rows of pictures, each scaled to fit a square of `side` pixels, columns named above and rows below each row."""
    columns = max(len(row) for row in rows)
    width = MARGIN + columns * (side + MARGIN)
    height = LABEL + MARGIN + len(rows) * (side + LABEL + MARGIN)
    sheet = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(12)
    for column, label in enumerate(column_labels):
        pen.text((MARGIN + column * (side + MARGIN), 4), _fit(label, font, side), "#333333", font)
    for index, row in enumerate(rows):
        top = LABEL + MARGIN + index * (side + LABEL + MARGIN)
        for column, picture in enumerate(row):
            small = picture.resize(_inside(picture.size, side), Image.Resampling.LANCZOS)
            sheet.paste(small, (MARGIN + column * (side + MARGIN), top))
        if index < len(row_labels):
            pen.text((MARGIN, top + side + 2), _fit(row_labels[index], font, width - 2 * MARGIN), "#333333", font)
    return sheet


def save_picture(picture: Image.Image, path: Path) -> None:
    """Write a PNG, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, "PNG")


def _inside(size: tuple[int, int], side: int) -> tuple[int, int]:
    scale = side / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _fit(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    while len(text) > 1 and font.getlength(text) > width:
        text = text.removesuffix("…")[:-1] + "…"
    return text

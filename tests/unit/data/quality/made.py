"""Pictures made for the tests: structured noise stands for photographs, one thing wrong with each."""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from loraloom.data.quality.measures import measure
from loraloom.data.quality.report import Looked, Measures


def photo(seed: int, side: int = 256) -> Image.Image:
    """Blocks at several scales, in colour, with edges everywhere; full contrast; another composition for each seed."""
    rng = np.random.default_rng(seed)
    total = np.zeros((side, side, 3))
    for cells, weight in ((2, 2.0), (4, 2.0), (8, 1.0), (32, 0.5), (side // 4, 0.5)):
        blocks = Image.fromarray(rng.integers(0, 256, (cells, cells, 3), dtype=np.uint8))
        total += weight * np.asarray(blocks.resize((side, side), Image.Resampling.NEAREST), dtype=float)
    low, high = total.min(), total.max()
    return Image.fromarray(((total - low) / (high - low) * 255).astype(np.uint8))


def drawing(seed: int, ground: str = "white") -> Image.Image:
    """A few shapes on an even background."""
    rng = np.random.default_rng(seed)
    picture = Image.new("RGB", (256, 256), ground)
    draw = ImageDraw.Draw(picture)
    for _ in range(4):
        x, y = (int(v) for v in rng.integers(70, 150, 2))
        draw.ellipse(
            (x, y, x + int(rng.integers(20, 50)), y + 40), fill=tuple(int(v) for v in rng.integers(30, 220, 3))
        )
    return picture


def blurred(picture: Image.Image, sigma: float) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(sigma))


def burnt(seed: int) -> Image.Image:
    """Overexposed but for the rim."""
    picture = photo(seed, 320)
    picture.paste(photo(seed, 280).point(lambda value: min(255, value * 4)), (20, 20))
    return picture


def framed(picture: Image.Image, left: int, top: int, right: int, bottom: int) -> Image.Image:
    whole = Image.new("RGB", (picture.width + left + right, picture.height + top + bottom), "black")
    whole.paste(picture, (left, top))
    return whole


@cache
def good(count: int = 20) -> tuple[Looked, ...]:
    """A set with nothing wrong with it."""
    return tuple(looked(f"good{n}", photo(n, 320), f"thing {n}, colour {n % 5}, place {n % 3}") for n in range(count))


def looked(name: str, picture: Image.Image, caption: str | None = None) -> Looked:
    return Looked(id=name, width=picture.width, height=picture.height, caption=caption, measures=measure(picture))


def with_measures(image: Looked, **changes: object) -> Looked:
    assert image.measures is not None
    return image.model_copy(update={"measures": Measures(**image.measures.model_dump() | changes)})

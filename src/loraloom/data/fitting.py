"""Scaling a picture until it covers its bucket, and cutting it there; masks are cut at the same place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from PIL import Image

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Size = tuple[int, int]
"""Width and height in pixels."""


class Fitted(NamedTuple):
    """A picture at its training size. `corner` is (left, top) of the cut in the scaled picture, `original` the (width,
    height) before scaling, both in pixels: what SDXL is conditioned on, top first there (arXiv:2307.01952, 2.2)."""

    picture: Image.Image
    corner: tuple[int, int]
    original: Size


def box_of(size: Size, crop: tuple[float, float, float, float] | None) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of `crop` (left, top, width, height as shares) in a picture of `size`, in pixels: at least
    one each way. Without a crop, all of it."""
    if crop is None:
        return 0, 0, *size
    left = min(max(0, round(crop[0] * size[0])), size[0] - 1)
    top = min(max(0, round(crop[1] * size[1])), size[1] - 1)
    right = min(max(left + 1, round((crop[0] + crop[2]) * size[0])), size[0])
    bottom = min(max(top + 1, round((crop[1] + crop[3]) * size[1])), size[1])
    return left, top, right, bottom


def covering(original: Size, size: Size) -> Size:
    """The (width, height) that `original` is scaled to: the smallest of its shape that covers `size`."""
    scale = max(size[0] / original[0], size[1] / original[1])
    return max(size[0], round(original[0] * scale)), max(size[1], round(original[1] * scale))


def fit(
    picture: Image.Image, size: Size, crop: Literal["center", "random"], rng: np.random.Generator | None = None
) -> Fitted:
    """Scale `picture` (Lanczos) to cover `size` = (width, height) and cut it to exactly that.

    `crop` random draws the corner from `rng`, which it then needs; raises ValueError without one.
    """
    width, height = covering(picture.size, size)
    spare = width - size[0], height - size[1]
    if crop == "random":
        if rng is None:
            raise ValueError("a random crop needs a generator")
        corner = int(rng.integers(0, spare[0] + 1)), int(rng.integers(0, spare[1] + 1))
    else:
        corner = spare[0] // 2, spare[1] // 2
    box = _source_box(picture.size, (width, height), size, corner)
    return Fitted(picture.resize(size, Image.Resampling.LANCZOS, box), corner, picture.size)


def fit_mask(mask: NDArray[np.float32], size: Size, corner: tuple[int, int]) -> NDArray[np.float32]:
    """Cut `mask` (float32 `[H, W]`, the size of its picture) as `fit` cut the picture: `[size[1], size[0]]`, 0 to 1."""
    import numpy as np

    original = mask.shape[1], mask.shape[0]
    box = _source_box(original, covering(original, size), size, corner)
    scaled = Image.fromarray(mask).resize(size, Image.Resampling.BILINEAR, box)
    return np.clip(np.asarray(scaled, dtype=np.float32), 0.0, 1.0)


def _source_box(original: Size, scaled: Size, size: Size, corner: tuple[int, int]) -> tuple[float, float, float, float]:
    """The part of the original that becomes the cut. Scaling only this part keeps a 10,000 x 20 strip from becoming
    a picture of 256,000 x 512 first."""
    across, down = original[0] / scaled[0], original[1] / scaled[1]
    left, top = corner[0] * across, corner[1] * down
    return left, top, min(left + size[0] * across, original[0]), min(top + size[1] * down, original[1])

"""Measuring one picture: a few milliseconds of numpy at a size that does not depend on the picture's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from loraloom.data.pixels import flatten
from loraloom.data.quality.hashing import hashes
from loraloom.data.quality.marks import trace
from loraloom.data.quality.report import Measures

Grey = NDArray[np.floating]

_AREA = 256 * 256
"""Sharpness and bars are looked for at this many pixels, half of what most training sees: a blur that does not show
there does not matter. Small pictures stay as they are."""
_SMALL = 128
_EVEN = 8
"""Grey levels within which a background or a bar counts as even: JPEG does not keep it more even."""


def measure(picture: Image.Image, background: str = "white") -> Measures:
    """Measures of `picture` in any mode; transparent parts show `background`, as in training."""
    colour = _shrunk(flatten(picture, background))
    grey = colour.convert("L")
    values = np.asarray(grey, dtype=np.float32)
    small = colour.resize((_SMALL, _SMALL), Image.Resampling.BOX, reducing_gap=2.0)
    light = small.convert("L")
    plain, flipped = hashes(light)
    dark, bright, mean, contrast = _exposure(np.asarray(light, dtype=np.float32))
    return Measures(
        hash=plain,
        flipped=flipped,
        sharpness=_sharpness(values),
        dark=dark,
        bright=bright,
        mean=mean,
        contrast=contrast,
        borders=_borders(values, picture.size),
        ground=_ground(np.asarray(small)),
        descriptor=tuple(describe(small).round(4).tolist()),
        trace=trace(np.asarray(light)),
    )


def _shrunk(picture: Image.Image) -> Image.Image:
    scale = (_AREA / (picture.width * picture.height)) ** 0.5
    if scale >= 1:
        return picture
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return picture.resize(size, Image.Resampling.BOX, reducing_gap=2.0)


def _sharpness(grey: Grey) -> float | None:
    """Laplacian over gradient where the gradient is strongest: about 1 / sigma for an edge blurred by a Gaussian.

    Contrast cancels out, and a sharp subject before a blurred background counts as sharp.
    """
    if min(grey.shape) < 8:
        return None
    small = grey.astype(np.int16)
    across, down = small[1:-1, 2:] - small[1:-1, :-2], small[2:, 1:-1] - small[:-2, 1:-1]
    strength = np.abs(across) + np.abs(down)
    row, column = np.nonzero(strength >= max(16.0, float(np.percentile(strength[::2, ::2], 98))))
    if len(row) < 16:
        return None
    slope = strength[row, column] / 2
    row, column = row + 1, column + 1
    around = small[row, column + 1] + small[row, column - 1] + small[row + 1, column] + small[row - 1, column]
    second = (around - 4 * small[row, column]).astype(np.float64)
    return round(float(np.sqrt((second**2).mean() / (slope**2).mean())), 4)


def _ground(colours: NDArray[np.uint8]) -> tuple[int, int, int] | None:
    ring = np.concatenate((colours[0], colours[-1], colours[:, 0], colours[:, -1])).astype(np.float32)
    middle = np.median(ring, axis=0)
    if float((np.abs(ring - middle) <= _EVEN).all(axis=1).mean()) < 0.7:
        return None
    red, green, blue = (round(float(value)) for value in middle)
    return red, green, blue


def _exposure(grey: Grey) -> tuple[float, float, float, float]:
    """(share near black, share near white, mean, contrast); the first three without an even background."""
    low, high = np.percentile(grey, (2, 98))
    ring = np.concatenate((grey[0], grey[-1], grey[:, 0], grey[:, -1]))
    ground = float(np.median(ring))
    subject = grey
    if float((np.abs(ring - ground) <= _EVEN).mean()) > 0.6:
        apart = grey[np.abs(grey - ground) > _EVEN]
        subject = apart if apart.size > 0.02 * grey.size else grey
    shares = (subject <= 6).mean(), (subject >= 249).mean(), subject.mean() / 255, (high - low) / 255
    dark, bright, mean, contrast = (round(float(share), 4) for share in shares)
    return dark, bright, mean, contrast


def _borders(grey: Grey, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Bars at left, top, right, bottom in pixels of the picture, which is `size` large.

    A bar is even and ends all along a straight line; a plain background, which ends at its subject, is none. A frame on
    neighbouring sides must end more clearly, as it could be a box before a plain background.
    """
    top, bottom = _even(grey), _even(grey[::-1])
    rows = grey[top : grey.shape[0] - bottom]
    left, right = _even(rows.T), _even(rows.T[::-1])
    inner = rows[:, left : grey.shape[1] - right]
    if inner.size == 0:
        return 0, 0, 0, 0
    thick = (left, top, right, bottom)
    grounds = (grey[:, 0], grey[0], grey[:, -1], grey[-1])
    views = (inner.T, inner, inner.T[::-1], inner[::-1])
    filled = [
        _filled(view[:3], ground) if bar else 1.0 for view, ground, bar in zip(views, grounds, thick, strict=True)
    ]
    if (left or right) and (top or bottom):
        clear = min(filled) >= 0.9
    else:
        first, last, ground = (0, 2, grounds[0]) if left or right else (1, 3, grounds[1])
        enough = 0.6 if thick[first] and thick[last] else 0.9
        # Between the bars the picture goes on to its other edges.
        across = (inner[:3], inner[-3:]) if left or right else (inner.T[:3], inner.T[-3:])
        clear = min(filled) >= enough and min(_filled(edge, ground) for edge in across) >= 0.3
    if not clear:
        return 0, 0, 0, 0
    wide, high = size[0] / grey.shape[1], size[1] / grey.shape[0]
    return round(left * wide), round(top * high), round(right * wide), round(bottom * high)


def _even(lines: Grey) -> int:
    """How many of the first lines show nothing but the colour of the first; 0 if all do, or it is not even."""
    if lines.size == 0 or float(np.abs(lines[0] - np.median(lines[0])).max()) > 2 * _EVEN:
        return 0
    inside = np.flatnonzero((np.abs(lines - np.median(lines[0])) > 2 * _EVEN).mean(axis=1) > 0.02)
    return int(inside[0]) if len(inside) and inside[0] >= 2 else 0


def _filled(lines: Grey, ground: Grey) -> float:
    """Share of the fullest of `lines` that is not of the colour of `ground`."""
    return float((np.abs(lines - np.median(ground)) > 2 * _EVEN).mean(axis=1).max())


def describe(picture: Image.Image) -> NDArray[np.float32]:
    """128 numbers in -1 to 1: on a grid of 4 x 4, three colours and five directions of edges (flat, steep, two slants)."""
    small = picture if picture.size == (_SMALL, _SMALL) else picture.resize((_SMALL, _SMALL), Image.Resampling.BOX)
    pixels = np.asarray(small.convert("YCbCr"), dtype=np.float32) / 255
    colours = _cells(pixels) - np.float32(0.5)
    light = np.pad(pixels[::2, ::2, 0] / 2 + pixels[1::2, 1::2, 0] / 2, 1, mode="edge")
    across, down = light[1:-1, 2:] - light[1:-1, :-2], light[2:, 1:-1] - light[:-2, 1:-1]
    strength = np.hypot(across, down)
    # Five directions, mirrored ones opposite each other: bin 0 is its own mirror, 1 and 4, 2 and 3 are pairs.
    turn = np.rint(np.arctan2(down, across) / np.pi * 5).astype(np.int64) % 5
    edges = np.stack([np.where(turn == direction, strength, 0) for direction in range(5)], axis=-1)
    return np.concatenate((colours, np.sqrt(_cells(edges))), axis=-1).astype(np.float32).ravel()


def _cells(values: Grey) -> Grey:
    """Means over 4 x 4 cells: [4, 4, channels] from [side, side, channels]."""
    side = values.shape[0] // 4
    return values.reshape(4, side, 4, side, -1).mean(axis=(1, 3))

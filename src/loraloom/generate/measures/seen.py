"""A picture as the measures see it: what is on it, by CLIP, and where its colours and shades lie, by its own small self."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from loraloom.generate.measures.clip import Clip

SIDE = 16
"""Pixels of the small pictures: fine enough to tell drawings apart, coarse enough not to mind a pixel's shift."""
EDGE = 1
"""Pixels by which a small picture is moved to find where it fits best."""


@dataclass(frozen=True)
class Seen:
    """Unit vectors of pictures: `clip` [n, width]; `small` [n, SIDE * SIDE * 3], the mean colour taken out."""

    clip: np.ndarray
    small: np.ndarray

    def __len__(self) -> int:
        return len(self.clip)

    def some(self, rows: Sequence[int]) -> Seen:
        """Those pictures alone."""
        wanted = list(rows)
        return Seen(self.clip[wanted], self.small[wanted])


def see(clip: Clip, pictures: Sequence[Image.Image]) -> Seen:
    """Look at `pictures` (RGB, any size)."""
    return Seen(clip.pictures(pictures), np.stack([_small(picture) for picture in pictures]))


def join(parts: Sequence[Seen]) -> Seen:
    """All pictures of `parts`, in their order."""
    return Seen(np.concatenate([part.clip for part in parts]), np.concatenate([part.small for part in parts]))


def distances(one: Seen, other: Seen) -> np.ndarray:
    """[one, other] between 0 (the same) and 2: 1 minus the mean of both cosines."""
    return 1 - (one.clip @ other.clip.T + one.small @ other.small.T) / 2


def likeness(one: Seen, other: Seen) -> np.ndarray:
    """[one, other] at most 1, for a copy: the lesser of both cosines, so that neither the same thing drawn anew nor the same
    shades on another thing count as one. Mirrored and slightly moved copies are found too."""
    best = np.full((len(one), len(other)), -1.0, np.float32)
    for moved in _moved(other.small):
        best = np.maximum(best, one.small @ moved.T)
    return np.minimum(best, one.clip @ other.clip.T)


def _small(picture: Image.Image) -> np.ndarray:
    pixels = np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BOX), np.float32)
    return _unit(pixels.reshape(1, -1))[0]


def _moved(small: np.ndarray) -> list[np.ndarray]:
    """The small pictures as they are, mirrored, and moved by EDGE pixels with their borders drawn out."""
    pictures = small.reshape(-1, SIDE, SIDE, 3)
    found: list[np.ndarray] = []
    for turned in (pictures, pictures[:, :, ::-1]):
        wide = np.pad(turned, ((0, 0), (EDGE, EDGE), (EDGE, EDGE), (0, 0)), mode="edge")
        for down in range(2 * EDGE + 1):
            for right in range(2 * EDGE + 1):
                found.append(_unit(wide[:, down : down + SIDE, right : right + SIDE].reshape(len(small), -1)))
    return found


def _unit(rows: np.ndarray) -> np.ndarray:
    """Rows [n, k] without their mean, of length 1; a row of one colour stays 0."""
    rows = rows - rows.mean(axis=1, keepdims=True)
    return (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)).astype(np.float32)

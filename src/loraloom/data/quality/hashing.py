"""Perceptual hashes: the signs of a picture's low frequencies (DCT, after Zauner 2010), and groups of near ones."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SIDE = 32
_ROWS = 512
_PAIRS = 1 << 14


def hashes(grey: Image.Image) -> tuple[str, str]:
    """(hash, hash of the mirrored picture), 16 hexadecimal digits each, of a picture in mode L."""
    small = np.asarray(grey.resize((_SIDE, _SIDE), Image.Resampling.BOX), dtype=np.float32)
    matrix = _dct()
    low = matrix @ small @ matrix.T
    mirrored = low.copy()
    mirrored[:, 1::2] *= -1
    return _bits(low), _bits(mirrored)


@cache
def _dct() -> NDArray[np.float32]:
    """The first eight rows of the DCT-II of 32 values."""
    row, column = np.arange(8)[:, None], np.arange(_SIDE)[None, :]
    return np.cos(np.pi * row * (2 * column + 1) / (2 * _SIDE)).astype(np.float32)


def _bits(low: NDArray[np.floating]) -> str:
    """Above or below the median; the mean brightness takes no part. An empty picture has no bit set."""
    values = low.ravel().copy()
    values[0] = 0
    values[np.abs(values) < 1.0] = 0
    return np.packbits(values > np.median(values)).tobytes().hex()


def groups(
    plain: NDArray[np.uint64], flipped: NDArray[np.uint64], look: NDArray[np.float32], *, bits: int, apart: float
) -> list[list[int]]:
    """Groups of near duplicates, the largest first: indices of pictures whose hashes differ in at most `bits` and whose
    descriptors `look` [n, d] are at most `apart` from each other. A mirrored picture is one by its hash, and by colours.

    Pictures are joined through others, so the first and the last of a group may differ more.
    """
    forest = _Forest(len(plain))
    mirror = mirrored(look)
    for start in range(0, len(plain), _ROWS):
        rows = plain[start : start + _ROWS, None]
        for others, view in ((plain, look), (flipped, mirror)):
            left, right = np.nonzero(np.bitwise_count(rows ^ others[None, start:]) <= bits)
            keep = left < right
            left, right = left[keep] + start, right[keep] + start
            for at in range(0, len(left), _PAIRS):  # equal pictures make millions of pairs: most are joined by then
                one, two = left[at : at + _PAIRS], right[at : at + _PAIRS]
                new = forest.names[one] != forest.names[two]
                one, two = one[new], two[new]
                close = np.linalg.norm(look[one] - view[two], axis=1) <= apart
                forest.join(one[close], two[close])
    found: dict[int, list[int]] = {}
    for index, name in enumerate(forest.names.tolist()):
        found.setdefault(name, []).append(index)
    return sorted((group for group in found.values() if len(group) > 1), key=len, reverse=True)


class _Forest:
    """Union-find over `count` things; `names` holds the root of each."""

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))
        self.names = np.arange(count)

    def join(self, ones: NDArray[np.int64], others: NDArray[np.int64]) -> None:
        """Join each of `ones` with its partner."""
        for one, other in zip(ones.tolist(), others.tolist(), strict=True):
            self._parent[self._root(one)] = self._root(other)
        if len(ones):
            self.names = np.array([self._root(index) for index in range(len(self._parent))])

    def _root(self, index: int) -> int:
        parent = self._parent
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index


def mirrored(look: NDArray[np.float32]) -> NDArray[np.float32]:
    """Descriptors of the mirrored pictures, from descriptors [n, 128]: cells swap sides, slants swap directions."""
    cells = look.reshape(-1, 4, 4, 8)[:, :, ::-1, :].copy()
    cells[..., 3:] = cells[..., [3, 7, 6, 5, 4]]
    return cells.reshape(len(look), -1)

"""Findings about the pixels: pictures that are alike, blurred, too dark, too small, framed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from loraloom.data.quality.hashing import groups
from loraloom.data.quality.marks import marked
from loraloom.data.quality.report import Finding, Kind, Looked, Measures, Value
from loraloom.data.quality.weigh import finding

Rows = NDArray[np.float32]

BLURRED = 0.45
"""Sharpness below which no edge is sharp: a blur of about one pixel (sigma) at 256 x 256, two at 512."""
SAME_BITS, SAME_LOOK = 8, 0.3
"""Bits of 64, and distance of descriptors, up to which pictures count as near duplicates."""
ALIKE = 0.92
"""Cosine of CLIP's embeddings from which two pictures show the same view; two of one subject have about 0.8."""
VIEW = 0.35
"""Distance of descriptors that says the same where there are no embeddings."""
BACKGROUND, COLOUR = 0.25, 24.0
"""The same for the outer cells alone, and for the colours (0 to 255) of even backgrounds."""
UNSAFE = 0.8
"""Score from which a picture is likely not safe for work, as the makers of the model advise."""
MANY = 8
"""Pictures below which nothing is said of most of them."""
_OUTER = np.array([not (0 < row < 3 and 0 < column < 3) for row in range(4) for column in range(4)])


def seen(
    images: Sequence[Looked], embeddings: NDArray[np.floating] | None, resolution: int | None
) -> Iterator[Finding]:
    """What the measures of `images` show; `embeddings` [n, d] are of the same pictures."""
    yield from _tiny(images, resolution)
    known = [(image, image.measures) for image in images if image.measures is not None]
    for kind, wrong in _SINGLE.items():
        ids = [image.id for image, measures in known if wrong(measures)]
        if ids:
            yield finding(kind, ids, len(images), {})
    framed = [(image.id, max(measures.borders)) for image, measures in known if _framed(image, measures)]
    if framed:
        pixels = max(thick for _, thick in framed)
        yield finding("borders", [name for name, _ in framed], len(images), {"pixels": pixels})
    if len(known) > 1:
        look = np.array([measures.descriptor for _, measures in known], dtype=np.float32)
        alike = _alike(known, look)
        if alike:
            spare = sum(len(group) - 1 for group in alike)
            ids = [name for group in alike for name in group]
            values: dict[str, Value] = {"groups": len(alike), "spare": spare}
            yield finding("near_duplicate", ids, len(images), values, alike, share=spare / len(images))
        yield from marked(known, {name for group in alike for name in group[1:]}, len(images))
        yield from _uniform(images, known, look, embeddings)


def _tiny(images: Sequence[Looked], resolution: int | None) -> Iterator[Finding]:
    """Enlarged more than half again for the bucket at `resolution`; without one, too small for any base."""
    side = resolution or 128
    small = [image for image in images if (image.width * image.height) ** 0.5 * 1.5 < side]
    if small:
        least = min(small, key=lambda image: image.width * image.height)
        values: dict[str, Value] = {"width": least.width, "height": least.height, "resolution": side}
        yield finding("tiny", [image.id for image in small], len(images), values)


def _flat(measures: Measures) -> bool:
    return measures.contrast < 0.1


def _blurred(measures: Measures) -> bool:
    return measures.sharpness is not None and measures.sharpness < BLURRED and not _flat(measures)


def _dark(measures: Measures) -> bool:
    return not _flat(measures) and (measures.mean < 0.15 or measures.dark > 0.5)


def _bright(measures: Measures) -> bool:
    return not _flat(measures) and (measures.mean > 0.93 or measures.bright > 0.4)


def _unsafe(measures: Measures) -> bool:
    return measures.nsfw is not None and measures.nsfw >= UNSAFE


_SINGLE: dict[Kind, Callable[[Measures], bool]] = {
    "blurred": _blurred,
    "dark": _dark,
    "bright": _bright,
    "flat": _flat,
    "nsfw": _unsafe,
}


def _framed(image: Looked, measures: Measures) -> bool:
    left, top, right, bottom = measures.borders
    return max(left, right) >= 0.02 * image.width or max(top, bottom) >= 0.02 * image.height


def _alike(known: Sequence[tuple[Looked, Measures]], look: Rows) -> list[list[str]]:
    """Groups of near duplicates, the largest first."""
    plain = np.array([int(measures.hash, 16) for _, measures in known], dtype=np.uint64)
    flipped = np.array([int(measures.flipped, 16) for _, measures in known], dtype=np.uint64)
    found = groups(plain, flipped, look, bits=SAME_BITS, apart=SAME_LOOK)
    return [[known[index][0].id for index in group] for group in found]


def _uniform(
    images: Sequence[Looked],
    known: Sequence[tuple[Looked, Measures]],
    look: Rows,
    embeddings: NDArray[np.floating] | None,
) -> Iterator[Finding]:
    """Whether one background or one view takes more than half, or a third, of the set."""
    if len(known) < MANY:
        return
    same = max(
        _one_colour(known), _largest(look.reshape(-1, 16, 8)[:, _OUTER].reshape(len(look), -1), BACKGROUND), key=len
    )
    if len(same) > 0.5 * len(known):
        yield finding("one_background", [known[index][0].id for index in same], len(images), {})
    if embeddings is None:
        ids, same = [image.id for image, _ in known], _largest(look, VIEW)
    else:
        length = np.linalg.norm(embeddings, axis=1, keepdims=True)
        unit = (embeddings / np.maximum(length, 1e-9)).astype(np.float32)
        ids, same = [image.id for image in images], _largest(unit, (2 - 2 * ALIKE) ** 0.5)
    if len(same) > 0.35 * len(ids):
        yield finding("one_pose", [ids[index] for index in same], len(images), {})


def _one_colour(known: Sequence[tuple[Looked, Measures]]) -> list[int]:
    """The most pictures whose even background has much the same colour."""
    even = [index for index, (_, measures) in enumerate(known) if measures.ground is not None]
    colours = np.array([known[index][1].ground for index in even], dtype=np.float32)
    return [even[index] for index in _largest(colours, COLOUR)] if even else []


def _largest(points: Rows, apart: float) -> list[int]:
    """The neighbours, within `apart`, of the point that has most of them, itself among them."""
    squares = (points**2).sum(axis=1)
    counts: list[NDArray[np.int64]] = []
    for start in range(0, len(points), 1024):
        rows = slice(start, start + 1024)
        squared = squares[rows, None] + squares[None] - 2 * points[rows] @ points.T
        counts.append((squared <= apart**2 + 1e-6).sum(axis=1))
    centre = points[int(np.concatenate(counts).argmax())]
    return np.flatnonzero(((points - centre) ** 2).sum(axis=1) <= apart**2 + 1e-6).tolist()

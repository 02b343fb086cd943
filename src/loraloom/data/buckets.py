"""Aspect-ratio buckets: sizes of about the same area, so that pictures keep their shape and batches stay rectangular.

After NovelAI's aspect ratio bucketing: sides are multiples of a step, the area never exceeds resolution squared.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from loraloom.data.fitting import Fitted, Size, box_of, fit, fit_mask
from loraloom.spec.dataset import Dataset, Image

__all__ = ["Fitted", "Size", "assign", "bucket_for", "bucket_sizes", "effective_step", "enlarged", "fit", "fit_mask"]


def effective_step(dataset: Dataset) -> int:
    """`bucket_step`, lowered for small resolutions so that there is more than one shape: at most a quarter of the side,
    a multiple of 8, at least 8 pixels."""
    return min(dataset.bucket_step, max(8, dataset.resolution // 4 // 8 * 8))


def bucket_sizes(dataset: Dataset) -> list[Size]:
    """Every size that pictures may be trained at, widest last. With buckets off, the square alone.

    Sides are multiples of `effective_step`, areas at most `resolution` squared, no side ratio above `max_aspect`, and no
    size fits inside another of the list.
    """
    if not dataset.buckets:
        return [(dataset.resolution, dataset.resolution)]
    step = effective_step(dataset)
    area = dataset.resolution**2
    found: set[Size] = set()
    for width in range(step, int(dataset.resolution * math.sqrt(dataset.max_aspect)) + step, step):
        height = area // width // step * step
        if height >= step and max(width, height) <= dataset.max_aspect * min(width, height):
            found |= {(width, height), (height, width)}
    square = dataset.resolution // step * step
    found.add((square, square))
    return sorted((size for size in found if not _inside_another(size, found)), key=lambda s: (s[0] / s[1], s))


def bucket_for(width: int, height: int, sizes: list[Size]) -> Size:
    """The size whose shape is nearest to a picture of `width` x `height`; of two equally near, the larger."""
    shape = math.log(width / height)
    return min(sizes, key=lambda s: (round(abs(math.log(s[0] / s[1]) - shape), 9), -s[0] * s[1], s))


def assign(images: Iterable[Image], dataset: Dataset) -> dict[str, Size]:
    """`Image.name` -> the (width, height) it, or its crop, is trained at."""
    sizes = bucket_sizes(dataset)
    return {image.name: bucket_for(*_shown(image), sizes) for image in images}


def _shown(image: Image) -> Size:
    left, top, right, bottom = box_of((image.width, image.height), image.crop)
    return right - left, bottom - top


def enlarged(width: int, height: int, size: Size) -> bool:
    """Whether a picture must grow to cover `size`."""
    return width < size[0] or height < size[1]


def _inside_another(size: Size, sizes: set[Size]) -> bool:
    return any(other != size and other[0] >= size[0] and other[1] >= size[1] for other in sizes)

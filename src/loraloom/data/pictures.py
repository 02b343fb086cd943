"""Loading a picture or a mask for training: upright, RGB, 8 bits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from loraloom.data.decode import decode
from loraloom.data.files import read_regular
from loraloom.data.limits import MAX_PICTURE_BYTES
from loraloom.data.pixels import flatten, upright
from loraloom.data.refusal import Refused
from loraloom.spec.errors import LoomError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def load_picture(path: Path, background: str) -> Image.Image:
    """The picture at `path`: mode RGB, 8 bits, EXIF rotation applied, transparency on `background`, first frame only.

    Raises LoomError `dataset_unreadable` when the file is gone or no longer decodes, `config_invalid` for a background
    that is not a colour. ICC profiles are ignored: values are taken as sRGB.
    """
    return flatten(upright(_open(path)), background)


def load_mask(path: Path, size: tuple[int, int]) -> NDArray[np.float32]:
    """The mask at `path` as float32 `[height, width]` in 0 to 1 (1 is learnt), resized to `size` = (width, height).

    Raises LoomError `dataset_unreadable`.
    """
    import numpy as np

    mask = flatten(upright(_open(path)), "black").convert("L")
    if mask.size != size:
        mask = mask.resize(size, Image.Resampling.BILINEAR)
    return np.asarray(mask, dtype=np.float32) / np.float32(255)


def _open(path: Path) -> Image.Image:
    try:
        return decode(read_regular(path, MAX_PICTURE_BYTES))
    except Refused as refused:
        raise LoomError(
            "dataset_unreadable",
            f"{path.name}: {refused.message}",
            "The file changed since the data set was checked; check it again with `loraloom dataset check`.",
        ) from refused

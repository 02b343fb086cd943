"""Checking one picture: read it once, decode it fully, and say what is noteworthy about it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from loraloom.data.buckets import Size, bucket_for, enlarged
from loraloom.data.decode import decode
from loraloom.data.files import read_regular
from loraloom.data.limits import MAX_PICTURE_BYTES
from loraloom.data.pixels import GREY_MODES, has_transparency, is_wide, turn
from loraloom.data.refusal import Refused
from loraloom.spec.dataset import Dataset, WarningReason

_QUARTER_TURNS = frozenset(
    (Image.Transpose.TRANSPOSE, Image.Transpose.TRANSVERSE, Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270)
)


@dataclass(frozen=True)
class Facts:
    """What is known of a picture that can be trained on: size in pixels after EXIF rotation, hash, remarks."""

    sha256: str
    width: int
    height: int
    remarks: tuple[tuple[WarningReason, str], ...]


def examine(path: Path, dataset: Dataset, sizes: list[Size]) -> Facts:
    """Facts about the picture at `path`, decoded in full. Raises Refused for one that cannot be trained on."""
    data = read_regular(path, MAX_PICTURE_BYTES)
    picture = decode(data)
    remarks: list[tuple[WarningReason, str]] = []
    width, height = picture.size
    how = turn(picture)
    if how is not None:
        remarks.append(("exif_rotated", "Turned upright as its EXIF says."))
        if how in _QUARTER_TURNS:
            width, height = height, width
    _check_size(width, height, dataset, sizes)
    remarks += _remarks(picture, data, dataset)
    return Facts(hashlib.sha256(data).hexdigest(), width, height, tuple(remarks))


def _check_size(width: int, height: int, dataset: Dataset, sizes: list[Size]) -> None:
    if min(width, height) < dataset.min_side:
        hint = "use a larger picture or lower dataset.min_side"
        raise Refused("too_small", f"{width} x {height}: shorter than {dataset.min_side} pixels on one side; {hint}.")
    size = bucket_for(width, height, sizes)
    if not dataset.upscale and enlarged(width, height, size):
        hint = "use a larger picture or turn dataset.upscale on"
        raise Refused("too_small", f"{width} x {height} is smaller than its bucket of {size[0]} x {size[1]}; {hint}.")


def _remarks(picture: Image.Image, data: bytes, dataset: Dataset) -> list[tuple[WarningReason, str]]:
    remarks: list[tuple[WarningReason, str]] = []
    if is_wide(picture) or (picture.format == "PNG" and data[24] == 16):
        remarks.append(("sixteen_bit", "16 bits a channel, scaled to 8."))
    if has_transparency(picture):
        remarks.append(("alpha", f"Partly transparent; put on {dataset.background} (dataset.background)."))
    if picture.mode == "CMYK":
        remarks.append(
            ("colour_mode", "CMYK turned into RGB without a colour profile; convert it yourself if colours matter.")
        )
    elif picture.mode in GREY_MODES:
        remarks.append(("colour_mode", "Greyscale; trained on as grey RGB."))
    if animated(picture):
        remarks.append(("animated", "Animated; only its first frame is used."))
    return remarks


def animated(picture: Image.Image) -> bool:
    """Whether there are further frames. Asked last: to know it, Pillow leaves the first frame of a GIF."""
    if picture.format == "MPO":  # a JPEG with a preview or depth map behind it, as phones write them
        return False
    try:
        return bool(getattr(picture, "is_animated", False))
    except Exception:  # a broken second frame does not matter, there is one
        return True

"""The files of one picture for an export: as they are, or cut to the part that is trained on."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image

from loraloom.data.decode import decode
from loraloom.data.extras import Crop
from loraloom.data.files import read_regular
from loraloom.data.fitting import box_of
from loraloom.data.formats import HEAD
from loraloom.data.limits import MAX_PICTURE_BYTES
from loraloom.data.refusal import Refused
from loraloom.data.renew import lossless, plain_picture, renew_mask
from loraloom.spec.errors import LoomError


@dataclass(frozen=True)
class Files:
    """The picture and its mask (PNG), each as bytes or as the file that has them; `head` begins the picture."""

    picture: bytes | Path
    head: bytes
    mask: bytes | Path | None


def files_of(path: Path, mask: Path | None, crop: Crop | None) -> Files:
    """The files of the picture at `path`: itself, byte for byte, unless `crop` names a part of it; then that part, upright,
    as lossless WebP. A mask that is a PNG stays as it is in the first case.

    Raises LoomError `dataset_unreadable` when a file is gone or does not decode.
    """
    try:
        if crop is None:
            return Files(path, _head(path), None if mask is None else _png(mask))
        picture = _cut(plain_picture(decode(read_regular(path, MAX_PICTURE_BYTES))), crop)
        data = lossless(picture)
        return Files(data, data[:HEAD], None if mask is None else _cut_mask(mask, crop, picture.size))
    except (Refused, OSError) as error:
        says = error.message if isinstance(error, Refused) else f"Cannot be read ({error.strerror})."
        hint = "Check the data set with `loraloom dataset check`, or take the picture out."
        raise LoomError("dataset_unreadable", f"{path.name}: {says}", hint) from error


def _cut(picture: Image.Image, crop: Crop) -> Image.Image:
    return picture.crop(box_of(picture.size, crop))


def _cut_mask(path: Path, crop: Crop, size: tuple[int, int]) -> bytes:
    data = read_regular(path, MAX_PICTURE_BYTES)
    whole = Image.open(BytesIO(renew_mask(data, plain_picture(decode(data)).size)), formats=("PNG",))
    part = _cut(whole, crop)
    if part.size != size:
        part = part.resize(size, Image.Resampling.BILINEAR)
    buffer = BytesIO()
    part.save(buffer, "PNG")
    return buffer.getvalue()


def _png(path: Path) -> bytes | Path:
    if _head(path).startswith(b"\x89PNG"):
        return path
    data = read_regular(path, MAX_PICTURE_BYTES)
    return renew_mask(data, plain_picture(decode(data)).size)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)

"""A stranger's picture written again by us: upright, sRGB, 8 bits, lossless, and nothing in the file but its pixels."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any, cast

from PIL import Image, ImageCms

from loraloom.data.decode import decode
from loraloom.data.examine import animated
from loraloom.data.formats import HEAD, sniff
from loraloom.data.pixels import GREY_MODES, flatten, has_transparency, is_wide, narrow, turn, upright, with_alpha
from loraloom.data.refusal import Refused
from loraloom.data.tail import check_tail
from loraloom.data.thumbnail import thumbnail
from loraloom.spec.dataset import WarningReason

MIN_SIDE = 16
_MAX_WEBP_SIDE = 16_383
_MAX_PROFILE = 4 * 2**20
_SRGB: Any = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
_QUICK = 2_000_000
"""Pixels above which WebP is written with least effort: 12 megapixels in a second, and still smaller than PNG."""


@dataclass(frozen=True)
class Renewed:
    """The file to store, its size in pixels, its thumbnail, and what was noticed on the way."""

    data: bytes
    width: int
    height: int
    thumbnail: bytes
    remarks: tuple[tuple[WarningReason, str], ...]


def renew(data: bytes) -> Renewed:
    """Decode `data` under the limits of `decode` and write it again; equal pixels give equal bytes.

    The result is lossless WebP (PNG where a side is too long for it), mode RGB, or RGBA when something is transparent.
    Raises Refused: what `decode` raises, `polyglot`, `too_small`.
    """
    remarks: list[tuple[WarningReason, str]] = []
    name = sniff(data[:HEAD])
    if name is not None and check_tail(data, name):
        remarks.append(("tail", "Something hangs behind the picture in its file; only the picture was kept."))
    stored = decode(data)
    if min(stored.size) < MIN_SIDE:
        says = f"{stored.width} x {stored.height}: shorter than {MIN_SIDE} pixels on one side; use a larger picture."
        raise Refused("too_small", says)
    how = turn(stored)
    if how is not None:
        remarks.append(("exif_rotated", "Turned upright as its EXIF says."))
    if is_wide(stored) or (stored.format == "PNG" and data[24] == 16):
        remarks.append(("sixteen_bit", "16 bits a channel, scaled to 8."))
    if stored.mode == "CMYK" and not stored.info.get("icc_profile"):
        remarks.append(
            ("colour_mode", "CMYK turned into RGB without a colour profile; convert it yourself if colours matter.")
        )
    elif stored.mode in GREY_MODES:
        remarks.append(("colour_mode", "Greyscale; stored as grey RGB."))
    picture = plain_picture(stored)
    file, small = lossless(picture), thumbnail(picture)
    if animated(stored):  # asked last: to know it, Pillow may leave the first frame
        remarks.append(("animated", "Animated; only its first frame was kept."))
    return Renewed(file, *picture.size, small, tuple(remarks))


def renew_mask(data: bytes, size: tuple[int, int]) -> bytes:
    """The mask in `data` as Loom stores masks: 8-bit grey PNG of `size` (width, height), transparent parts black.

    Raises Refused, as `decode` does.
    """
    mask = flatten(upright(decode(data)), "black").convert("L")
    if mask.size != size:
        mask = mask.resize(size, Image.Resampling.BILINEAR)
    buffer = BytesIO()
    mask.save(buffer, "PNG")
    return buffer.getvalue()


def plain_picture(stored: Image.Image) -> Image.Image:
    """A decoded picture upright and in the colours of sRGB, RGB, or RGBA when something is transparent; never `stored`."""
    how = turn(stored)
    picture = _plain(stored)
    if how is not None:
        picture = picture.transpose(how)
    picture.info = {}
    return picture


def _plain(stored: Image.Image) -> Image.Image:
    profile = stored.info.get("icc_profile")
    picture = narrow(stored) if is_wide(stored) else stored
    if isinstance(profile, bytes) and 0 < len(profile) <= _MAX_PROFILE and not is_wide(stored):
        picture = _to_srgb(picture, profile)
    plain = with_alpha(picture) if has_transparency(picture) else flatten(picture, "white")
    return plain.copy() if plain is stored else plain


def _to_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """The colours that `profile` means, in sRGB. A profile that cannot be used is ignored, as browsers do."""
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        if ImageCms.getProfileDescription(source).startswith("sRGB"):
            return picture
        alpha = with_alpha(picture).getchannel("A") if has_transparency(picture) else None
        mode = picture.mode if picture.mode in ("CMYK", "L", "LAB") else "L" if picture.mode == "LA" else "RGB"
        colours = picture if picture.mode == mode else picture.convert(mode)
        converted = ImageCms.profileToProfile(colours, source, _SRGB, ImageCms.Intent.RELATIVE_COLORIMETRIC, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return picture
    result = cast("Image.Image", converted)
    if alpha is not None:
        result.putalpha(alpha)
    result.info.pop("transparency", None)
    return result


def lossless(picture: Image.Image) -> bytes:
    """The file of a picture: WebP, or PNG where a side is too long for it."""
    buffer = BytesIO()
    if max(picture.size) > _MAX_WEBP_SIDE:
        picture.save(buffer, "PNG", compress_level=3)
    elif picture.width * picture.height > _QUICK:
        picture.save(buffer, "WEBP", lossless=True, exact=True, quality=0, method=0)
    else:
        picture.save(buffer, "WEBP", lossless=True, exact=True, quality=30, method=2)
    return buffer.getvalue()

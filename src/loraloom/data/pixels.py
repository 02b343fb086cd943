"""From any stored mode to plain RGB: orientation, transparency, CMYK, greyscale of 16 bits and more."""

from __future__ import annotations

from typing import Any, cast

from PIL import Image, ImageColor

from loraloom.spec.errors import LoomError

_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_WIDE_MODES = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")
GREY_MODES = ("1", "L", "LA", "La", *_WIDE_MODES)


def colour(background: str) -> tuple[int, int, int]:
    """RGB (0 to 255) of a colour name or `#rrggbb`. Raises LoomError `config_invalid`."""
    try:
        red, green, blue = ImageColor.getrgb(background)[:3]
    except ValueError as error:
        raise LoomError(
            "config_invalid",
            f"dataset.background: {background!r} is not a colour.",
            "Use a name such as white, or #rrggbb.",
        ) from error
    return red, green, blue


def turn(picture: Image.Image) -> Image.Transpose | None:
    """What puts the picture upright according to its EXIF or XMP; None when it is upright or its EXIF cannot be read."""
    try:
        return _TURNS.get(int(picture.getexif().get(_ORIENTATION, 1)))
    except Exception:  # EXIF is free-form and often broken: a picture that cannot say how it lies is taken as it lies
        return None


def upright(picture: Image.Image) -> Image.Image:
    """The picture with its EXIF rotation applied to the pixels."""
    how = turn(picture)
    return picture if how is None else picture.transpose(how)


def is_wide(picture: Image.Image) -> bool:
    """Whether grey values need more than 8 bits."""
    return picture.mode in _WIDE_MODES


def has_transparency(picture: Image.Image) -> bool:
    """Whether some pixel lets the background through."""
    if "transparency" not in picture.info and not picture.mode.endswith(("A", "a")):
        return False
    if is_wide(picture):
        return True
    whole = picture if picture.mode in ("RGBA", "LA") else with_alpha(picture)
    lowest = whole.getchannel("A").getextrema()[0]
    return isinstance(lowest, (int, float)) and lowest < 255


def with_alpha(picture: Image.Image) -> Image.Image:
    """The picture in mode RGBA."""
    key: Any = picture.info.get("transparency")
    if picture.mode == "RGB" and isinstance(key, tuple) and any(value > 255 for value in cast("tuple[int, ...]", key)):
        # The key colour of a 16-bit PNG, whose pixels Pillow has already brought to 8 bits.
        picture = picture.copy()
        picture.info["transparency"] = tuple(value >> 8 for value in cast("tuple[int, ...]", key))
    return picture.convert("RGBA")


def flatten(picture: Image.Image, background: str) -> Image.Image:
    """RGB, 8 bits a channel, whatever the mode was; transparent parts show `background`.

    Raises LoomError `config_invalid` when `background` is not a colour.
    """
    behind = colour(background)
    if is_wide(picture):
        picture = narrow(picture)
    if picture.mode.endswith(("A", "a")) or "transparency" in picture.info:
        ground = Image.new("RGBA", picture.size, (*behind, 255))
        return Image.alpha_composite(ground, with_alpha(picture)).convert("RGB")
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def narrow(picture: Image.Image) -> Image.Image:
    """Grey values of 16 bits, 32 bits or floats, scaled (never clipped) to 8 bits; a key value becomes alpha."""
    import numpy as np

    values: Any = np.asarray(picture).astype(np.float32)
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    top = float(values.max(initial=0.0))
    if picture.mode == "F":
        full = 1.0 if top <= 1 else 255.0 if top <= 255 else top
    else:
        full = 65535.0 if top <= 65535 else top
    grey = np.clip(np.rint(values * (255.0 / full)), 0, 255).astype(np.uint8)
    key = picture.info.get("transparency")
    if not isinstance(key, int):
        return Image.fromarray(grey)
    alpha = np.where(values == key, 0, 255).astype(np.uint8)
    return Image.merge("LA", (Image.fromarray(grey), Image.fromarray(alpha)))

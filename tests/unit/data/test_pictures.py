"""Pixels come out right from every stored mode: orientation, transparency, CMYK, depths, masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from loraloom.data.pictures import load_mask, load_picture
from loraloom.data.pixels import flatten
from loraloom.spec.errors import LoomError
from tests.broken_pictures import encoded, noise, png

RED, BLUE = (255, 0, 0), (0, 0, 255)


def loaded(folder: Path, data: bytes, background: str = "white") -> Image.Image:
    path = folder / "picture"
    path.write_bytes(data)
    return load_picture(path, background)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(tmp_path: Path, orientation: int) -> None:
    upright = Image.new("RGB", (40, 24), BLUE)
    upright.paste(RED, (0, 0, 10, 10))
    back = {
        1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]  # fmt: skip
    stored = upright if back is None else upright.transpose(back)
    exif = Image.Exif()
    exif[0x0112] = orientation
    result = loaded(tmp_path, encoded(stored, "PNG", exif=exif))
    assert np.array_equal(np.asarray(result), np.asarray(upright))


def test_alpha_goes_on_the_background(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (8, 8), (*RED, 0))
    picture.putpixel((3, 3), (*RED, 255))
    picture.putpixel((4, 4), (*RED, 128))
    result = loaded(tmp_path, encoded(picture, "PNG"), "#0000ff")
    assert [result.getpixel(p) for p in ((0, 0), (3, 3), (4, 4))] == [BLUE, RED, (128, 0, 127)]


def test_palette_and_grey_with_a_key_colour(tmp_path: Path) -> None:
    palette = Image.new("P", (8, 8), 0)
    palette.putpalette([255, 0, 0, 0, 255, 0])
    palette.putpixel((1, 1), 1)
    result = loaded(tmp_path, encoded(palette, "PNG", transparency=0), "blue")
    assert (result.getpixel((0, 0)), result.getpixel((1, 1))) == (BLUE, (0, 255, 0))
    grey = Image.new("L", (8, 8), 7)
    grey.putpixel((1, 1), 9)
    result = loaded(tmp_path, encoded(grey, "PNG", transparency=7), "blue")
    assert (result.getpixel((0, 0)), result.getpixel((1, 1))) == (BLUE, (9, 9, 9))


def test_sixteen_bits_are_scaled_not_clipped(tmp_path: Path) -> None:
    values = np.array([[0, 257, 32896, 65535]], dtype=np.uint16)
    result = np.asarray(loaded(tmp_path, encoded(Image.fromarray(values), "PNG")))
    assert result[0, :, 0].tolist() == [0, 1, 128, 255]
    row = b"\x00" + np.array([0, 32896, 65535] * 2, dtype=">u2").tobytes()
    result = loaded(tmp_path, png(2, 1, 16, 2, row))
    assert result.getpixel((1, 0)) == (0, 128, 255)


def test_sixteen_bits_with_a_key_colour(tmp_path: Path) -> None:
    from tests.broken_pictures import chunk

    row = b"\x00" + np.array([300, 65535], dtype=">u2").tobytes()
    result = loaded(tmp_path, png(2, 1, 16, 0, row, chunk(b"tRNS", (300).to_bytes(2, "big"))), "blue")
    assert (result.getpixel((0, 0)), result.getpixel((1, 0))) == (BLUE, (255, 255, 255))
    row = b"\x00" + np.array([300, 300, 300, 65535, 0, 0], dtype=">u2").tobytes()
    result = loaded(tmp_path, png(2, 1, 16, 2, row, chunk(b"tRNS", (300).to_bytes(2, "big") * 3)), "blue")
    assert (result.getpixel((0, 0)), result.getpixel((1, 0))) == (BLUE, RED)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0.0, 0.5, 1.0]], np.float32), [0, 128, 255]),
        (np.array([[0.0, 100.0, np.nan]], np.float32), [0, 100, 0]),
        (np.array([[0, 32896, 65535]], np.int32), [0, 128, 255]),
        (np.array([[0, 65536, 131072]], np.int32), [0, 128, 255]),
    ],
)
def test_floats_and_integers(values: np.ndarray, expected: list[int]) -> None:
    assert np.asarray(flatten(Image.fromarray(values), "white"))[0, :, 0].tolist() == expected


def test_cmyk_is_not_inverted(tmp_path: Path) -> None:
    cmyk = Image.new("CMYK", (16, 16), (0, 255, 255, 0))  # red
    result = loaded(tmp_path, encoded(cmyk, "JPEG", quality=100))
    red, green, blue = result.getpixel((8, 8))  # type: ignore[misc]
    assert red > 240 and green < 15 and blue < 15


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_first_frame(tmp_path: Path, kind: str) -> None:
    first, second = Image.new("RGB", (16, 16), RED), Image.new("RGB", (16, 16), BLUE)
    options = {"lossless": True} if kind == "WEBP" else {}
    result = loaded(tmp_path, encoded(first, kind, save_all=True, append_images=[second], **options))
    assert result.getpixel((8, 8)) == RED


def test_mask(tmp_path: Path) -> None:
    path = tmp_path / "mask.png"
    mask = Image.new("L", (4, 2), 255)
    mask.paste(0, (0, 0, 2, 2))
    mask.save(path)
    values = load_mask(path, (4, 2))
    assert values.dtype == np.float32
    assert values.tolist() == [[0, 0, 1, 1]] * 2
    larger = load_mask(path, (40, 20))
    assert larger.shape == (20, 40)
    assert larger[10, 0] == 0 and larger[10, 39] == 1
    path.write_bytes(encoded(Image.fromarray(np.full((2, 4), 65535, np.uint16)), "PNG"))
    assert load_mask(path, (4, 2)).min() == 1


def test_errors(tmp_path: Path) -> None:
    with pytest.raises(LoomError) as caught:
        load_picture(tmp_path / "gone.png", "white")
    assert caught.value.code == "dataset_unreadable"
    with pytest.raises(LoomError) as caught:
        loaded(tmp_path, encoded(noise(), "PNG"), "nocolour")
    assert caught.value.code == "config_invalid"
    assert "nocolour" in caught.value.message

"""Measures of single pictures: they see what is wrong, and nothing else; they do not depend on the size."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageOps

from loraloom.data.quality.hashing import mirrored
from loraloom.data.quality.measures import measure
from loraloom.data.quality.report import Measures
from tests.unit.data.quality.made import blurred, burnt, drawing, framed, photo


def bits(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def apart(one: Measures, other: Measures) -> float:
    return float(np.linalg.norm(np.subtract(one.descriptor, other.descriptor)))


def jpeg(picture: Image.Image, quality: int) -> Image.Image:
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer)


def test_the_same_picture_in_other_clothes_is_near() -> None:
    original = photo(1, 512)
    first = measure(original)
    others = (
        jpeg(original, 30),
        original.resize((300, 300)),
        original.resize((900, 700)),
        original.crop((6, 6, 508, 508)),
    )
    for other in map(measure, others):
        assert bits(first.hash, other.hash) <= 6 and apart(first, other) < 0.25
    strange = [measure(photo(seed, 512)) for seed in range(2, 12)]
    assert min(bits(first.hash, other.hash) for other in strange) > 12
    assert min(apart(first, other) for other in strange) > 0.4


def test_a_mirrored_picture_is_known_by_its_flip() -> None:
    picture = photo(3, 256)
    plain, turned = measure(picture), measure(ImageOps.mirror(picture))
    assert bits(plain.flipped, turned.hash) <= 2 < bits(plain.hash, turned.hash)
    look = mirrored(np.array([plain.descriptor], dtype=np.float32))[0]
    assert np.linalg.norm(look - turned.descriptor) < 0.2 < apart(plain, turned)


def test_sharpness_falls_with_blur_and_not_with_size_or_contrast() -> None:
    picture = photo(4, 512)
    falls = [measure(blurred(picture, sigma)).sharpness or 0.0 for sigma in (0, 1, 2, 4)]
    assert falls == sorted(falls, reverse=True) and falls[0] > 1.5 > falls[1] and falls[3] < 0.3
    pale = picture.point(lambda value: 100 + value // 4)
    assert measure(pale).sharpness == pytest.approx(falls[0], rel=0.25)
    assert (measure(picture.resize((1500, 1500), Image.Resampling.LANCZOS)).sharpness or 0) > 1


def test_a_sharp_subject_before_a_blurred_background_is_sharp() -> None:
    picture = blurred(photo(5, 512), 8)
    picture.paste(photo(6, 100), (200, 200))
    assert (measure(picture).sharpness or 0) > 0.8


def test_without_an_edge_there_is_no_sharpness() -> None:
    assert measure(Image.new("RGB", (300, 200), "pink")).sharpness is None
    assert measure(Image.new("RGB", (1, 1))).sharpness is None


def test_exposure_leaves_an_even_background_out() -> None:
    for ground in ("white", "black"):
        found = measure(drawing(1, ground))
        assert found.bright < 0.05 and found.dark < 0.05 and 0.15 < found.mean < 0.9
    assert measure(photo(1).point(lambda value: value // 8)).mean < 0.15
    assert measure(burnt(1)).bright > 0.4
    assert measure(photo(1).point(lambda value: 120 + value // 40)).contrast < 0.1


@pytest.mark.parametrize("bars", [(0, 40, 0, 40), (30, 0, 30, 0), (0, 0, 0, 25), (20, 20, 20, 20)])
@pytest.mark.parametrize("quality", [None, 70])
def test_bars_are_found_on_each_side(bars: tuple[int, int, int, int], quality: int | None) -> None:
    picture = framed(photo(7, 512), *bars)
    found = measure(picture if quality is None else jpeg(picture, quality)).borders
    assert found == pytest.approx(bars, abs=3)


def test_a_plain_background_is_no_bar() -> None:
    for seed in range(20):
        assert measure(drawing(seed)).borders == (0, 0, 0, 0)
        assert measure(photo(seed)).borders == (0, 0, 0, 0)


def test_the_colour_of_an_even_background() -> None:
    assert measure(drawing(1)).ground == (255, 255, 255)
    assert measure(jpeg(drawing(2, "red"), 80)).ground == pytest.approx((255, 0, 0), abs=4)
    assert measure(photo(1)).ground is None


@pytest.mark.parametrize("mode", ["RGBA", "LA", "L", "P", "1", "CMYK", "I;16", "F"])
def test_every_mode_is_measured(mode: str) -> None:
    picture = Image.fromarray(np.full((40, 60), 700, dtype=np.uint16)) if mode == "I;16" else photo(8, 64).convert(mode)
    found = measure(picture)
    assert len(found.hash) == 16 and len(found.descriptor) == 128 and np.isfinite(found.descriptor).all()
    assert Measures.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (7, 500), (3000, 2), (5, 5)])
def test_odd_sizes_are_measured(size: tuple[int, int]) -> None:
    assert len(measure(Image.new("RGB", size, "red")).descriptor) == 128


def test_transparent_parts_show_the_background() -> None:
    clear = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    assert measure(clear).mean > 0.99 and measure(clear, "black").mean < 0.01

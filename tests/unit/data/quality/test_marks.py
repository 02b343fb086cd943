"""Marks at one place: the pictures that carry one are found, all of them and no others; nothing else is taken for one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from loraloom.data.pixels import flatten
from loraloom.data.quality.card import card
from loraloom.data.quality.marks import signs, trace
from loraloom.data.quality.report import Finding, Looked, Measures
from tests.structure_source import SRC
from tests.unit.data.quality.made import framed, looked, photo, with_measures

DEMO = SRC / "assets" / "demo" / "pictures"


def signed(picture: Image.Image, alpha: int = 128, corner: str = "br") -> Image.Image:
    """With a line of white text in a corner, a twentieth of the picture high."""
    sheet = Image.new("RGBA", picture.size, (255, 255, 255, 0))
    draw, text = ImageDraw.Draw(sheet), "© example.com"
    font = ImageFont.load_default(size=picture.height / 20)
    _, _, wide, high = draw.textbbox((0, 0), text, font=font)
    margin = picture.width * 0.03
    x = margin if "l" in corner else picture.width - wide - margin
    y = margin if "t" in corner else picture.height - high - margin
    draw.text((x, y), text, font=font, fill=(255, 255, 255, alpha))
    return Image.alpha_composite(picture.convert("RGBA"), sheet).convert("RGB")


def found(images: Sequence[Looked]) -> Finding | None:
    return next((one for one in card(images).findings if one.kind == "watermark"), None)


def carriers(pictures: Sequence[Image.Image]) -> list[int]:
    finding = found([looked(str(number), picture) for number, picture in enumerate(pictures)])
    return [] if finding is None else [int(name) for name in finding.images]


@pytest.mark.parametrize("corner", ["tl", "tr", "bl", "br"])
@pytest.mark.parametrize("alpha", [90, 255])
def test_those_with_the_mark_are_found(corner: str, alpha: int) -> None:
    marked = {0, 1, 3, 4, 6, 7, 9, 11}
    pictures = [photo(n, 512) for n in range(12)]
    assert carriers(pictures) == []
    assert carriers(
        [signed(picture, alpha, corner) if n in marked else picture for n, picture in enumerate(pictures)]
    ) == sorted(marked)


def test_four_of_twelve_are_enough_and_three_are_not() -> None:
    pictures = [photo(n, 512) for n in range(12)]
    assert carriers([signed(picture) for picture in pictures[:4]] + pictures[4:]) == [0, 1, 2, 3]
    assert carriers([signed(picture) for picture in pictures[:3]] + pictures[3:]) == []
    assert carriers([signed(picture) for picture in pictures[:4]] + [photo(n, 512) for n in range(20, 32)]) == []


def test_two_marks_are_two_groups() -> None:
    pictures = [signed(photo(n, 512), corner="tl" if n % 2 else "br") for n in range(12)]
    finding = found([looked(str(n), picture) for n, picture in enumerate(pictures)])
    assert finding is not None and finding.count == 12
    assert finding.groups == [[str(n) for n in range(1, 12, 2)], [str(n) for n in range(0, 12, 2)]]


def test_sizes_may_differ() -> None:
    pictures = [signed(photo(n, 512)).resize((300 + 60 * n, 300 + 60 * n)) for n in range(6)]
    pictures += [photo(n, 512) for n in range(6, 12)]
    assert carriers(pictures) == list(range(6))


@pytest.mark.parametrize("count", [4, 8, 12, 40])
def test_photographs_without_marks(count: int) -> None:
    for start in range(0, 300, 100):
        assert carriers([photo(start + n, 320) for n in range(count)]) == []


def disc(number: int, radius: int, ground: Image.Image) -> Image.Image:
    draw, middle = ImageDraw.Draw(ground), ground.width // 2
    fill = tuple(np.random.default_rng(number).integers(0, 256, 3).tolist())
    draw.ellipse((middle - radius, middle - radius, middle + radius, middle + radius), fill=fill)
    return ground


@pytest.mark.parametrize("radius", [60, 80, 100, 120])
def test_one_subject_in_the_middle_is_no_mark(radius: int) -> None:
    assert carriers([disc(n, radius, Image.new("RGB", (256, 256), "white")) for n in range(16)]) == []
    assert carriers([disc(n, radius, photo(n, 256)) for n in range(16)]) == []


def test_bars_scenes_and_copies_are_no_marks() -> None:
    assert carriers([framed(photo(n, 320), 0, 40, 0, 40) for n in range(12)]) == []
    assert carriers([framed(photo(n, 320), 0, 3, 0, 3) for n in range(12)]) == []
    assert carriers([framed(photo(n, 320), 40, 0, 40, 0) for n in range(12)]) == []
    scenes = [photo(500, 320).copy() for _ in range(12)]
    for number, scene in enumerate(scenes):
        scene.paste(photo(number, 140), (90, 90))
    assert carriers(scenes) == []
    assert carriers([photo(n // 8, 320) for n in range(40)]) == []
    assert carriers([photo(0 if n < 6 else n, 320) for n in range(12)]) == []


def test_a_copy_of_a_marked_picture_is_marked_too() -> None:
    pictures = [signed(photo(n, 512)) if n < 6 else photo(n, 512) for n in range(12)]
    assert carriers([*pictures, pictures[0], pictures[7]]) == [0, 1, 2, 3, 4, 5, 12]


def test_the_demo_pictures_have_none_until_they_are_marked() -> None:
    pictures: list[Image.Image] = []
    for file in sorted(DEMO.glob("*.png")):
        with Image.open(file) as picture:
            pictures.append(flatten(picture, "white").resize((512, 512)))
    assert len(pictures) == 24 and carriers(pictures) == []
    darker = [picture.point(lambda value: value // 2) for picture in pictures]
    assert carriers(darker) == [] and carriers([signed(picture) for picture in darker]) == list(range(24))


def test_pictures_measured_before_take_no_part() -> None:
    images = [looked(str(n), signed(photo(n, 512))) for n in range(8)]
    old = images[0].measures
    assert old is not None and Measures.model_validate(old.model_dump(exclude={"trace", "nsfw"})).trace is None
    some = [with_measures(image, trace=None) if n < 3 else image for n, image in enumerate(images)]
    finding = found(some)
    assert finding is not None and finding.images == ["3", "4", "5", "6", "7"]
    assert found([with_measures(image, trace=None) for image in images]) is None


def test_a_trace_is_small_and_read_as_written() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (128, 128), dtype=np.uint8)
    text = trace(noise)
    assert len(text) <= 2240 and len(trace(np.full((128, 128), 9, dtype=np.uint8))) < 60
    cells = signs(text)
    assert cells.shape == (2, 32, 128) and set(np.unique(cells)) == {-1, 0, 1}
    mean = noise[9:12, 49:52].mean()
    assert (
        cells[0, 10, 50] == np.sign(float(noise[10, 50]) - mean)
        and (signs(trace(noise[::-1]))[1] == cells[0, ::-1]).all()
    )

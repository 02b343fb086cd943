"""What an upload gives: pictures written again by us, captions that find their pictures, remarks."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from loraloom.data.decode import decode
from loraloom.data.intake import Caption, Item, Taken, take_in
from loraloom.data.labels import label
from loraloom.data.renew import renew
from loraloom.data.thumbnail import SIDE, thumbnail_of
from loraloom.spec.dataset import FileNote
from tests.broken_pictures import bad_checksum, encoded, noise, rotated, sixteen_bit_rgb, with_key_colour
from tests.hostile_uploads import archive, moving_gif, picture, with_payload


def taken_in(tmp_path: Path, filename: str, data: bytes) -> list[Item]:
    path = tmp_path / "upload"
    path.write_bytes(data)
    return list(take_in(path, filename, tmp_path / "scratch"))


def taken(tmp_path: Path, filename: str, data: bytes) -> tuple[Taken, list[str]]:
    items = taken_in(tmp_path, filename, data)
    assert isinstance(items[0], Taken)
    return items[0], [item.reason for item in items[1:] if isinstance(item, FileNote)]


def opened(data: bytes) -> Image.Image:
    return decode(data)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "BMP"])
def test_pixels_stay_and_bytes_are_ours(tmp_path: Path, kind: str) -> None:
    original = noise()
    data = encoded(original, kind, **({"lossless": True} if kind == "WEBP" else {}))
    item, remarks = taken(tmp_path, f"cat.{kind.lower()}", data)
    again = opened(item.picture.data)
    assert (again.format, again.mode, again.tobytes()) == ("WEBP", "RGB", original.tobytes())
    assert (item.picture.width, item.picture.height) == original.size
    assert remarks == []
    assert item.picture == renew(data)


def test_equal_pixels_give_equal_files() -> None:
    original = noise()
    assert renew(encoded(original, "PNG")).data == renew(encoded(original, "BMP")).data


def test_payloads_are_gone(tmp_path: Path) -> None:
    data, word = with_payload()
    item, _ = taken(tmp_path, "cat.jpg", data)
    assert word not in item.picture.data + item.picture.thumbnail
    assert not {"exif", "icc_profile", "xmp", "comment"} & set(opened(item.picture.data).info)


def test_turned_deep_see_through_and_moving(tmp_path: Path) -> None:
    turned, remarks = taken(tmp_path, "t.jpg", rotated())
    assert (turned.picture.width, turned.picture.height, remarks) == (64, 96, ["exif_rotated"])
    assert taken(tmp_path, "d.png", sixteen_bit_rgb())[1] == ["sixteen_bit"]
    item, remarks = taken(tmp_path, "m.gif", moving_gif())
    assert remarks == ["animated"] and not getattr(opened(item.picture.data), "is_animated", False)
    item, remarks = taken(tmp_path, "p.png", with_key_colour())
    assert (opened(item.picture.data).mode, remarks) == ("RGBA", [])


def test_a_harmless_tail_is_dropped(tmp_path: Path) -> None:
    data = encoded(noise(), "JPEG")
    for tail, said in ((bytes(500), []), (data, []), (b"x" * 20 + b"ftypmp42", []), (b"some words " * 9, ["tail"])):
        item, remarks = taken(tmp_path, "cat.jpg", data + tail)
        assert remarks == said
        assert item.picture == renew(data) or said


def test_colours_become_srgb() -> None:
    # Pillow makes only sRGB, LAB and XYZ: an sRGB profile whose red and blue have changed places will do.
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile = bytearray(bytes(profile).replace(b"rXYZ", b"tmpX").replace(b"bXYZ", b"rXYZ").replace(b"tmpX", b"bXYZ"))
    swapped = bytes(profile).replace("sRGB".encode("utf-16-be"), "odd!".encode("utf-16-be"))
    red = Image.new("RGB", (32, 32), (255, 0, 0))
    values = np.asarray(opened(renew(encoded(red, "PNG", icc_profile=swapped)).data))
    assert values[0, 0, 2] > 240 and values[0, 0, 0] < 40
    for broken in (b"nonsense" * 30, bytes(profile)[:200]):
        assert np.array_equal(np.asarray(opened(renew(encoded(red, "PNG", icc_profile=broken)).data)), np.asarray(red))


def test_too_long_for_webp() -> None:
    renewed = renew(encoded(Image.new("RGB", (17_000, 20), "red"), "PNG"))
    assert opened(renewed.data).format == "PNG"
    with Image.open(io.BytesIO(renewed.thumbnail)) as small:
        assert small.size == (SIDE, 1)


def test_thumbnails() -> None:
    renewed = renew(encoded(noise(640, 320), "PNG"))
    with Image.open(io.BytesIO(renewed.thumbnail)) as small:
        assert (small.format, small.size) == ("WEBP", (256, 128))
    assert thumbnail_of(renewed.data) == renewed.thumbnail
    with Image.open(io.BytesIO(renew(encoded(noise(60, 40), "PNG")).thumbnail)) as small:
        assert small.size == (60, 40)


def test_captions_alone(tmp_path: Path) -> None:
    assert taken_in(tmp_path, "set/Cat.txt", b"a cat\nits twin\n") == [
        Caption("set/Cat.txt", "set/Cat", "a cat\nits twin", exact=True)
    ]
    assert [item.reason for item in taken_in(tmp_path, "a.txt", b" \n") if isinstance(item, FileNote)] == [
        "empty_caption"
    ]
    assert taken_in(tmp_path, "a.txt", "eine Bärin".encode("utf-16"))
    assert taken_in(tmp_path, "a.txt", b"MZ-style robot, P3 poster")
    table = b'file_name,text\na.png,"=HYPERLINK(""http://x"")"\nb.png,+1+1\n,nothing\n'
    items = taken_in(tmp_path, "metadata.csv", table)
    assert items[:2] == [
        Caption("metadata.csv", "a.png", '=HYPERLINK("http://x")', exact=False),
        Caption("metadata.csv", "b.png", "+1+1", exact=False),
    ]
    assert isinstance(items[2], FileNote) and items[2].reason == "metadata_row"


def test_a_zip(tmp_path: Path) -> None:
    data = archive(
        ("cats/a.png", picture()), ("cats/a.txt", b"a cat"), ("cats/b.png", picture()), ("cats/b.txt", b""),
        ("cats/metadata.jsonl", b'{"file_name": "c.png", "text": "from a table"}\n'), ("cats/c.png", picture()),
        ("cats/lonely.txt", b"waits"), ("cats/bad.png", bad_checksum()), ("cats/readme.md", b"hello"),
    )  # fmt: skip
    items = taken_in(tmp_path, "cats.zip", data)
    assert {item.name: item.caption for item in items if isinstance(item, Taken)} == {
        "cats/a.png": "a cat",
        "cats/b.png": None,
        "cats/c.png": "from a table",
    }
    assert [item for item in items if isinstance(item, Caption)] == [
        Caption("cats/lonely.txt", "cats/lonely", "waits", exact=True)
    ]
    assert {(item.file, item.reason) for item in items if isinstance(item, FileNote)} == {
        ("cats/b.txt", "empty_caption"),
        ("cats/bad.png", "unreadable"),
        ("cats/readme.md", "not_a_picture"),
    }


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("cat.png", "cat.png"),
        ("set/cat.png", "set/cat.png"),
        ("../../etc/cat.png", "etc/cat.png"),
        ("/etc/cat.png", "etc/cat.png"),
        ("C:\\fakepath\\cat.png", "fakepath/cat.png"),
        ("C:cat.png", "cat.png"),
        ("\\\\host\\share\\cat.png", "host/share/cat.png"),
        ("a\x00b.png", "a\\x00b.png"),
        ("cat\u202egnp.exe", "cat\\u202egnp.exe"),
        ("a\nb.png", "a\\nb.png"),
        ("u\u0308.png", "ü.png"),
        ("..", "unnamed"),
        ("", "unnamed"),
        ("\udc80.png", "?.png"),
        ("猫 咪.png", "猫 咪.png"),
    ],
)
def test_names_are_labels(tmp_path: Path, filename: str, name: str) -> None:
    assert label(filename) == name
    if name.endswith(".png"):
        assert taken(tmp_path, filename, picture())[0].name == name
    assert sorted(path.name for path in tmp_path.rglob("*")) in (["upload"], [])


def test_over_long_names_keep_picture_and_caption_together() -> None:
    long = "l" * 300
    assert label(f"{long}.jpeg").removesuffix(".jpeg") == label(f"{long}.txt").removesuffix(".txt")
    assert label(f"{long}.png") != label(f"{long}x.png")
    assert len(label("/".join([long] * 50) + ".png")) < 900

"""What tables, kohya's configs, folders and masks say beside captions: read from folders and from uploads alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from loraloom.data.decode import decode
from loraloom.data.extras import NOTHING, Extras, extras_of, extras_of_text
from loraloom.data.importer import scan
from loraloom.data.intake import Caption, Item, Mask, Taken, take_in
from loraloom.data.kohya import HELD_OUT
from loraloom.spec.dataset import Dataset, DatasetReport, FileNote
from loraloom.spec.dataset import Image as Found
from tests.broken_pictures import encoded, noise
from tests.hostile_uploads import archive, picture

CROP = (0.25, 0.0, 0.5, 0.75)


def lay(folder: Path, files: dict[str, str | bytes | None]) -> None:
    """Write `files`; None is a new picture."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture() if content is None else content.encode() if isinstance(content, str) else content)


def read(folder: Path, **fields: Any) -> tuple[dict[str, Found], DatasetReport]:
    report = scan(Dataset.model_validate({"path": str(folder), **fields}))
    assert report.files == len(report.images) + len(report.skipped) + report.attached
    return {image.name: image for image in report.images}, report


def uploaded(tmp_path: Path, filename: str, data: bytes) -> list[Item]:
    path = tmp_path / "upload"
    path.write_bytes(data)
    return list(take_in(path, filename, tmp_path / "scratch"))


def taken(items: list[Item]) -> dict[str, Taken]:
    return {item.name: item for item in items if isinstance(item, Taken)}


def said(notes: list[Any]) -> str:
    return "\n".join(f"{note.file}: {note.message}" for note in notes if isinstance(note, FileNote))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "metadata.jsonl",
            '{"file_name": "a.png", "text": "one, two", "repeats": 3, "held_out": true, "crop": [0.25, 0, 0.5, 0.75]}',
        ),
        ("metadata.csv", 'file_name,text,repeats,held_out,crop\na.png,"one, two",3,True,0.25 0 0.5 0.75\n'),
        ("metadata.csv", 'filename,prompt,held_out,crop,repeats\na.png,"one, two",1,"[0.25, 0, 0.5, 0.75]", 3\n'),
        (
            "metadata.json",
            '{"a": {"caption": "one, two", "repeats": 3.0, "held_out": 1, "crop": [0.25, 0, 0.5, 0.75]}}',
        ),
    ],
)
def test_more_columns(tmp_path: Path, name: str, content: str) -> None:
    lay(tmp_path / "set", {"a.png": None, "b.png": None, name: content})
    images, report = read(tmp_path / "set", repeats=2)
    a, b = images["a.png"], images["b.png"]
    assert (a.captions, a.repeats, a.held_out, a.crop) == (("one, two",), 3, True, CROP)
    assert (b.captions, b.repeats, b.held_out, b.crop) == ((), 2, False, None)
    assert not [note for note in report.warnings if note.reason == "metadata_row"]


def test_a_column_more_is_no_part_of_the_prompt(tmp_path: Path) -> None:
    lay(tmp_path, {"a.png": None, "b.png": None, "metadata.csv": "file_name,text,width\na.png,one,512\nb.png,two\n"})
    assert [image.captions for image in read(tmp_path)[0].values()] == [("one",), ("two",)]
    lay(tmp_path, {"metadata.csv": "filename,prompt\na.png,one, two,three\nb.png,x\n"})
    assert read(tmp_path)[0]["a.png"].captions == ("one, two, three",)


def test_columns_that_cannot_be_read(tmp_path: Path) -> None:
    rows = [
        {"file_name": "a.png", "text": "kept", "repeats": 0, "held_out": "perhaps", "crop": [0.5, 0.5, 0.9, 0.1]},
        {"file_name": "b.png", "text": "kept too", "repeats": True, "crop": [float("nan"), 0, 1, 1]},
    ]
    lay(tmp_path, {"a.png": None, "b.png": None, "metadata.jsonl": "\n".join(map(json.dumps, rows))})
    images, report = read(tmp_path)
    assert [image.captions for image in images.values()] == [("kept",), ("kept too",)]
    assert all((image.repeats, image.crop) == (1, None) for image in images.values())
    notes = [note.message for note in report.warnings if note.reason == "metadata_row"]
    assert len(notes) == 5 and notes[0].startswith("line 1: its repeats cannot be read ('0'; a whole number from 1")
    for value in ([], {}, "x", 10**400, -1, "1e9", None, "", [1, 2, 3, "x"], {"a": 1}):
        assert extras_of({"repeats": value, "held_out": value, "crop": value})[0] == NOTHING
    both = Extras(3, False, CROP, "猫.png")
    assert extras_of_text(both.text()) == both and extras_of_text("[") == extras_of_text("3") == NOTHING


def test_loom_json(tmp_path: Path) -> None:
    whole = {"loom": 1, "images": {"a.png": {"repeats": 4, "original_name": "cats/猫.jpg"}, "gone.png": {}, "b.png": 3}}
    files = {"a.png": None, "a.txt": "a cat", "b.png": None, "loom.json": json.dumps(whole), "other.csv": "a.png,named"}
    lay(tmp_path / "set", files)
    images, report = read(tmp_path / "set")
    assert (images["a.png"].captions, images["a.png"].repeats, images["b.png"].repeats) == (("a cat",), 4, 1)
    notes = [note.message for note in report.warnings if note.file == "loom.json"]
    assert notes == ["entry 'gone.png': no picture is called 'gone.png'.", "entry 'b.png': not a JSON object."]
    assert "call it metadata.csv" in said(report.skipped)
    images, report = read(tmp_path / "set", metadata_path="other.csv")
    assert (images["a.png"].captions, images["a.png"].repeats) == (("named",), 4)
    items = uploaded(tmp_path, "x.zip", archive(("a.png", picture()), ("loom.json", json.dumps(whole).encode())))
    assert {name: item.repeats for name, item in taken(items).items()} == {"cats/猫.jpg": 4}
    lone = uploaded(tmp_path, "set/loom.json", json.dumps(whole).encode())
    assert lone[0] == Caption("set/loom.json", "a.png", None, False, Extras(repeats=4, original_name="cats/猫.jpg"))


def test_kohya_folders_in_uploads(tmp_path: Path) -> None:
    members = ("s/10_sks cat/a.png", "s/10_sks cat/b.png", "s/0_off/c.png", f"s/{HELD_OUT}/3_dog/d.png", "s/e.png")
    items = uploaded(tmp_path, "s.zip", archive(*((name, picture()) for name in members), ("s/10_sks cat/b.txt", b"b")))
    found = taken(items)
    assert {name: (item.caption, item.repeats, item.held_out) for name, item in found.items()} == {
        "s/10_sks cat/a.png": ("sks cat", 10, False),
        "s/10_sks cat/b.png": ("b", 10, False),
        f"s/{HELD_OUT}/3_dog/d.png": ("dog", 3, True),
        "s/e.png": (None, 1, False),
    }
    assert "s/0_off/c.png: Its folder's name says 0 repeats" in said(items)
    for name, expected in (
        ("s/10_sks cat/a.png", ("sks cat", 10, False)), ("20240101_party/a.png", (None, 1, False)),
        (f"{HELD_OUT}/2_x/a.png", ("x", 2, True)), (f"s/{HELD_OUT}/a.png", (None, 1, True)), ("a.png", (None, 1, False)),
    ):  # fmt: skip
        [lone] = taken(uploaded(tmp_path, name, picture())).values()
        assert (lone.words, lone.repeats, lone.held_out, lone.caption) == (*expected, None)
    assert "0 repeats" in said(uploaded(tmp_path, "0_off/a.png", picture()))


def test_an_empty_text_counts_before_the_words_of_a_folder(tmp_path: Path) -> None:
    lay(
        tmp_path,
        {"3_cat/a.png": None, "3_cat/a.txt": "\n", "3_cat/b.png": None, "3_cat/c.png": None, "3_cat/c.txt": b""},
    )
    images, report = read(tmp_path)
    assert [image.captions for image in images.values()] == [(), ("cat",), ()]
    assert [note.reason for note in report.warnings] == ["empty_caption"] * 2


def test_a_folder_of_what_is_held_out(tmp_path: Path) -> None:
    lay(tmp_path / "x", {"3_cat/a.png": None, f"{HELD_OUT}/2_cat/b.png": None, "README.txt": "hello"})
    images, report = read(tmp_path / "x")
    assert {name: (image.repeats, image.held_out, image.captions) for name, image in images.items()} == {
        "3_cat/a.png": (3, False, ("cat",)),
        f"{HELD_OUT}/2_cat/b.png": (2, True, ("cat",)),
    }
    assert [(note.file, note.reason) for note in report.skipped] == [("README.txt", "not_a_picture")]
    assert "A text about the data set" in said(uploaded(tmp_path, "x/ReadMe.txt", b"hello"))
    lay(tmp_path / "y", {f"y/{HELD_OUT}/b.png": None, "y/README.txt": "words", "y/readme.png": None})
    assert {name: (i.held_out, i.captions) for name, i in read(tmp_path / "y")[0].items()} == {
        "y/readme.png": (False, ("words",)),
        f"y/{HELD_OUT}/b.png": (True, ()),
    }


def test_masks_in_uploads(tmp_path: Path) -> None:
    half = encoded(noise(40, 36).convert("L"), "PNG")
    deep = encoded(noise(80, 72).convert("I;16"), "PNG")
    members = (("a.png", picture()), ("a-masklabel.png", half), ("B.png", picture()), ("b-MaskLabel.PNG", deep))
    more = (("c.png", picture()), ("c-masklabel.png", b"no"), ("lone-masklabel.png", half))
    items = uploaded(tmp_path, "m.zip", archive(*members, *more))
    found = taken(items)
    for name in ("a.png", "B.png"):
        assert found[name].mask is not None
        mask = decode(found[name].mask or b"")
        assert (mask.format, mask.mode, mask.size) == ("PNG", "L", (80, 72))
    assert found["c.png"].mask is None
    assert "c-masklabel.png: Holds plain text" in said(items) and "without its mask" in said(items)
    [lone] = [item for item in items if isinstance(item, Mask)]
    assert (lone.called, decode(lone.data).size) == ("lone", (40, 36))
    [mask] = uploaded(tmp_path, "set/Cat-masklabel.jpg", encoded(noise(), "JPEG"))
    assert isinstance(mask, Mask) and (mask.file, mask.called) == ("set/Cat-masklabel.jpg", "set/Cat")
    assert [item.reason for item in uploaded(tmp_path, "a-masklabel.png", b"no") if isinstance(item, FileNote)]


TOML = """
[general]
caption_extension = ".caption"
shuffle_caption = true
keep_tokens = 1
[[datasets]]
resolution = 512
batch_size = 4
num_repeats = 2
  [[datasets.subsets]]
  image_dir = 'C:\\train\\Cats'
  num_repeats = 7
  caption_prefix = "sks cat,"
  caption_suffix = "ink"
  color_aug = true
  [[datasets.subsets]]
  image_dir = "/home/me/10_dogs"
  class_tokens = "sks dog"
  [[datasets.subsets]]
  image_dir = "./reg"
  is_reg = true
  [[datasets.subsets]]
  image_dir = "/elsewhere/birds"
"""


def test_a_kohya_config(tmp_path: Path) -> None:
    files: dict[str, str | bytes | None] = {
        "cats/a.png": None, "cats/a.caption": "one\ntwo", "cats/a.txt": "other", "cats/b.png": None,
        "10_dogs/c.png": None, "10_dogs/d.png": None, "10_dogs/d.txt": "d", "reg/e.png": None, "f.png": None,
        "my.toml": TOML, "unrelated.toml": "[tool]\nx = 1", "broken.toml": "[[[",
    }  # fmt: skip
    lay(tmp_path / "set", files)
    images, report = read(tmp_path / "set", repeats=5)
    expected = {
        "10_dogs/c.png": (("sks dog",), 2),
        "10_dogs/d.png": (("d",), 2),
        "cats/a.png": (("sks cat, one ink", "sks cat, two ink"), 7),
        "cats/b.png": (("sks cat, ink",), 7),
        "f.png": ((), 5),
    }
    assert {name: (image.captions, image.repeats) for name, image in images.items()} == expected
    text = said([*report.warnings, *report.skipped])
    for words in (
        "reg/e.png: A regularisation picture", "No folder here is '/elsewhere/birds'", "Not carried over: color_aug = true.",
        "shuffle_caption = true (`caption.shuffle`), keep_tokens = 1 (`caption.keep_tokens`)",
        "unrelated.toml: Neither", "broken.toml: Neither",
    ):  # fmt: skip
        assert words in text, text
    members = [(name, picture() if data is None else str(data).encode()) for name, data in files.items()]
    items = uploaded(tmp_path, "set.zip", archive(*members))
    expected["f.png"] = ((), 1)
    assert {name: (tuple((i.caption or "").splitlines()), i.repeats) for name, i in taken(items).items()} == expected
    assert "No folder here is" in said(items)
    assert "zip it together with its pictures" in said(uploaded(tmp_path, "my.toml", TOML.encode()))


def test_kohya_configs_of_other_shapes(tmp_path: Path) -> None:
    one = '[[datasets]]\n[[datasets.subsets]]\nimage_dir = "/far/away"\nmetadata_file = "/x/captions.json"\nnum_repeats = 3'
    lay(tmp_path / "one", {"a.png": None, "kohya.toml": one, "captions.json": '{"a": {"caption": "c", "tags": "t"}}'})
    images, report = read(tmp_path / "one")
    assert (images["a.png"].captions, images["a.png"].repeats, report.skipped) == (("c, t",), 3, [])
    odd = 'general = 3\n[[datasets]]\nsubsets = [{image_dir = 3, num_repeats = "x"}, 4, {image_dir = ".", num_repeats = 0}]'
    lay(tmp_path / "odd", {"a.png": None, "b/c.png": None, "kohya.toml": odd})
    images, report = read(tmp_path / "odd")
    assert set(images) == {"b/c.png"} and "a subset without image_dir" in said(report.warnings)
    assert "num_repeats = 0" in said(report.skipped)
    for content in (
        "datasets = 3",
        "datasets = []",
        "datasets = [[]]",
        "[[datasets]]\nsubsets = 4",
        "x = " + "[" * 5000,
    ):
        lay(tmp_path / "odd", {"kohya.toml": content})
        assert len(read(tmp_path / "odd")[0]) == 2


def test_tables_name_files_that_were_renamed_when_unpacked(tmp_path: Path) -> None:
    table = "".join(
        json.dumps({"file_name": name, "text": f"of {name}"}) + "\n" for name in ("ab:c.png", "猫" * 60 + ".png")
    )
    members = ((f"{'猫' * 60}.png", picture()), ("ab:c.png", picture()), ("metadata.jsonl", table.encode()))
    items = uploaded(tmp_path, "x.zip", archive(*members))
    assert {item.caption for item in taken(items).values()} == {"of ab:c.png", f"of {'猫' * 60}.png"}

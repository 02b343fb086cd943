"""What an importer meets: kohya folders, plain folders, sidecars, metadata files, masks; and what it says of the rest."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from loraloom.data.importer import scan, survey
from loraloom.spec.dataset import Dataset, DatasetReport
from loraloom.spec.dataset import Image as Taken
from loraloom.spec.errors import LoomError
from tests.broken_pictures import encoded, noise


def put(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(noise(), "PNG"))


def text(folder: Path, name: str, content: str | bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def checked(folder: Path, **fields: Any) -> DatasetReport:
    return scan(Dataset.model_validate({"path": str(folder), "resolution": 64, **fields}))


def taken(report: DatasetReport) -> dict[str, Taken]:
    return {image.name: image for image in report.images}


def reasons(report: DatasetReport) -> set[tuple[str, str]]:
    return {(note.file, note.reason) for note in [*report.skipped, *report.warnings]}


def test_kohya_folders(tmp_path: Path) -> None:
    put(
        tmp_path,
        "10_sks cat/a.png",
        "10_sks cat/b.png",
        "3_bird/c.png",
        "loose.png",
        "0_off/d.png",
        "3_bird/deep/e.png",
    )
    put(tmp_path, "20240101_party/f.png")
    text(tmp_path, "10_sks cat/b.txt", "a cat with words")
    report = checked(tmp_path, repeats=2)
    images = taken(report)
    assert (images["10_sks cat/a.png"].repeats, images["10_sks cat/a.png"].captions) == (10, ("sks cat",))
    assert images["10_sks cat/b.png"].captions == ("a cat with words",)
    assert (images["3_bird/c.png"].repeats, images["loose.png"].repeats) == (3, 2)
    assert images["20240101_party/f.png"].repeats == 2
    said = reasons(report)
    assert ("20240101_party/", "folder_name") in said
    assert ("0_off/d.png", "switched_off") in said
    assert ("3_bird/deep/e.png", "unsupported") in said


def test_a_folder_around_kohya_folders(tmp_path: Path) -> None:
    put(tmp_path, "cats/train/5_cat/a.png", "cats/train/2_dog/b.png")
    assert {name: image.repeats for name, image in taken(checked(tmp_path)).items()} == {
        "cats/train/2_dog/b.png": 2,
        "cats/train/5_cat/a.png": 5,
    }


def test_natural_order_and_nested_folders(tmp_path: Path) -> None:
    put(tmp_path, "img10.png", "img2.png", "Img1.png", "b/x2.png", "b/x11.png", "a/deep/er/y.png")
    names = [image.name for image in checked(tmp_path).images]
    assert names == ["a/deep/er/y.png", "b/x2.png", "b/x11.png", "Img1.png", "img2.png", "img10.png"]


def test_sidecars(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "B.PNG", "c.png", "d.png", "e.v2.png", "f.png")
    text(tmp_path, "a.txt", "one\n\n two \n")
    text(tmp_path, "b.TXT", "upper")
    text(tmp_path, "c.caption", "from caption")
    text(tmp_path, "d.txt", "")
    text(tmp_path, "d.caption", "second file")
    text(tmp_path, "e.v2.txt", "dots")
    text(tmp_path, "f.txt", "B\xe4r und K\xfche".encode("cp1252"))
    report = checked(tmp_path)
    assert [image.captions for image in report.images] == [
        ("one", "two"), ("upper",), ("from caption",), ("second file",), ("dots",), ("Bär und Kühe",)
    ]  # fmt: skip
    assert {("d.txt", "empty_caption"), ("f.txt", "caption_encoding")} <= reasons(report)
    assert report.attached == 7


def test_names_that_differ_in_unicode_form(tmp_path: Path) -> None:
    put(tmp_path, "bu\u0308cher.png")
    text(tmp_path, "b\u00fccher.txt", "books")
    report = checked(tmp_path)
    assert report.images[0].captions == ("books",)
    assert report.images[0].name == "b\u00fccher.png"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("metadata.csv", 'file_name,text\na.png,"one, two"\nsub/b.png,three\n'),
        ("metadata.csv", '\ufefffile_name,prompt\na.png,"one, two"\nsub/b.png,three\n'),
        ("metadata.csv", 'filename,prompt\na.png,"one, two"\nb.png,three\n'),
        ("metadata.csv", 'a.png,"one, two"\r\nb.png,three\r\n'),
        ("metadata.csv", "a.png,one, two\nsub\\b.png,three\n"),
        ("metadata.csv", 'id,caption,file_name\n1,"one, two",a.png\n2,three,sub/b.png\n'),
        (
            "metadata.jsonl",
            '{"file_name": "a.png", "text": "one, two"}\n\n{"file_name": "sub/b.png", "prompt": "three"}\n',
        ),
        (
            "metadata.jsonl",
            '{"image_path": "a.png", "caption": "one", "tags": "two"}\n{"image_path": "b", "tags": "three"}',
        ),
        ("metadata.json", '{"a": {"caption": "one", "tags": "two"}, "/elsewhere/sub/b.png": {"tags": ["three"]}}'),
        ("metadata.json", '{"a.png": "one, two", "sub/b": "three"}'),
        ("metadata.json", '[{"file_name": "a.png", "text": "one, two"}, {"file": "sub/b.png", "caption": "three"}]'),
    ],
)
@pytest.mark.parametrize("named", [False, True])
def test_metadata(tmp_path: Path, name: str, content: str, named: bool) -> None:
    folder = tmp_path / "data"
    put(folder, "a.png", "sub/b.png", "c.png")
    text(folder, "a.txt", "from the sidecar")
    where = "../elsewhere.bin/" if named else ""
    text(folder, where + name, content)
    report = checked(folder, **({"metadata_path": str(folder / where / name)} if named else {}))
    images = taken(report)
    assert images["a.png"].captions == ("one, two",)
    assert images["sub/b.png"].captions == ("three",)
    assert images["c.png"].captions == ()
    assert not any(note.reason == "metadata_row" for note in report.warnings)
    assert report.files == len(report.images) + len(report.skipped) + report.attached


def test_metadata_in_each_folder(tmp_path: Path) -> None:
    put(tmp_path, "x/1.png", "y/1.png")
    for part in "xy":
        text(tmp_path, f"{part}/metadata.csv", f"file_name,text\n1.png,in {part}\n")
    assert [image.captions for image in checked(tmp_path).images] == [("in x",), ("in y",)]


def test_rows_that_cannot_be_used_are_reported(tmp_path: Path) -> None:
    put(tmp_path, "a.png")
    rows = [{"file_name": "../../etc/passwd", "text": "x"}, {"text": "x"}, 3, {"file_name": "a.png", "text": "good"}]
    rows += [{"file_name": "a.png", "text": "again"}, {"file_name": "/etc/passwd"}]
    lines = (
        [json.dumps(row) for row in rows] + ["{not json"] + [json.dumps({"file_name": f"{i}.png"}) for i in range(50)]
    )
    text(tmp_path, "metadata.jsonl", "\n".join(lines))
    report = checked(tmp_path)
    notes = [note.message for note in report.warnings if note.reason == "metadata_row"]
    assert len(notes) == 21
    assert notes[-1].startswith("and 36 more")
    assert notes[0].startswith("line 1: no picture is called '../../etc/passwd'")
    assert report.images[0].captions == ("good",)


@pytest.mark.parametrize(
    "content", ["", "[", "7", '{"a": 3}', "\x00\x00", "\ud83d".encode("utf-8", "surrogatepass"), "[" * 100_000]
)
@pytest.mark.parametrize("name", ["metadata.json", "metadata.jsonl", "metadata.csv"])
def test_nonsense_metadata_stops_nothing(tmp_path: Path, name: str, content: str | bytes) -> None:
    put(tmp_path, "a.png")
    text(tmp_path, name, content)
    assert len(checked(tmp_path).images) == 1


def test_a_named_metadata_file_rules_out_the_others(tmp_path: Path) -> None:
    put(tmp_path, "a.png")
    text(tmp_path, "metadata.csv", "a.png,unused")
    text(tmp_path, "meta_cap.json", '{"a": {"caption": "used"}}')
    report = checked(tmp_path, metadata_path="meta_cap.json")
    assert report.images[0].captions == ("used",)
    assert reasons(report) == {("metadata.csv", "switched_off")}
    for wrong, code in (("gone.csv", "file_not_found"), ("a.png", "dataset_unreadable")):
        with pytest.raises(LoomError) as caught:
            checked(tmp_path, metadata_path=wrong)
        assert caught.value.code == code


def test_masks(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "A-MaskLabel.PNG", "b.png")
    report = checked(tmp_path)
    assert [Path(image.mask).name if image.mask else None for image in report.images] == ["A-MaskLabel.PNG", None]
    assert report.attached == 1
    assert report.images[0].mask_sha256 == hashlib.sha256((tmp_path / "A-MaskLabel.PNG").read_bytes()).hexdigest()
    assert all(image.mask is None for image in checked(tmp_path, masks=False).images)


def test_small_pictures(tmp_path: Path) -> None:
    for side in (8, 40, 100):
        noise(side, side).save(tmp_path / f"{side}.png")
    assert [image.width for image in checked(tmp_path).images] == [40, 100]
    assert [image.width for image in checked(tmp_path, upscale=False).images] == [100]
    assert [image.width for image in checked(tmp_path, min_side=8).images] == [8, 40, 100]


def test_size_after_rotation(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 8
    (tmp_path / "a.jpg").write_bytes(encoded(noise(96, 64), "JPEG", exif=exif))
    image = checked(tmp_path).images[0]
    assert (image.width, image.height) == (64, 96)


def test_errors_of_the_whole(tmp_path: Path) -> None:
    put(tmp_path, "one.png")
    text(tmp_path, "some.tar", b"x")
    text(tmp_path, "broken.zip", b"PK\x03\x04 and then nothing")
    text(tmp_path, "bad/a.png", "text")
    text(tmp_path, "bad/b.png", b"")
    (tmp_path / "empty").mkdir()
    cases = {
        "gone": "dataset_not_found",
        "one.png": "dataset_unreadable",
        "some.tar": "dataset_unreadable",
        "broken.zip": "dataset_unreadable",
        "empty": "dataset_empty",
        "bad": "dataset_empty",
        "a\x00b": "dataset_unreadable",
        "x" * 5000: "dataset_unreadable",
    }
    for name, code in cases.items():
        with pytest.raises(LoomError) as caught:
            checked(tmp_path / name)
        assert caught.value.code == code, name
        assert caught.value.hint
    with pytest.raises(LoomError) as caught:
        checked(tmp_path / "bad")
    assert "1 not a picture, 1 empty file" in caught.value.message
    report = survey(Dataset(path=str(tmp_path / "bad")))
    assert (report.images, [note.reason for note in report.skipped]) == ([], ["not_a_picture", "empty_file"])
    with pytest.raises(LoomError) as caught:
        checked(tmp_path, background="nocolour")
    assert caught.value.code == "config_invalid"


def test_names_that_are_no_text(tmp_path: Path) -> None:
    put(tmp_path, "a.png")
    try:
        (tmp_path / "b\udcff.png").write_bytes(b"x")
        put(tmp_path, "new\nline\x1b[31m.png")
    except (OSError, ValueError):
        pytest.skip("this file system takes no such names")
    report = checked(tmp_path)
    assert [image.name for image in report.images] == ["a.png", "new\\nline\\x1b[31m.png"]
    assert ("b\\udcff.png", "unsafe_name") in reasons(report)
    assert report.model_dump_json()


def test_progress_and_speed(tmp_path: Path) -> None:
    data = [encoded(noise(64, 64), "JPEG") for _ in range(300)]
    for number, content in enumerate(data):
        (tmp_path / f"{number}.jpg").write_bytes(content)
    calls: list[tuple[int, int]] = []
    start = time.perf_counter()
    report = scan(Dataset(path=str(tmp_path)), progress=lambda done, total: calls.append((done, total)))
    assert time.perf_counter() - start < 10
    assert len(report.images) == 300
    assert calls[-1] == (300, 300)
    assert len(calls) == 300

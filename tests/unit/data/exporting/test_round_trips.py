"""What is exported and read again is the same in everything that the format can say."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import cast

import pytest
from PIL import Image

from loraloom.data.decode import decode
from loraloom.data.exporting.from_report import pictures_of
from loraloom.data.exporting.picture import FORMATS, Format, Picture
from loraloom.data.exporting.unsaid import unsaid
from loraloom.data.exporting.write import entries, to_folder, to_zip, zip_to
from loraloom.data.fitting import box_of
from loraloom.data.importer import scan
from loraloom.data.intake import Caption, Mask, Taken, take_in
from loraloom.data.labels import label
from loraloom.data.names import safe_component
from loraloom.data.renew import renew
from loraloom.spec.dataset import Dataset, DatasetReport, FileNote
from loraloom.spec.errors import LoomError
from tests.unit.data.exporting.nasty import CAPTIONS, nasty

EXPECTED = {"empty_caption", "no_caption"}
"""All that may be said of an export: there are pictures without a caption."""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Picture]:
    made = nasty(tmp_path_factory.mktemp("stored"))
    assert len({picture.path.read_bytes() for picture in made}) == len(CAPTIONS) >= 28
    for part in ("mask", "held_out", "crop"):
        assert len([picture for picture in made if getattr(picture, part)]) >= 4
    return made


def scanned(place: Path, scratch: Path) -> DatasetReport:
    return scan(Dataset(path=str(place), min_side=1), unpack_to=scratch)


def by_bytes(report: DatasetReport) -> dict[bytes, int]:
    return {Path(image.path).read_bytes(): at for at, image in enumerate(report.images)}


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("form", FORMATS)
def test_a_nasty_set_through_the_importer(pictures: list[Picture], tmp_path: Path, form: Format, zipped: bool) -> None:
    place = tmp_path / ("out.zip" if zipped else "out")
    files = entries(pictures, form, "语 words", crop=False)
    if zipped:
        zip_to(files, place)
    else:
        to_folder(files, place)
    report = scanned(place, tmp_path / "scratch")
    found = by_bytes(report)
    assert len(report.images) == len(pictures) == len(found)
    for picture in pictures:
        image = report.images[found[picture.path.read_bytes()]]  # byte for byte
        assert image.captions == picture.captions
        assert image.held_out == picture.held_out
        assert image.repeats == (1 if form == "lora-scripts" else picture.repeats)
        assert image.crop == (picture.crop if form in ("imagefolder", "flat") else None)
        assert (image.mask is None) == (picture.mask is None)
        if picture.mask is not None and image.mask is not None:
            assert Path(image.mask).read_bytes() == picture.mask.read_bytes()
    assert {note.reason for note in report.warnings} <= EXPECTED
    assert {note.file for note in report.skipped} <= {"README.txt", "held-out/README.txt"}
    assert report.files == len(report.images) + len(report.skipped) + report.attached


@pytest.mark.parametrize("form", FORMATS)
def test_a_nasty_set_through_an_upload(pictures: list[Picture], tmp_path: Path, form: Format) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"".join(to_zip(entries(pictures, form, crop=False), "my 集")))
    items = list(take_in(path, "my 集.zip", tmp_path / "scratch"))
    taken = {item.picture.data: item for item in items if isinstance(item, Taken)}
    assert len(taken) == len(pictures)
    for picture in pictures:
        item = taken[renew(picture.path.read_bytes()).data]
        assert item.caption == ("\n".join(picture.captions) or None)
        assert (item.held_out, item.repeats) == (
            picture.held_out,
            1 if form == "lora-scripts" else picture.repeats,
        )
        assert item.crop == (picture.crop if form in ("imagefolder", "flat") else None)
        if form in ("imagefolder", "flat"):
            assert item.name == label(picture.name, again=True)
        assert (item.mask is None) == (picture.mask is None)
        if item.mask is not None and picture.mask is not None:
            mask = decode(item.mask)
            assert (mask.mode, mask.size) == ("L", (item.picture.width, item.picture.height))
            assert mask.tobytes() == decode(picture.mask.read_bytes()).tobytes()
    assert not [item for item in items if isinstance(item, Caption | Mask)]
    notes = [item for item in items if isinstance(item, FileNote)]
    assert {note.reason for note in notes if not note.file.endswith("README.txt")} <= EXPECTED


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("inside", ["10_cat", "held-out", "20240101_party"])
def test_the_folder_around_a_zip_says_nothing(
    pictures: list[Picture], tmp_path: Path, form: Format, inside: str
) -> None:
    path = tmp_path / "out.zip"
    path.write_bytes(b"".join(to_zip(entries(pictures[:3], form, crop=False), inside)))
    images = scanned(path, tmp_path).images
    assert sorted(image.captions for image in images) == sorted(picture.captions for picture in pictures[:3])
    assert sorted(image.repeats for image in images) == ([1, 1, 1] if form == "lora-scripts" else [1, 2, 3])
    assert not any(image.held_out for image in images)


@pytest.mark.parametrize("form", FORMATS)
def test_names(pictures: list[Picture], form: Format) -> None:
    names = [entry.name for entry in entries(pictures, form, "words")]
    assert len({name.casefold() for name in names}) == len(names)
    for name in names:
        assert all(part == safe_component(part) for part in name.split("/")), name
        assert all(len(part.encode()) <= 140 for part in name.split("/"))
    last = [name.rsplit("/", 1)[-1] for name in names]
    for kept in (
        "水墨，山水.webp",
        "emoji 🦊👩👩👧.png",
        "plain.webp",
        "no caption.webp",
        "quo-te's, comma; semi.webp",
    ):
        assert kept in last, kept
    stems = [
        name.rsplit(".", 1)[0].casefold()
        for name in names
        if name.endswith((".webp", "g")) and "-masklabel." not in name
    ]
    assert len(set(stems)) == len(stems) == len(pictures)


def test_a_second_export_is_the_same(pictures: list[Picture], tmp_path: Path) -> None:
    """Names that an export gave stay through the next one, whatever formats are chained."""
    place = tmp_path / "0"
    to_folder(entries(pictures, "flat", crop=False), place)
    first = sorted(image.name for image in scanned(place, tmp_path).images)
    for number, form in enumerate(cast("list[Format]", ["imagefolder", "flat", "lora-scripts", "flat"]), 1):
        again = pictures_of(scanned(place, tmp_path))
        place = tmp_path / str(number)
        to_folder(entries(again, form, crop=False), place)
        report = scanned(place, tmp_path)
        assert sorted(image.name.removeprefix("held-out/") for image in report.images) == first
        assert sorted(image.captions for image in report.images) == sorted(p.captions for p in pictures)


@pytest.mark.parametrize("form", FORMATS)
def test_crops_are_cut(pictures: list[Picture], tmp_path: Path, form: Format) -> None:
    place = tmp_path / "out"
    to_folder(entries(pictures, form, crop=True), place)
    report = scanned(place, tmp_path)
    assert not any(image.crop for image in report.images)
    shapes: dict[bytes, Path | None] = {}
    for image in report.images:
        shapes[decode(Path(image.path).read_bytes()).convert("RGB").tobytes()] = (
            Path(image.mask) if image.mask else None
        )
    for picture in pictures:
        whole = decode(picture.path.read_bytes()).convert("RGB")
        box = box_of(whole.size, picture.crop) if picture.crop else (0, 0, *whole.size)
        mask = shapes[whole.crop(box).tobytes()]
        if picture.mask is not None:
            assert mask is not None
            assert decode(mask.read_bytes()).tobytes() == decode(picture.mask.read_bytes()).crop(box).tobytes()


def test_crops_are_cut_where_they_cannot_be_said(pictures: list[Picture], tmp_path: Path) -> None:
    for form in FORMATS:
        to_folder(entries(pictures, form), tmp_path / form)
        sizes = {(image.width, image.height) for image in scanned(tmp_path / form, tmp_path).images}
        assert sizes == ({(40, 32)} if form in ("imagefolder", "flat") else {(40, 32), (20, 24)})
        said = " ".join(unsaid(pictures, form))
        assert ("crop" in said) == (form in ("kohya", "lora-scripts"))
        assert ("repeats" in said) == (form == "lora-scripts")
    assert box_of((10, 10), (0.999, 0.0, 0.001, 0.01)) == (9, 0, 10, 1)


def test_the_layouts_as_other_programs_see_them(pictures: list[Picture], tmp_path: Path) -> None:
    for form in FORMATS:
        to_folder(entries(pictures, form, "my words"), tmp_path / form)
    folders = {path.name for path in (tmp_path / "kohya").iterdir() if path.is_dir()}
    assert {"2_sks cat", "1_猫 咪", "2_猫 咪", "3_my words", "held-out"} <= folders
    for folder in (tmp_path / "kohya").glob("*_*"):
        for picture in folder.glob("*.webp"):
            text = picture.with_suffix(".txt").read_bytes()
            assert text and b"\r" not in text  # kohya's scripts stop at a file without a line
    readme = (tmp_path / "kohya" / "README.txt").read_text("utf-8")
    assert "held-out" in readme and "-masklabel.png" in readme
    raw = (tmp_path / "lora-scripts" / "metadata.csv").read_bytes()
    rows = list(csv.reader(io.StringIO(raw.decode(), newline="")))
    assert rows[0] == ["filename", "prompt"] and raw.startswith(b"filename,prompt\r\n")
    assert all(len(row) == 2 and (tmp_path / "lora-scripts" / row[0]).is_file() for row in rows[1:])
    assert {row[1] for row in rows[1:]} == {"\n".join(p.captions) for p in pictures if not p.held_out}
    lines = (tmp_path / "imagefolder" / "metadata.jsonl").read_text("utf-8").split("\n")
    objects = [json.loads(line) for line in lines if line]
    assert len(objects) == len(pictures) and len({tuple(entry) for entry in objects}) == 1
    assert all((tmp_path / "imagefolder" / entry["file_name"]).is_file() for entry in objects)
    plain = [Picture(f"{p.path.name}.webp", p.path, p.caption) for p in pictures if p.path.read_bytes()[:4] == b"RIFF"]
    [whole] = [e.content for e in entries(plain, "imagefolder") if e.name == "metadata.jsonl"]
    assert isinstance(whole, bytes) and {tuple(json.loads(x)) for x in whole.splitlines()} == {("file_name", "text")}


def test_no_picture_is_taken_for_a_split(tmp_path: Path) -> None:
    path = tmp_path / "stored"
    Image.new("RGB", (32, 32), "red").save(path, "PNG")
    names = [
        "my test.png",
        "test/a.png",
        "train-2/dev.png",
        "val_1.test.png",
        "Test.png",
        "contest.png",
        "trainer 1.png",
    ]
    given = [e.name for e in entries([Picture(name, path) for name in names], "imagefolder")][:-1]
    assert given == [
        "my test~.png", "test~/a.png", "train~-2/dev~.png", "val~_1.test~.png", "Test.png", "contest.png", "trainer 1.png"
    ]  # fmt: skip


def test_a_zip_is_never_whole_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(9 * 2**20))
    blocks = list(to_zip(entries([Picture("a.png", path), Picture("b.png", path)], "flat")))
    assert max(map(len, blocks)) < 2 * 2**20 and sum(map(len, blocks)) > 18 * 2**20
    with zipfile.ZipFile(io.BytesIO(b"".join(blocks))) as zipped:
        assert zipped.testzip() is None
        assert zipped.namelist() == ["a.png", "b.png", "loom.json"]


def test_what_goes_wrong(tmp_path: Path) -> None:
    path = tmp_path / "stored"
    Image.new("RGB", (32, 32), "red").save(path, "PNG")
    good, gone = [Picture("a.png", path)], [Picture("a.png", tmp_path / "gone")]
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("x")
    cases = (
        ("not_writable", lambda: to_folder(entries(good, "flat"), tmp_path / "full")),
        ("not_writable", lambda: to_folder(entries(good, "flat"), path / "below")),
        ("not_writable", lambda: zip_to(entries(good, "flat"), path)),
        ("dataset_unreadable", lambda: zip_to(entries(gone, "flat"), tmp_path / "new.zip")),
        ("dataset_empty", lambda: entries([], "flat")),
    )
    for code, act in cases:
        with pytest.raises(LoomError) as caught:
            act()
        assert caught.value.code == code and caught.value.hint
    assert not (tmp_path / "new.zip").exists() and path.read_bytes()[:4] == b"\x89PNG"

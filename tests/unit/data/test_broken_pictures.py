"""Every kind of broken file gets its verdict, nothing crashes or hangs, and no file goes unmentioned."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from loraloom.data.importer import scan
from loraloom.data.pictures import load_mask, load_picture
from loraloom.spec.dataset import Dataset, DatasetReport
from tests.broken_pictures import AVIF, BAD, GOOD, LOCKED, POSIX, Case, build, unlock

pytestmark = pytest.mark.filterwarnings("ignore:Corrupt EXIF")
Built = tuple[Path, list[Case], DatasetReport]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    folder = tmp_path_factory.mktemp("broken") / "data set"
    cases = build(folder)
    yield folder, cases, scan(Dataset(path=str(folder), resolution=64))
    unlock(folder)


def test_there_are_enough_kinds(built: Built) -> None:
    kinds = {case.kind for case in built[1]}
    assert len(kinds) == len(built[1]) >= 55
    assert sum(not case.taken for case in built[1]) >= 25


@pytest.mark.parametrize("case", [*GOOD, *BAD, *POSIX, *LOCKED, *AVIF], ids=lambda case: case.kind)
def test_verdict(built: Built, case: Case) -> None:
    _, cases, report = built
    if case not in cases:
        pytest.skip("cannot be made on this system")
    assert (case.file in {image.name for image in report.images}) == case.taken
    notes = [*report.skipped, *report.warnings]
    said = {note.reason for note in notes if note.file == case.noted}
    if case.reason is not None:
        assert case.reason in said
    elif case.taken:
        assert said <= {"no_caption"}


def test_every_note_says_what_to_do(built: Built) -> None:
    for note in built[2].skipped:
        assert len(note.message) > 20
        assert note.message.endswith(".")
        assert str(built[0]) not in note.message


def test_no_file_goes_unmentioned(built: Built) -> None:
    report = built[2]
    orphans = sum(note.reason == "caption_without_picture" for note in report.warnings)
    assert report.files == len(report.images) + len(report.skipped) + report.attached + orphans


def test_what_was_taken_loads(built: Built) -> None:
    for image in built[2].images:
        picture = load_picture(Path(image.path), "white")
        assert (picture.mode, picture.size) == ("RGB", (image.width, image.height))
        if image.mask is not None:
            assert load_mask(Path(image.mask), picture.size).shape == (image.height, image.width)


def test_limits_are_stated(built: Built) -> None:
    message = next(note.message for note in built[2].skipped if note.reason == "bomb")
    assert "60000 x 60000" in message
    assert "200 million" in message


def test_the_report_is_the_same_twice(built: Built) -> None:
    assert scan(Dataset(path=str(built[0]), resolution=64)) == built[2]


def test_captions_are_read(built: Built) -> None:
    captions = {image.name: image.captions for image in built[2].images}
    assert captions["gbk.png"] == ("一只可爱的猫咪",)
    assert captions["bom.png"] == captions["wide.png"] == ("ein Bär",)
    assert captions["silent.png"] == ()

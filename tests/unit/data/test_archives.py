"""Zips: honest ones are unpacked once, hostile ones are refused as a whole, and nothing is written outside."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from loraloom.data import archive as archive_module
from loraloom.data.archive import digest, unpack
from loraloom.data.home import cache
from loraloom.data.importer import scan
from loraloom.data.limits import ArchiveLimits
from loraloom.spec.dataset import Dataset
from loraloom.spec.errors import LoomError
from tests.broken_pictures import encoded, noise


def picture() -> bytes:
    return encoded(noise(), "PNG")


def zipped(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def refused(path: Path, limits: ArchiveLimits | None = None) -> LoomError:
    into = path.parent / "into"
    with pytest.raises(LoomError) as caught:
        unpack(path, into, digest(path), limits or ArchiveLimits())
    assert not into.exists() or not list(into.rglob("*.png"))
    return caught.value


def test_an_honest_zip(tmp_path: Path) -> None:
    files = {"cats/10_cat/a.png": picture(), "cats/10_cat/a.txt": b"hello", "cats/2_dog/\u732b \u00fc.png": picture()}
    files |= {"__MACOSX/cats/._a.png": b"x", "cats/.DS_Store": b"x", "cats/readme.docx": b"x", "cats/inner.zip": b"x"}
    path = zipped(tmp_path / "my data.zip", files)
    report = scan(Dataset(path=str(path), resolution=64))
    assert {image.name: (image.repeats, image.captions) for image in report.images} == {
        "cats/2_dog/\u732b \u00fc.png": (2, ("dog",)),
        "cats/10_cat/a.png": (10, ("hello",)),
    }
    assert {(note.file, note.reason) for note in report.skipped} == {
        ("__MACOSX/cats/._a.png", "hidden"),
        ("cats/.DS_Store", "hidden"),
        ("cats/readme.docx", "not_a_picture"),
        ("cats/inner.zip", "unsupported"),
    }
    place = cache() / "unpacked" / digest(path)[:32] / "files"
    assert all(Path(image.path).is_relative_to(place) for image in report.images)
    assert report.files == len(report.images) + len(report.skipped) + report.attached == 7


def test_it_is_unpacked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(tmp_path / "a.zip", {"a.png": picture(), "x.exe": b"MZ"})
    first = scan(Dataset(path=str(path)), unpack_to=tmp_path / "into")
    monkeypatch.setattr(archive_module, "_write_all", None)
    assert scan(Dataset(path=str(path)), unpack_to=tmp_path / "into") == first
    monkeypatch.undo()
    Path(first.images[0].path).unlink()
    assert scan(Dataset(path=str(path)), unpack_to=tmp_path / "into") == first
    assert len(list((tmp_path / "into").iterdir())) == 1


def test_another_archive_takes_the_place(tmp_path: Path) -> None:
    for name in ("a", "b"):
        path = zipped(tmp_path / "data.zip", {f"{name}.png": picture()})
        report = scan(Dataset(path=str(path)), unpack_to=tmp_path / "into")
        assert [image.name for image in report.images] == [f"{name}.png"]


@pytest.mark.parametrize(
    "name", ["../evil.png", "a/../../evil.png", "/evil.png", "C:/evil.png", "..\\evil.png", "C:evil.png"]
)
def test_names_that_lead_outside(tmp_path: Path, name: str) -> None:
    before = set(tmp_path.parent.rglob("evil.png"))  # other tests' own
    error = refused(zipped(tmp_path / "a.zip", {"good.png": picture(), name: picture()}))
    assert error.code == "archive_refused"
    assert "evil" in error.message
    assert set(tmp_path.parent.rglob("evil.png")) == before


def test_links_and_devices_stay_packed(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("good.png", picture())
        for name, kind in (("link.png", stat.S_IFLNK), ("pipe.png", stat.S_IFIFO), ("device.png", stat.S_IFCHR)):
            info = zipfile.ZipInfo(name)
            info.create_system = 3
            info.external_attr = (kind | 0o777) << 16
            archive.writestr(info, "/etc/passwd")
    report = scan(Dataset(path=str(path)))
    assert {note.file: note.reason for note in report.skipped} == {
        "link.png": "unsafe_name", "pipe.png": "unsupported", "device.png": "unsupported"
    }  # fmt: skip


def test_limits_are_stated(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {f"{i}.bmp": bytes(100_000) for i in range(20)})
    assert "above the limit of 10" in refused(path, ArchiveLimits(files=10)).message
    assert "above the limit of 1.0 MiB" in refused(path, ArchiveLimits(total=2**20)).message
    message = refused(path, ArchiveLimits(ratio_free=0)).message
    assert "times its size, above the limit of 200 times" in message
    assert unpack(path, tmp_path / "fine", digest(path))[0].is_dir()


def test_overlapping_members(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a.png": picture(), "b.png": picture()})
    data = bytearray(path.read_bytes())
    second = data.rindex(b"PK\x01\x02")
    data[second + 42 : second + 46] = struct.pack("<I", 0)  # b.png begins where a.png begins
    path.write_bytes(data)
    assert refused(path).code == "archive_refused"


def test_a_member_larger_than_it_says(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"big.bmp": bytes(500_000), "good.png": picture()})
    data = bytearray(path.read_bytes())
    first = data.index(b"PK\x01\x02")
    data[first + 24 : first + 28] = struct.pack("<I", 100)
    path.write_bytes(data)
    report = scan(Dataset(path=str(path)))
    assert [image.name for image in report.images] == ["good.png"]
    assert [note.reason for note in report.skipped] == ["unreadable"]


def test_a_damaged_member_costs_only_itself(tmp_path: Path) -> None:
    bad = picture()
    path = zipped(tmp_path / "a.zip", {"bad.png": bad, "good.png": picture()}, zipfile.ZIP_STORED)
    data = path.read_bytes()
    path.write_bytes(data.replace(bad[200:210], b"0123456789"))
    report = scan(Dataset(path=str(path)))
    assert [image.name for image in report.images] == ["good.png"]
    assert report.skipped[0].reason == "unreadable"


def test_locked_members(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a.png": picture(), "b.png": picture()})
    data = bytearray(path.read_bytes())
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + offset] |= 1
    path.write_bytes(data)
    report = scan(Dataset(path=str(path)))
    assert [image.name for image in report.images] == ["b.png"]
    assert "password" in report.skipped[0].message


def test_names_in_gbk_and_names_that_meet(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in (
            "__gbk1__.png",
            "__gbk1__.txt",
            "Same.png",
            "same.png",
            "CON.png",
            "CON.txt",
            "what?.png",
            "tail. /x.png",
        ):
            archive.writestr(name, b"a caption" if name.endswith("txt") else picture())
        archive.writestr("l" * 300 + ".png", picture())
        archive.writestr("l" * 300 + ".txt", "long")
    path.write_bytes(path.read_bytes().replace(b"__gbk1__", "猫咪图片".encode("gbk")))
    report = scan(Dataset(path=str(path)))
    images = {image.name: image for image in report.images}
    assert images["猫咪图片.png"].captions == ("a caption",)
    assert {note.file: note.reason for note in report.skipped} == {"same.png": "unsafe_name"}
    assert len(report.images) == 6
    reserved = next(image for name, image in images.items() if "CON" in name)
    assert reserved.name != "CON.png" and reserved.captions == ("a caption",)
    long = next(image for name, image in images.items() if name.startswith("lll"))
    assert len(long.name) < 140 and long.captions == ("long",)


def test_a_half_unpacked_archive_is_unpacked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(tmp_path / "a.zip", {"a.png": picture(), "b.png": picture()})
    into = tmp_path / "into"

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(archive_module, "_write", full)
        with pytest.raises(LoomError) as caught:
            scan(Dataset(path=str(path)), unpack_to=into)
    assert caught.value.code == "disk_full"
    assert not list(into.iterdir())
    assert len(scan(Dataset(path=str(path)), unpack_to=into).images) == 2


def test_nothing_inside(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    zipfile.ZipFile(buffer, "w").close()
    path = tmp_path / "a.zip"
    path.write_bytes(buffer.getvalue())
    with pytest.raises(LoomError) as caught:
        scan(Dataset(path=str(path)))
    assert caught.value.code == "dataset_empty"

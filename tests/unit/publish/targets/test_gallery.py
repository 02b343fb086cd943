"""The gallery: whole pages in two languages, everything escaped, links that lead somewhere, made anew each time."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from loraloom.publish.targets.gallery import GalleryTarget
from loraloom.publish.targets.target import Put
from loraloom.spec.publication import Publish
from tests.bundles import bundle_of

EVIL = '<script>alert("x")</script> & <img src=x onerror=alert(1)>'


class Links(HTMLParser):
    """All that a page refers to, and every tag."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.found += [value for name, value in attrs if name in ("href", "src") and value]
        assert not [name for name, _ in attrs if name.startswith("on")]


def parsed(page: Path) -> Links:
    links = Links()
    links.feed(page.read_text("utf-8"))
    return links


def put(tmp_path: Path, name: str, others: tuple[Path, ...] = (), asked: Publish | None = None, **more: object) -> Put:
    bundle = bundle_of(tmp_path / f"bundle {name}", asked, **more)  # type: ignore[arg-type]
    return GalleryTarget(tmp_path / "gallery", tmp_path / "kept" / name, others).put(bundle)


def test_pages_and_links(tmp_path: Path) -> None:
    found = put(tmp_path, "1")
    put(tmp_path, "2", (tmp_path / "kept" / "1",), Publish(target="gallery", changes="Softer."), version=2, seed=4)
    gallery = tmp_path / "gallery"
    pages = sorted(gallery.rglob("*.html"))
    assert len(pages) == 4 and gallery / found.address in pages
    count = 0
    for page in pages:
        for link in parsed(page).found:
            assert not re.match(r"[a-z]+:|/", link), "it works from a disk and below any address"
            assert (page.parent / unquote(link)).is_file(), link
            count += 1
    assert count >= 18
    text = (gallery / found.address).read_text("utf-8")
    for part in (
        "Felt-v2.safetensors",
        "Felt-v1.safetensors",
        "Softer.",
        "felt style",
        "apache-2.0",
        "AutoV2",
        "Not tested",
    ):
        assert part in text
    assert "底模" in (gallery / found.address).with_name("index.zh.html").read_text("utf-8")
    assert (tmp_path / "kept" / "2" / "Felt-v2.safetensors").read_bytes() != b""


def test_everything_is_escaped(tmp_path: Path) -> None:
    asked = Publish(target="gallery", description=EVIL, changes=EVIL, license=EVIL, data_license=EVIL)
    put(tmp_path, "1", asked=asked, label=EVIL, trigger=EVIL)
    for page in (tmp_path / "gallery").rglob("*.html"):
        links = parsed(page)
        assert "script" not in links.tags and "x" not in links.found
        assert EVIL not in page.read_text("utf-8")
    assert "&lt;script&gt;" in page.read_text("utf-8")


def test_no_captions_and_no_paths(tmp_path: Path) -> None:
    put(tmp_path, "1")
    for file in (tmp_path / "gallery").rglob("*"):
        if file.is_file():
            assert b"agatha" not in file.read_bytes() and str(tmp_path).encode() not in file.read_bytes(), file


def test_withdrawing_makes_it_anew(tmp_path: Path) -> None:
    one, two = tmp_path / "kept" / "1", tmp_path / "kept" / "2"
    first = put(tmp_path, "1")
    put(tmp_path, "2", (one,), label="Other")
    GalleryTarget(tmp_path / "gallery", one, (two,)).take(first)
    assert not (tmp_path / "gallery" / first.address).exists() and not one.exists()
    assert "Other" in (tmp_path / "gallery" / "index.html").read_text("utf-8")
    GalleryTarget(tmp_path / "gallery", two).take(Put())
    assert [page.name for page in sorted((tmp_path / "gallery").iterdir())] == ["index.html", "index.zh.html"]
    assert "Nothing is published here yet." in (tmp_path / "gallery" / "index.html").read_text("utf-8")


def test_names_that_are_alike_have_pages_of_their_own(tmp_path: Path) -> None:
    first, second = put(tmp_path, "1", label="a/b"), put(tmp_path, "2", (tmp_path / "kept" / "1",), label="a-b")
    assert first.address != second.address
    assert (tmp_path / "gallery" / first.address).is_file() and (tmp_path / "gallery" / second.address).is_file()


def test_a_gallery_that_cannot_be_made_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("loraloom.publish.targets.gallery.build", failing)
    with pytest.raises(Exception, match="no room"):
        put(tmp_path, "1")
    assert list((tmp_path / "kept").iterdir()) == []

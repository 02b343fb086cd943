"""Makes the gallery's pages: plain HTML in two languages, no script, everything that people wrote escaped."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import ValidationError

from loraloom.data.names import safe_stem
from loraloom.publish.evidence import MEASURES
from loraloom.publish.gallery.entry import ENTRY, Entry
from loraloom.publish.writing import refusal

HERE = Path(__file__).parent
FILES = {"en": "index.html", "zh": "index.zh.html"}
"""A language's pages."""


@dataclass(frozen=True)
class Page:
    """All versions of one LoRA, the newest first, with the folders in which their files are kept."""

    slug: str
    entries: tuple[Entry, ...]
    folders: tuple[Path, ...]


def build(out: Path, kept: Sequence[Path]) -> list[Page]:
    """Write the gallery of the versions in the folders `kept` as the folder `out`, in place of the one there: made beside it
    and renamed, so that a reader finds the old one or the new one. Raises LoomError `disk_full`, `not_writable`."""
    pages = pages_of(kept)
    beside, old = (out.with_name(f".{out.name}.{secrets.token_hex(4)}.{end}") for end in ("part", "old"))
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        try:
            beside.mkdir()
            for page in pages:
                _files(page, beside / page.slug)
            _write(beside, pages)
            if out.exists():
                out.rename(old)
            beside.rename(out)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
            shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise refusal(out, error) from error
    return pages


def pages_of(kept: Sequence[Path]) -> list[Page]:
    """The pages, the one with the newest version first. A folder that cannot be read is left out."""
    found: dict[str, list[tuple[Entry, Path]]] = {}
    for folder in kept:
        try:
            entry = Entry.model_validate_json((folder / ENTRY).read_bytes())
        except (OSError, ValidationError):
            continue
        found.setdefault(entry.name, []).append((entry, folder))
    pages: list[Page] = []
    for name, versions in found.items():
        versions.sort(key=lambda pair: pair[0].version, reverse=True)
        pages.append(Page(slug_of(name), tuple(e for e, _ in versions), tuple(f for _, f in versions)))
    return sorted(pages, key=lambda page: (page.entries[0].date, page.folders[0].name), reverse=True)


def slug_of(name: str) -> str:
    """The folder of a LoRA's page: its name for people to read, and digits that keep two alike names apart."""
    stem = safe_stem(name, 60).lower().replace(" ", "-")
    return f"{stem}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:6]}"


def _files(page: Page, folder: Path) -> None:
    for entry, source in zip(page.entries, page.folders, strict=True):
        target = folder / f"v{entry.version}"
        target.mkdir(parents=True)
        for file in sorted(source.iterdir()):
            if file.is_file() and file.name != ENTRY:
                try:
                    os.link(file, target / file.name)
                except OSError:  # another disk, or one without links
                    shutil.copyfile(file, target / file.name)


def _write(out: Path, pages: list[Page]) -> None:
    labels: dict[str, dict[str, str]] = json.loads((HERE / "labels.json").read_text("utf-8"))
    environment = _environment()
    index, lora = environment.get_template("index.html"), environment.get_template("lora.html")
    for language, file in FILES.items():
        rest = next(other for other in FILES if other != language)
        said: dict[str, Any] = {
            "t": labels[language],
            "file": file,
            "other": FILES[rest],
            "other_lang": labels[rest]["lang"],
            "style": (HERE / "style.css").read_text("utf-8"),
        }
        (out / file).write_text(index.render(pages=pages, **said), "utf-8")
        for page in pages:
            known = page.entries[0].evidence
            measured = [(name, value) for name in MEASURES if (value := getattr(known, name)) is not None]
            (out / page.slug / file).write_text(lora.render(page=page, measured=measured, **said), "utf-8")


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters["size"] = _size
    return made


def _size(count: int) -> str:
    for unit, step in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= step:
            return f"{count / step:.3g} {unit}"
    return f"{count} B"

"""What the gallery shows of one version, kept beside its files so that every page can be made anew."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from PIL import Image, UnidentifiedImageError
from pydantic import BaseModel, ConfigDict

from loraloom.publish.bundle import Bundle
from loraloom.publish.card import NAMES
from loraloom.publish.licences import base_licence
from loraloom.publish.targets.zip import write_zip, zip_name
from loraloom.spec.publication import Evidence

ENTRY = "entry.json"
SMALL = 128
"""Pictures up to this side are shown with hard pixels and kept as they are."""
LARGE = 640


class Download(BaseModel):
    """One file to be had."""

    name: str
    bytes: int


class Row(BaseModel):
    """One prompt of the grid and its pictures; an empty name is one that is missing."""

    prompt: str
    pictures: list[str]


class Entry(BaseModel):
    """One version."""

    model_config = ConfigDict(protected_namespaces=())

    name: str
    stem: str
    version: int
    date: str
    kind: str
    family: str
    base: str
    base_licence: str | None
    trigger: str
    description: str
    changes: str
    license: str
    data_license: str
    evidence: Evidence
    heads: list[str] = []
    rows: list[Row] = []
    small: bool = False
    """Whether the pictures are tiny."""
    preview: str | None = None
    downloads: list[Download] = []


def keep(bundle: Bundle, folder: Path) -> Entry:
    """Put what the gallery needs of `bundle` into `folder`, a new one. Raises OSError."""
    folder.mkdir(parents=True)
    downloads = _downloads(bundle, folder)
    subject, told = bundle.subject, bundle.told
    rows, small = _cells(bundle, folder)
    preview = _picture(bundle.folder / bundle.preview, folder, "preview") if bundle.preview else None
    named = subject.base.hub_id or subject.base.name if subject.base is not None else Path(subject.base_model).name
    entry = Entry(
        name=bundle.label,
        stem=bundle.stem,
        version=bundle.version,
        date=datetime.now(UTC).date().isoformat(),
        kind=subject.kind,
        family=NAMES.get(subject.family, "" if subject.kind == "texts" else subject.family),
        base=named,
        base_licence=base_licence(subject.base_model, subject.base),
        trigger=subject.trigger,
        description=told.asked.description or (subject.run.export.description if subject.run is not None else ""),
        changes=told.asked.changes,
        license=told.license,
        data_license=told.asked.data_license,
        evidence=told.evidence,
        heads=list(told.grid.heads) if told.grid is not None else [],
        rows=rows,
        small=small,
        preview=preview,
        downloads=downloads,
    )
    (folder / ENTRY).write_text(entry.model_dump_json(indent=1), "utf-8")
    return entry


def _downloads(bundle: Bundle, folder: Path) -> list[Download]:
    """Weights one by one under their version's name; a language model's folder as a zip."""
    made: list[Path] = []
    if bundle.subject.kind == "texts":
        made.append(folder / zip_name(bundle))
        with made[0].open("wb") as stream:
            write_zip(bundle.folder, bundle.files, f"{bundle.stem}-v{bundle.version}", stream.write)
    for name in bundle.weights if bundle.subject.kind == "images" else ():
        source = bundle.folder / name
        stem = source.stem if source.stem.startswith(bundle.stem) else f"{bundle.stem}-{source.parent.name}"
        made.append(folder / f"{stem}-v{bundle.version}{source.suffix}")
        made[-1].write_bytes(source.read_bytes())
    return [Download(name=file.name, bytes=file.stat().st_size) for file in made]


def _cells(bundle: Bundle, folder: Path) -> tuple[list[Row], bool]:
    grid = bundle.told.grid
    if grid is None:
        return [], False
    rows: list[Row] = []
    for number, (prompt, files) in enumerate(zip(grid.prompts, grid.rows, strict=True), 1):
        names = [_picture(file, folder, f"cell-{number}-{at}") or "" for at, file in enumerate(files, 1)]
        rows.append(Row(prompt=prompt, pictures=names))
    return rows, any(name.endswith(".png") for row in rows for name in row.pictures)


def _picture(file: Path | None, folder: Path, stem: str) -> str | None:
    """Name of a copy made anew from the pixels: PNG where it is tiny, else WebP of at most `LARGE` pixels a side."""
    if file is None:
        return None
    try:
        with Image.open(file) as found:
            picture = found.convert("RGB")
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError):
        return None
    if max(picture.size) <= SMALL:
        picture.save(folder / f"{stem}.png", "PNG", optimize=True)
        return f"{stem}.png"
    picture.thumbnail((LARGE, LARGE), Image.Resampling.LANCZOS)
    picture.save(folder / f"{stem}.webp", "WEBP", quality=88, method=6)
    return f"{stem}.webp"

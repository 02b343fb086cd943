"""Everything that is given out of one version of a LoRA, lying in one folder before it goes anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from loraloom.data.names import safe_stem
from loraloom.publish.card import published_card
from loraloom.publish.evidence import evidence
from loraloom.publish.grid import NAME, draw_grid, plan_grid
from loraloom.publish.hashes import hashes
from loraloom.publish.licences import base_sentence
from loraloom.publish.sidecar import published_sidecar
from loraloom.publish.subject import Subject
from loraloom.publish.text_card import published_text_card
from loraloom.publish.told import Told
from loraloom.publish.writing import refusal, write_text
from loraloom.spec.publication import Publish

CARD = "README.md"


@dataclass(frozen=True)
class Bundle:
    """One version. Names are relative to `folder`, with forward slashes."""

    folder: Path
    label: str
    stem: str
    """`label` as a file name."""
    version: int
    subject: Subject
    told: Told
    weights: tuple[str, ...]
    """The first one is the file whose hashes are told."""
    preview: str | None = None
    sidecar: str | None = None
    card: str = CARD
    grid: str | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """All of it."""
        others = (self.preview, self.sidecar, self.card, self.grid)
        return (*self.weights, *(name for name in others if name))


def complete(
    folder: Path, subject: Subject, asked: Publish, version: int, weights: tuple[str, ...], previous: str = ""
) -> Bundle:
    """Put preview, sidecar, sample grid and card beside `weights`, which lie in `folder` already.

    `previous` are the changes of older versions, the newest first. Raises LoomError `disk_full`, `not_writable`.
    """
    told, stem = tell(subject, asked, version, folder / weights[0]), safe_stem(subject.label)
    drawn = subject.kind == "images"
    preview, sidecar = (f"{stem}.png", f"{stem}.json") if drawn else (None, None)
    try:
        if told.grid is not None:
            draw_grid(told.grid, folder / NAME)
        if preview is not None and not _preview(subject, told, folder / preview):
            preview = None
    except OSError as error:
        raise refusal(folder, error) from error
    if sidecar is not None:
        write_text(folder / sidecar, published_sidecar(subject, told))
    write_text(folder / CARD, card_of(subject, told, weights[0], preview) + previous)
    grid = NAME if told.grid is not None else None
    return Bundle(folder, subject.label, stem, version, subject, told, weights, preview, sidecar, CARD, grid)


def tell(subject: Subject, asked: Publish, version: int, file: Path) -> Told:
    """What is said of the version whose published file is `file`."""
    said = asked.license or (subject.run.export.license if subject.run is not None else "")
    said = said or subject.metadata.get("modelspec.license", "")
    grid = plan_grid(subject) if subject.kind == "images" else None
    return Told(
        asked=asked,
        evidence=evidence(subject, hashes(file, tensors=subject.kind == "images")),
        version=version,
        license=said,
        base_licence=base_sentence(subject.base_model, subject.family, subject.base),
        grid=grid,
        grid_file=NAME if grid is not None else "",
    )


def card_of(subject: Subject, told: Told, file: str, preview: str | None) -> str:
    """The card, for pictures or texts."""
    if subject.kind == "texts":
        return published_text_card(subject, file, told)
    return published_card(subject, file, told, preview)


def _preview(subject: Subject, told: Told, out: Path) -> bool:
    """A picture of the LoRA, written anew: nothing but pixels goes out. Prefers one drawn at the recommended strength."""
    from PIL import Image, UnidentifiedImageError

    strength = f"{told.evidence.strength:g}"
    column = told.grid.heads.index(strength) if told.grid is not None and strength in told.grid.heads else -1
    drawn = [row[column] for row in told.grid.rows] if told.grid is not None else []
    for file in (*drawn, subject.preview):
        if file is None or not file.is_file():
            continue
        try:
            with Image.open(file) as picture:
                picture.convert("RGB").save(out, "PNG", optimize=True)
            return True
        except (UnidentifiedImageError, Image.DecompressionBombError):
            continue
    return False

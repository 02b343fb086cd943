"""The folder of a run that the server starts: its frozen config, and its own copy of its data as it is now."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from loraloom import __version__
from loraloom.data.examples.write import to_jsonl
from loraloom.data.exporting.flat import loom_json
from loraloom.data.exporting.picture import Picture
from loraloom.data.layout import LOOM_FILE, MASK_SUFFIX
from loraloom.data.names import safe_stem
from loraloom.jobs import folder, yaml_file
from loraloom.jobs.draft import DATA, Data, there
from loraloom.jobs.texts import TEXTS, TextSet
from loraloom.spec.errors import LoomError
from loraloom.store.blobs import Blobs, link_or_copy
from loraloom.store.tables import Image


def fill(run_dir: Path, config: dict[str, Any], data: Data, blobs: Blobs, device: str) -> None:
    """Make `run_dir` ready for its first child. Nothing is done when it is already.

    Pictures are hard links to their blobs where the disk allows, else copies; captions lie beside them. Texts are one file.
    Raises LoomError `disk_full`, `not_writable`, `dataset_empty`.
    """
    if folder.is_run(run_dir):
        return
    if not there(data):
        raise LoomError("dataset_empty", "The data set of this run has nothing in it any more.", "Add something again.")
    try:
        place = run_dir / DATA  # emptied, not replaced: a warm child has it mounted
        place.mkdir(parents=True, exist_ok=True)
        for left in place.iterdir():
            left.unlink()
        if isinstance(data, TextSet):
            (place / TEXTS).write_bytes(to_jsonl(data.report.examples))
        else:
            _put(place, data, blobs)
        training = config["training"] | {
            "device": "cuda" if device.startswith("cuda") else config["training"]["device"]
        }
        heading = f"Loom {__version__}, {datetime.now():%Y-%m-%d %H:%M}. Frozen; paths are relative to this folder."
        yaml_file.write(run_dir / folder.CONFIG, config | {"training": training}, heading)
    except OSError as error:
        raise folder.refusal(run_dir, error) from error


def _put(place: Path, images: Sequence[Image], blobs: Blobs) -> None:
    said: list[tuple[str, Picture]] = []
    for number, image in enumerate(images, 1):
        source = blobs.path(image.blob)
        suffix = suffix_of(source)
        stem = f"{number:05d}-{safe_stem(Path(image.name).stem, 80)}"
        link_or_copy(source, place / f"{stem}{suffix}")
        if image.caption:
            (place / f"{stem}.txt").write_text(image.caption, encoding="utf-8", newline="\n")
        if image.mask:
            link_or_copy(blobs.path(image.mask), place / f"{stem}{MASK_SUFFIX}.png")
        said.append((f"{stem}{suffix}", picture_of(image, blobs)))
    (place / LOOM_FILE).write_bytes(loom_json(said))


def suffix_of(blob: Path) -> str:
    """What a stored picture is called: they are written again as one of two kinds."""
    with blob.open("rb") as stream:
        return ".webp" if stream.read(4) == b"RIFF" else ".png"


def picture_of(image: Image, blobs: Blobs) -> Picture:
    """The picture as exports, and a run's own copy, say it."""
    crop = image.crop
    return Picture(
        name=image.name,
        path=blobs.path(image.blob),
        caption=image.caption,
        repeats=image.repeats,
        held_out=image.held_out,
        crop=None if crop is None else (crop[0], crop[1], crop[2], crop[3]),
        mask=blobs.path(image.mask) if image.mask else None,
    )


def copy(source: Path, target: Path) -> None:
    """Give `target` the config and the data of the run in `source`. Raises OSError."""
    (target / DATA).mkdir(parents=True, exist_ok=True)
    for file in (source / DATA).iterdir():
        if file.is_file() and not file.is_symlink():
            link_or_copy(file, target / DATA / file.name)
    shutil.copyfile(source / folder.CONFIG, target / folder.CONFIG)

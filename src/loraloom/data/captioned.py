"""The folder of one captioning, and its captions brought back to a data set: files beside pictures, or one CSV."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path, PurePosixPath
from typing import Any

from loraloom.data.kohya import concept
from loraloom.data.layout import CAPTION_EXTENSIONS
from loraloom.data.lone import MAX_CAPTION
from loraloom.data.names import safe_stem, split_extension
from loraloom.data.rows import FILE_COLUMNS, TEXT_COLUMNS
from loraloom.spec.captioning import CaptionJob
from loraloom.spec.dataset import Image
from loraloom.spec.errors import LoomError

JOB, DATA, CAPTIONS = "job.yaml", "data", "captions.jsonl"
LONGEST = 1 << 20
"""Bytes of a line of captions.jsonl that is still read."""


@dataclass(frozen=True)
class Line:
    """What an engine made of one picture: the caption, its template filled in."""

    file: str
    caption: str
    labels: tuple[dict[str, Any], ...]
    engine: str
    version: str


def own_caption(image: Image) -> str:
    """The caption that somebody wrote for `image`, its alternatives as lines; the words of a kohya folder are none."""
    if len(image.captions) == 1 and not any(
        Path(image.path).with_suffix(kind).is_file() for kind in CAPTION_EXTENSIONS
    ):
        folders = PurePosixPath(image.name).parts[:-1]
        if image.captions[0] in {named.words for folder in folders if (named := concept(folder)) is not None}:
            return ""
    return "\n".join(image.captions)


def file_of(image: Image) -> str:
    """The name of `image` in a job folder: the same for the same content, whatever else is in the data set."""
    return f"{image.sha256[:16]}-{safe_stem(Path(image.path).stem, 60)}{split_extension(image.name)[1].lower()}"


def place(images: Iterable[Image], job: CaptionJob, job_dir: Path) -> None:
    """Fill a job folder: pictures as links (copies where there are none), captions that are there as `.txt` beside them.

    A folder that is there goes on. Raises LoomError `config_invalid` when it holds another captioning.
    """
    import yaml

    config, wanted = job_dir / JOB, job.model_dump(mode="json")
    if config.is_file():
        if yaml.safe_load(config.read_text("utf-8")) != wanted:
            hint = "Go on with the same options, or give another folder to --job."
            raise LoomError("config_invalid", f"{job_dir} is a captioning with other settings.", hint)
    elif job_dir.is_dir() and any(job_dir.iterdir()):
        raise LoomError("config_invalid", f"{job_dir} holds other files.", "Give a new folder to --job.")
    (job_dir / DATA).mkdir(parents=True, exist_ok=True)
    for image in images:
        file = job_dir / DATA / file_of(image)
        if not file.exists():
            _link(Path(image.path), file)
        if existing := own_caption(image):
            file.with_suffix(".txt").write_text(existing, encoding="utf-8")
    config.write_text(yaml.safe_dump(wanted, allow_unicode=True, sort_keys=False), encoding="utf-8")


def lines(job_dir: Path) -> dict[str, Line]:
    """What was made so far, by file. A line that is not whole yet, or not as a child writes it, is passed over."""
    try:
        text = (job_dir / CAPTIONS).read_bytes()
    except FileNotFoundError:
        return {}
    return {line.file: line for raw in text.split(b"\n")[:-1] if (line := _line(raw)) is not None}


def _line(raw: bytes) -> Line | None:
    if len(raw) > LONGEST:
        return None
    try:
        row = json.loads(raw)
        labels = tuple({"label": str(one["label"]), "p": float(one["p"])} for one in row["labels"])
        version = str(row["version"])[:60]
        return Line(str(row["file"]), str(row["caption"])[:MAX_CAPTION], labels, str(row["engine"]), version)
    except (ValueError, KeyError, TypeError):
        return None


def write_sidecar(picture: Path, caption: str) -> Path:
    """Write `caption` into the `.txt` beside `picture`, whole or not at all. Raises OSError."""
    file = picture.with_suffix(".txt")
    _replace(file, caption + "\n")
    return file


def write_csv(file: Path, prompts: Mapping[str, str]) -> None:
    """`filename,prompt` as lora-scripts reads it and `dataset.metadata_path` does, whole or not at all. Raises OSError."""
    stream = StringIO(newline="")
    rows = csv.writer(stream, lineterminator="\n")
    rows.writerow(("filename", "prompt"))
    rows.writerows(prompts.items())
    _replace(file, stream.getvalue())


def other_columns(file: Path) -> list[str]:
    """Columns of a CSV with a header besides the picture and its text. Raises OSError."""
    first = next(csv.reader(file.read_text("utf-8-sig", "replace").splitlines()[:1]), list[str]())
    names = [cell.strip() for cell in first]
    if not set(FILE_COLUMNS) & {name.lower() for name in names}:
        return []
    return [name for name in names if name.lower() not in (*FILE_COLUMNS, *TEXT_COLUMNS, "")]


def _replace(file: Path, text: str) -> None:
    part = file.with_name(f".{file.name}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="")
        part.replace(file)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _link(source: Path, file: Path) -> None:
    for make in (os.symlink, os.link, shutil.copyfile):
        try:
            make(source, file)
        except (OSError, NotImplementedError):
            continue
        return
    raise LoomError("not_writable", f"{file} cannot be written.", "Check the space on the disk and the permissions.")

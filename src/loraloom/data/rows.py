"""Reading metadata files into rows: CSV with or without a header, JSON Lines, kohya's JSON, Loom's own."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from loraloom.data.extras import COLUMNS, NOTHING, Extras, extras_of
from loraloom.data.formats import PICTURE_EXTENSIONS
from loraloom.data.texts import lines_of

FILE_COLUMNS = ("file_name", "filename", "image_path", "image", "file", "path")
TEXT_COLUMNS = ("text", "prompt", "caption", "captions", "description")


@dataclass(frozen=True)
class Row:
    """What a metadata file says of one picture; `place` says where, for messages. Captions None: nothing about them."""

    place: str
    file: str
    captions: tuple[str, ...] | None
    extras: Extras = NOTHING
    problems: tuple[str, ...] = ()
    """Columns that could not be read; the rest of the row counts."""


@dataclass(frozen=True)
class BadRow:
    """A row that could not be used, and why."""

    place: str
    problem: str


def read_rows(text: str, extension: str) -> Iterator[Row | BadRow]:
    """Rows of a metadata file with this content, by `extension` (.csv, .jsonl, .json), in order."""
    if extension == ".csv":
        return _csv_rows(text)
    return _jsonl_rows(text) if extension in (".jsonl", ".ndjson") else _json_rows(text)


def _csv_rows(text: str) -> Iterator[Row | BadRow]:
    reader = csv.reader(text.splitlines(keepends=True), skipinitialspace=True)
    columns: _Columns | None = None
    try:
        for cells in reader:
            place = f"line {reader.line_num}"
            if not any(cell.strip() for cell in cells):
                continue
            if columns is None:
                columns, is_header = _columns(cells)
                if is_header:
                    continue
            yield _csv_row(place, cells, columns)
    except csv.Error as error:
        yield BadRow(f"line {reader.line_num}", f"not valid CSV ({error}); the rest of the file was not read")


@dataclass(frozen=True)
class _Columns:
    """Where the file name, the text (-1: nowhere) and the extras stand, and how many columns the header has."""

    file: int
    text: int
    extras: dict[str, int]
    count: int


def _columns(cells: list[str]) -> tuple[_Columns, bool]:
    """The columns, and whether this first row is a header (else: `filename,prompt`)."""
    names = [cell.strip().lower() for cell in cells]
    file = next((names.index(name) for name in FILE_COLUMNS if name in names), None)
    text = next((names.index(name) for name in TEXT_COLUMNS if name in names), None)
    if file is not None and not names[file].endswith(tuple(PICTURE_EXTENSIONS)):
        extras = {name: names.index(name) for name in COLUMNS if name in names}
        return _Columns(file, text if text is not None else -1, extras, len(names)), True
    return _Columns(0, 1, {}, 2), False


def _csv_row(place: str, cells: list[str], columns: _Columns) -> Row | BadRow:
    file, text = columns.file, columns.text
    if text < 0 and not columns.extras:
        return BadRow(place, f"no column with text; name one of them {' or '.join(TEXT_COLUMNS[:3])}")
    if len(cells) <= file or not cells[file].strip():
        return BadRow(place, "no file name")
    # A prompt with commas that nobody put in quotes runs on into further cells.
    runs_on = (file, text) == (0, 1) and columns.count <= 2 < len(cells)
    words = ", ".join(cell.strip() for cell in cells[text:]) if runs_on else "".join(cells[text : text + 1])
    extras, problems = extras_of({name: cells[at] for name, at in columns.extras.items() if at < len(cells)})
    captions = None if text < 0 else lines_of(words)
    return Row(place, cells[file].strip(), captions, extras, tuple(problems))


def _jsonl_rows(text: str) -> Iterator[Row | BadRow]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            yield BadRow(f"line {number}", "not valid JSON")
            continue
        yield _object_row(f"line {number}", value)


def _json_rows(text: str) -> Iterator[Row | BadRow]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        yield BadRow("the file", f"not valid JSON ({str(error)[:80]})")
        return
    if isinstance(value, dict):
        whole = cast("dict[str, Any]", value)
        images: Any = whole.get("images")
        if isinstance(whole.get("loom"), int) and isinstance(images, dict):
            yield from _loom_rows(cast("dict[str, Any]", images))
            return
        for key, entry in whole.items():
            if isinstance(entry, dict):
                fields = cast("dict[str, Any]", entry)
                extras, problems = extras_of(fields)
                yield Row(f"entry {key[:60]!r}", key, _captions(fields), extras, tuple(problems))
            else:
                yield Row(f"entry {key[:60]!r}", key, _texts(entry))
    elif isinstance(value, list):
        for number, entry in enumerate(cast("list[Any]", value), 1):
            yield _object_row(f"entry {number}", entry)
    else:
        yield BadRow("the file", "neither an object nor a list")


def _loom_rows(images: dict[str, Any]) -> Iterator[Row | BadRow]:
    """`loom.json`: what the files themselves cannot say; captions lie beside the pictures."""
    for file, entry in images.items():
        place = f"entry {file[:60]!r}"
        if isinstance(entry, dict):
            extras, problems = extras_of(cast("dict[str, Any]", entry))
            yield Row(place, file, None, extras, tuple(problems))
        else:
            yield BadRow(place, "not a JSON object")


def _object_row(place: str, value: Any) -> Row | BadRow:
    if not isinstance(value, dict):
        return BadRow(place, "not a JSON object")
    entry = cast("dict[str, Any]", value)
    file = next((entry[name] for name in FILE_COLUMNS if isinstance(entry.get(name), str)), "")
    if not file.strip():
        return BadRow(place, f"no file name (looked for {', '.join(FILE_COLUMNS[:3])})")
    extras, problems = extras_of(entry)
    return Row(place, file.strip(), _captions(entry), extras, tuple(problems))


def _captions(entry: dict[str, Any]) -> tuple[str, ...]:
    """Texts of one JSON object; kohya's `tags` are put after the caption."""
    texts = next((_texts(entry[name]) for name in TEXT_COLUMNS if entry.get(name)), ())
    tags = entry.get("tags")
    tail = ", ".join(_texts(tags)) if isinstance(tags, (str, list)) else ""
    if not tail:
        return texts
    return tuple(f"{text}, {tail}" for text in texts) or (tail,)


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return lines_of(value)
    if isinstance(value, list):
        return tuple(line for part in cast("list[Any]", value) if isinstance(part, str) for line in lines_of(part))
    return ()

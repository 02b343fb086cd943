"""Reading metadata files into rows: CSV with or without a header, JSON Lines, kohya's JSON."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from loraloom.data.formats import PICTURE_EXTENSIONS
from loraloom.data.texts import lines_of

FILE_COLUMNS = ("file_name", "filename", "image_path", "image", "file", "path")
TEXT_COLUMNS = ("text", "prompt", "caption", "captions", "description")


@dataclass(frozen=True)
class Row:
    """One picture's captions as a metadata file has them; `place` says where, for messages."""

    place: str
    file: str
    captions: tuple[str, ...]


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
    columns: tuple[int, int] | None = None
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


def _columns(cells: list[str]) -> tuple[tuple[int, int], bool]:
    """Where the file name and the text stand, and whether this first row is a header (else: `filename,prompt`)."""
    names = [cell.strip().lower() for cell in cells]
    file = next((names.index(name) for name in FILE_COLUMNS if name in names), None)
    text = next((names.index(name) for name in TEXT_COLUMNS if name in names), None)
    if file is not None and not names[file].endswith(tuple(PICTURE_EXTENSIONS)):
        return (file, text if text is not None else -1), True
    return (0, 1), False


def _csv_row(place: str, cells: list[str], columns: tuple[int, int]) -> Row | BadRow:
    file, text = columns
    if text < 0:
        return BadRow(place, f"no column with text; name one of them {' or '.join(TEXT_COLUMNS[:3])}")
    if len(cells) <= file or not cells[file].strip():
        return BadRow(place, "no file name")
    # A prompt with commas that nobody put in quotes runs on into further cells.
    runs_on = text == 1 and file == 0
    words = (
        ", ".join(cell.strip() for cell in cells[text:])
        if runs_on and len(cells) > 2
        else "".join(cells[text : text + 1])
    )
    return Row(place, cells[file].strip(), lines_of(words))


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
        for key, entry in cast("dict[str, Any]", value).items():
            captions = _captions(cast("dict[str, Any]", entry)) if isinstance(entry, dict) else _texts(entry)
            yield Row(f"entry {key[:60]!r}", key, captions)
    elif isinstance(value, list):
        for number, entry in enumerate(cast("list[Any]", value), 1):
            yield _object_row(f"entry {number}", entry)
    else:
        yield BadRow("the file", "neither an object nor a list")


def _object_row(place: str, value: Any) -> Row | BadRow:
    if not isinstance(value, dict):
        return BadRow(place, "not a JSON object")
    entry = cast("dict[str, Any]", value)
    file = next((entry[name] for name in FILE_COLUMNS if isinstance(entry.get(name), str)), "")
    if not file.strip():
        return BadRow(place, f"no file name (looked for {', '.join(FILE_COLUMNS[:3])})")
    return Row(place, file.strip(), _captions(entry))


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

"""CSV and TSV with a header into rows, each with the line it begins in."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Any

from loraloom.data.examples.jsons import MAX_EXAMPLE
from loraloom.data.examples.sentences import Unfit
from loraloom.data.examples.shapes import READ, named_in

Found = tuple[int, Any]


def rows(text: str) -> Iterator[Found]:
    """(line, row by names in small letters, or Unfit). The separator is the one that makes the header known."""
    csv.field_size_limit(max(csv.field_size_limit(), MAX_EXAMPLE + 1))
    first = text.lstrip("\n").split("\n", 1)[0]
    separator = separator_of(first)
    if separator is None:
        names = dict.fromkeys(cell.strip().strip('"') for cell in first.split(","))
        yield text.index(first) + 1 if first in text else 1, Unfit("no_header", found=named_in(dict(names)))
        return
    reader = csv.reader(StringIO(text), delimiter=separator, strict=True)
    header: list[str] | None = None
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, Unfit("csv", problem=str(error))
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if header is None:
            header = [cell.strip().lower() for cell in cells]
        elif len(cells) != len(header):
            yield line, Unfit("cells", found=len(cells), expected=len(header))
        elif (length := sum(map(len, cells))) > MAX_EXAMPLE:
            yield line, Unfit("too_long", size=round(length / 1e6, 1), limit=MAX_EXAMPLE // 1_000_000)
        else:
            yield line, dict(zip(header, cells, strict=True))


def separator_of(first: str) -> str | None:
    """What separates the cells of this first line so that one of them is a name that is read; None when nothing does."""
    for separator in (",", "\t", ";", "|"):
        try:
            cells = [cell for row in csv.reader([first], delimiter=separator) for cell in row]
        except csv.Error:
            continue
        names = {cell.strip().lower() for cell in cells}
        if names & (READ - {"id", "held_out", "system", "history"}):
            return separator
    return None


def is_table(text: str) -> bool:
    """Whether text of an unknown kind is a table: its first line names two columns that are read, and nothing but names."""
    first = text.lstrip("\n").split("\n", 1)[0]
    separator = separator_of(first)
    if separator is None:
        return False
    names = [cell.strip().strip('"').lower() for cell in first.split(separator)]
    return len(set(names) & READ) > 1 and all(name.replace("_", "").replace(" ", "").isalnum() for name in names)

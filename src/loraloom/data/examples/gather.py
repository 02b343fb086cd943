"""Collecting what is read: every row becomes an example or a note, doubles are found, long lists of notes are counted."""

from __future__ import annotations

from collections import Counter
from typing import Any, cast

from loraloom.data.examples.clean import clean
from loraloom.data.examples.identity import digest
from loraloom.data.examples.sentences import Unfit, found, note
from loraloom.data.examples.shapes import READ, read_row
from loraloom.spec.example import Example, TextReport

MAX_NOTES = 100
"""Lines of one file that are reported one by one; the rest is counted."""
MAX_EXAMPLES = 2_000_000
"""Examples of one data set."""


class Gather:
    """The report in the making. `begin` a file, `take` its rows, `end` it; `finish` when all are read."""

    def __init__(self, path: str) -> None:
        self.report = TextReport(path=path)
        self._said: dict[str, tuple[str, int]] = {}
        self._file, self._unit = "", "Line"

    def begin(self, file: str, unit: str = "Line") -> None:
        """What follows is of `file`, whose places are lines (or rows)."""
        self._file, self._unit = file, unit
        self._ids: dict[str, int] = {}
        self._unused: Counter[str] = Counter()
        self._skipped = self._warned = 0
        self._before = len(self.report.examples)
        self.report.files += 1

    def take(self, line: int, value: Any, held_out: bool = False) -> None:
        """One value of the file: a row, or Unfit."""
        try:
            self._row(line, value, held_out)
        except Unfit as unfit:
            self.skip(line, unfit)

    def _row(self, line: int, value: Any, held_out: bool) -> None:
        if isinstance(value, Unfit):
            raise value
        if not isinstance(value, dict):
            raise Unfit("no_shape", found=found(value))
        row = {str(name).strip().lower(): entry for name, entry in cast("dict[Any, Any]", value).items()}
        shape, example = read_row(row)
        self._once(line, row.get("id"))
        self.add(shape, example.model_copy(update={"file": self._file, "line": line}), held_out)
        self._unused.update(name for name, entry in row.items() if name not in READ and entry not in (None, "", [], {}))

    def _once(self, line: int, value: Any) -> None:
        """An id may stand once in a file."""
        if not isinstance(value, (str, int)) or isinstance(value, bool) or value == "":
            return
        first = self._ids.setdefault(str(value), line)
        if first != line:
            raise Unfit("duplicate_id", id=clean(str(value))[:40], first=first)

    def add(self, shape: str, example: Example, held_out: bool = False) -> None:
        """Take an example. Raises Unfit when another says the same, or there are too many."""
        if len(self.report.examples) >= MAX_EXAMPLES:
            raise Unfit("too_many", limit=MAX_EXAMPLES)
        key = digest(example)
        if key in self._said:
            file, line = self._said[key]
            at = f"{self._unit.lower()} {line}" if file == self._file else f"{file}, {line}"
            raise Unfit("duplicate", place=at if line else file)
        self._said[key] = example.file, example.line
        self.report.examples.append(example.model_copy(update={"held_out": True}) if held_out else example)
        if shape not in self.report.formats:
            self.report.formats.append(shape)

    def skip(self, line: int, unfit: Unfit) -> None:
        """Note why a line, or the file (0), is not taken."""
        self._skipped += 1
        if self._skipped <= MAX_NOTES:
            self.report.skipped.append(note(self._file, line, unfit.says, unfit.values, self._unit))

    def warn(self, line: int, says: str, **values: Any) -> None:
        """Note something that does not hinder."""
        self._warned += 1
        if self._warned <= MAX_NOTES:
            self.report.warnings.append(note(self._file, line, says, values, self._unit))

    def end(self) -> None:
        """What can be said of the file only now."""
        if self._skipped > MAX_NOTES:
            count = self._skipped - MAX_NOTES
            self.report.skipped.append(note(self._file, 0, "more", {"count": count}))
        elif not self._skipped and len(self.report.examples) == self._before:
            self.skip(0, Unfit("no_rows"))
        tools = self._unused.pop("tools", 0)
        if self._unused:
            columns = [f"`{clean(name)[:40]}`" for name, _ in self._unused.most_common(8)]
            self.warn(0, "unused", columns=", ".join(columns))
        if tools:
            self.warn(0, "tools_unused")

    def finish(self) -> TextReport:
        """The report. One data set learns from one answer or from two: the fewer are left out."""
        report = self.report
        pairs = sum(example.chosen is not None for example in report.examples)
        if 0 < pairs < len(report.examples):
            keep_pairs = 2 * pairs > len(report.examples)
            out = [e for e in report.examples if (e.chosen is not None) != keep_pairs]
            report.examples = [e for e in report.examples if (e.chosen is not None) == keep_pairs]
            says = "mixed" if keep_pairs else "mixed_pairs"
            report.skipped += [note(e.file, e.line, says, {}) for e in out[:MAX_NOTES]]
            if len(out) > MAX_NOTES:
                report.skipped.append(note("", 0, "more", {"count": len(out) - MAX_NOTES}))
        return report

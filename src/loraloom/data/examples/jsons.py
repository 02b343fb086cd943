"""JSON in the ways people write data in it (a list, an example a line, one after the other), with the line of each value."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from json import JSONDecodeError
from typing import Any, cast

from loraloom.data.examples.sentences import Unfit

MAX_EXAMPLE = 4_000_000
"""Characters of one example: more is no example but a file that lost its line breaks."""
Found = tuple[int, Any]
"""A line, from 1, and the value that begins there, or Unfit."""
_BLANK = re.compile(r"[ \t\n\r]*")
_CONTAINER = re.compile(r'"(?:data|train|examples|items|rows|validation|test)"\s*:\s*\[')


class Reader:
    """One JSON text. `twice` is told of names that stand twice in an object."""

    def __init__(self, text: str, twice: Callable[[int, str], None]) -> None:
        self._text = text
        self._decoder = json.JSONDecoder(object_pairs_hook=self._object)
        self._twice: list[str] = []
        self._tell = twice
        self._line, self._counted = 1, 0

    def values(self, by_line: bool) -> Iterator[Found]:
        """Every value with its line; `by_line` where the name of the file says so (.jsonl)."""
        text = self._text
        start = self._blank(0)
        if start == len(text):
            return
        if text[start] == "[":
            yield from self._list(start)
            return
        first_line = text[start : self._line_end(start)]
        if len(first_line) > MAX_EXAMPLE or self._parses(first_line):
            yield from self._lines()
            return
        try:
            value, end = self._decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            yield from self._lines() if by_line or self._second_line_parses(start) else self._stream(start)
            return
        lists = list(_CONTAINER.finditer(text, start, end)) if self._blank(end) == len(text) else []
        inside: list[Any] = list(cast("dict[str, Any]", value).values()) if isinstance(value, dict) else []
        if lists and not any(isinstance(entry, str) for entry in inside):
            for at in lists:
                yield from self._list(at.end() - 1, alone=False)
        else:
            yield from self._stream(start)

    def _lines(self) -> Iterator[Found]:
        for number, line in enumerate(self._text.split("\n"), 1):
            if not line.strip():
                continue
            self._line, self._counted = number, 0
            yield number, self._whole(line)

    def _whole(self, line: str) -> Any:
        if len(line) > MAX_EXAMPLE:
            return _too_long(len(line))
        start = len(line) - len(line.lstrip())
        try:
            value, end = self._decoder.raw_decode(line, start)
        except (ValueError, RecursionError) as error:
            self._twice.clear()
            return _why(error, line, False)
        self._tell_twice(self._line)
        rest = line[end:].strip()
        if rest and rest != ",":  # a list whose brackets were taken away
            return Unfit("second_value", column=end + len(line[end:]) - len(line[end:].lstrip()) + 1)
        return value

    def _stream(self, at: int) -> Iterator[Found]:
        """Values one after the other, over as many lines as they like."""
        while (at := self._blank(at)) < len(self._text):
            line = self._line_at(at)
            try:
                value, at = self._decoder.raw_decode(self._text, at)
            except (ValueError, RecursionError) as error:
                yield self._fault(error, line)
                return
            self._tell_twice(line)
            yield line, value
            if self._text.startswith(",", after := self._blank(at)):
                at = after + 1

    def _list(self, at: int, alone: bool = True) -> Iterator[Found]:
        """The values of the list that begins at `at`. After a mistake it goes on at the next line that begins as the broken
        value did."""
        text = self._text
        at = self._blank(at + 1)
        while at < len(text) and text[at] != "]":
            line, start = self._line_at(at), at
            try:
                value, at = self._decoder.raw_decode(text, at)
            except (ValueError, RecursionError) as error:
                fault = self._fault(error, line)
                yield fault
                at = self._next_like(start)
                if at < 0:
                    if fault[1].says != "cut_off":
                        yield fault[0], Unfit("rest_unread")
                    return
                continue
            self._tell_twice(line)
            yield line, _too_long(at - start) if at - start > MAX_EXAMPLE else value
            at = self._blank(at)
            if text.startswith(",", at):
                comma, at = at, self._blank(at + 1)
                if text.startswith("]", at):
                    yield self._line_at(comma), Unfit("trailing_comma", bracket="]")
            elif at < len(text) and text[at] != "]":
                yield self._line_at(at), Unfit("missing_comma")
        if at >= len(text):
            yield self._line_at(len(text.rstrip())), Unfit("cut_off")
        elif alone and self._blank(at + 1) < len(text):
            yield self._line_at(self._blank(at + 1)), Unfit("after_list")

    def _fault(self, error: Exception, line: int) -> tuple[int, Unfit]:
        self._twice.clear()
        if isinstance(error, JSONDecodeError):
            return self._text.count("\n", 0, error.pos) + 1, _why(error, self._text, True)
        return line, _why(error, self._text, True)

    def _next_like(self, start: int) -> int:
        """Where the next line begins with the bracket of the value at `start`, as deep; -1 when there is none."""
        begin = self._text.rfind("\n", 0, start) + 1
        indent = self._text[begin:start]
        if indent.strip():
            return -1
        at = self._text.find(f"\n{indent}{{", start)
        return at + 1 + len(indent) if at >= 0 else -1

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            names = [name for name, _ in pairs]
            self._twice += sorted({name for name in names if names.count(name) > 1})
        return made

    def _tell_twice(self, line: int) -> None:
        for name in self._twice:
            self._tell(line, name)
        self._twice.clear()

    def _blank(self, at: int) -> int:
        found = _BLANK.match(self._text, at)
        return found.end() if found else at

    def _line_end(self, at: int) -> int:
        end = self._text.find("\n", at)
        return end if end >= 0 else len(self._text)

    def _line_at(self, at: int) -> int:
        """Counted on from where it was asked last."""
        if at < self._counted:
            self._line, self._counted = 1, 0
        self._line += self._text.count("\n", self._counted, at)
        self._counted = at
        return self._line

    def _parses(self, line: str) -> bool:
        try:
            json.loads(line)
        except (ValueError, RecursionError):
            return False
        return True

    def _second_line_parses(self, start: int) -> bool:
        begin = self._line_end(start) + 1
        line = self._text[begin : self._line_end(begin)] if begin < len(self._text) else ""
        return line.strip().startswith("{") and self._parses(line)


_SAYS = (
    ("Expecting ',' delimiter", "json_comma"),
    ("Expecting ':' delimiter", "json_colon"),
    ("Expecting property name", "json_name"),
    ("Expecting value", "json_value"),
    ("Invalid \\", "json_escape"),
)
"""How the standard library begins its messages, and the sentence for each."""


def _too_long(length: int) -> Unfit:
    return Unfit("too_long", size=round(length / 1e6, 1), limit=MAX_EXAMPLE // 1_000_000)


def _why(error: Exception, text: str, whole_file: bool) -> Unfit:
    """The mistake in words; columns are from 1."""
    if isinstance(error, RecursionError):
        return Unfit("too_deep")
    if not isinstance(error, JSONDecodeError):  # a number with thousands of digits
        return Unfit("json", column=1, problem=str(error)[:80])
    at = error.pos
    if whole_file and (
        at >= len(text.rstrip()) or (error.msg.startswith("Unterminated") and '"' not in text[at + 1 :])
    ):
        return Unfit("cut_off")
    before = text[:at].rstrip()
    here = text[at : at + 1]
    after = text[at:].lstrip()[:1]
    if before.endswith(",") and after in "]}" and after:
        return Unfit("trailing_comma", bracket=after)
    if here == "," and text[at + 1 :].lstrip()[:1] in ("]", "}"):
        return Unfit("trailing_comma", bracket=text[at + 1 :].lstrip()[:1])
    if here == "'":
        return Unfit("single_quotes", column=error.colno)
    if here == "\t":
        return Unfit("json_tab", column=error.colno)
    if error.msg.startswith(("Unterminated", "Invalid control character")):
        return Unfit("open_text", column=error.colno)
    says = next((says for begins, says in _SAYS if error.msg.startswith(begins)), None)
    if says:
        return Unfit(says, column=error.colno)
    return Unfit("json", column=error.colno, problem=error.msg[:1].lower() + error.msg[1:])

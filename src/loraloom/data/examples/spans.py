"""Where in a drawn conversation the answers stand, exactly, whatever the template does with them.

Two renderings that differ in one answer alone show where it stands, which holds for templates that trim, drop or move parts
of earlier turns too. An answer begins where the words end that the model is given at inference, and ends after the token by
which the model says that it is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from loraloom.data.examples.templates import CLOSE, MARK, OPEN, Draw, Turn

Span = tuple[int, int]


def marked(text: str) -> tuple[str, tuple[Span, ...]]:
    """`text` without the marks of `{% generation %}`, and where they stood."""
    plain: list[str] = []
    spans: list[Span] = []
    length = start = 0
    for part in _split(text):
        if part == OPEN:
            start = length
        elif part == CLOSE:
            spans.append((start, length))
        else:
            plain.append(part)
            length += len(part)
    return "".join(plain), tuple(spans)


def _split(text: str) -> list[str]:
    for mark in (OPEN, CLOSE):
        text = text.replace(mark, f"{MARK}{mark}{MARK}")
    return text.split(MARK)


def plain(draw: Draw) -> Draw:
    """`draw` without marks."""
    return lambda messages, answer: draw(messages, answer).replace(OPEN, "").replace(CLOSE, "")


@dataclass(frozen=True)
class Edges:
    """What stands around answers in one template."""

    lead: str
    """Between the words that begin an answer and the answer itself, such as a blank; usually nothing."""
    end: str
    """What the model says when it is done, with any blanks before it, such as `<|im_end|>`; empty where there is nothing."""
    special: tuple[str, ...]
    """Every special token of the tokenizer."""

    @staticmethod
    def of(draw: Draw, special: tuple[str, ...]) -> Edges:
        """Found by drawing a question and its answer."""
        return Edges(_lead(draw), _turn_end(draw, special), special)


def _turn_end(draw: Draw, special: Sequence[str]) -> str:
    """What follows the last answer up to its first special token; empty when the template puts none there."""
    text = _try(draw, [{"role": "user", "content": "x"}, {"role": "assistant", "content": MARK}], False)
    tail = text.rpartition(MARK)[2] if text and MARK in text else ""
    length = _through_first(tail, special)
    return tail[:length] if length and not _without(tail[:length], special).strip() else ""


def _lead(draw: Draw) -> str:
    """What stands between the words that begin an answer and the answer itself."""
    asked: Turn = {"role": "user", "content": "x"}
    given = _try(draw, [asked], True)
    text = _try(draw, [asked, {"role": "assistant", "content": MARK}], False)
    if given is None or text is None or MARK not in text or not text.startswith(given):
        return ""
    return text[len(given) :].partition(MARK)[0]


def _through_first(text: str, special: Sequence[str]) -> int:
    """Characters up to the end of the first special token in `text`; 0 when there is none."""
    places = [(at, -len(token)) for token in special if (at := text.find(token)) >= 0]
    if not places:
        return 0
    at, length = min(places)
    return at - length


def _without(text: str, special: Sequence[str]) -> str:
    for token in special:
        text = text.replace(token, "")
    return text


def answer(draw: Draw, messages: list[Turn], number: int, text: str, edges: Edges) -> Span | None:
    """Where message `number` stands in `text`, the drawing of all `messages`; None when the template does not show it."""
    region = _region(draw, messages, number, text)
    if region is None:
        return None
    start, end = region
    given = _try(draw, messages[:number], True)
    if given is not None and text.startswith(given):
        start = len(given)
    elif text[:start].endswith(edges.lead):  # what was said before is drawn otherwise while this is the last turn
        start -= len(edges.lead)
    if text.startswith(edges.end, end):
        end += len(edges.end)
    elif messages[number].get("tool_calls"):
        end += _rest_of_call(draw, messages, number, text, end, edges)
    return (start, end) if end > start else None


def _rest_of_call(draw: Draw, messages: list[Turn], number: int, text: str, end: int, edges: Edges) -> int:
    """Characters from the last change inside a call to the token that ends the turn: brackets, closing tags."""
    after = _region(draw, messages, number + 1, text) if number + 1 < len(messages) else None
    tail = text[end : after[0] if after else len(text)]
    at = tail.find(edges.end) if edges.end else -1
    return at + len(edges.end) if at >= 0 else _through_first(tail, edges.special)


def _region(draw: Draw, messages: list[Turn], number: int, text: str) -> Span | None:
    other = _try(draw, [*messages[:number], _changed(messages[number]), *messages[number + 1 :]], False)
    if other is None or other == text:
        return None
    start = _common(text, other)
    end = min(_common(text[::-1], other[::-1]), len(text) - start, len(other) - start)
    return start, len(text) - end


def _changed(message: Turn) -> Turn:
    """The same message with other words, none of which the original has."""
    changed = message | {"content": MARK if message.get("content") else ""}
    calls: Any = message.get("tool_calls")
    if calls:
        other = {"name": MARK, "arguments": {MARK: MARK}}
        changed["tool_calls"] = [call | ({"function": other} if "function" in call else other) for call in calls]
    return changed


def _try(draw: Draw, messages: list[Turn], answer: bool) -> str | None:
    try:
        return draw(messages, answer)
    except Exception:  # a template may raise anything; the whole conversation has been drawn already
        return None


def _common(a: str, b: str) -> int:
    """Length of the longest common beginning, by halves: comparing slices is far faster than going through letters."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low

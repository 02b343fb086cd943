"""What tables say of a picture beside its caption: how often it counts, whether it is held out, its crop, its own name."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, cast

from loraloom.data.limits import MAX_KOHYA_REPEATS

Crop = tuple[float, float, float, float]
"""Left, top, width and height as fractions of the upright picture."""
COLUMNS = ("repeats", "held_out", "crop", "original_name")
_TRUE, _FALSE = ("true", "1", "yes"), ("false", "0", "no", "")


@dataclass(frozen=True)
class Extras:
    """None where nothing is said."""

    repeats: int | None = None
    held_out: bool | None = None
    crop: Crop | None = None
    original_name: str | None = None
    """What people call the picture, where its file had to be called otherwise."""

    def __bool__(self) -> bool:
        return self != NOTHING

    def over(self, other: Extras) -> Extras:
        """What this one says, and `other` where it says nothing."""
        said = {key: value for key, value in asdict(self).items() if value is not None}
        return replace(other, **said)

    def text(self) -> str:
        """As JSON, for `extras_of_text`."""
        return json.dumps({key: value for key, value in asdict(self).items() if value is not None})


NOTHING = Extras()


def extras_of(entry: Mapping[str, Any]) -> tuple[Extras, list[str]]:
    """The extras among the columns of a row, and a phrase for each that cannot be read. Texts are read as CSV has them."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for column in COLUMNS:
        given = entry.get(column)
        if given is None or given == "":
            continue
        try:
            values[column] = _READERS[column](given)
        except (ValueError, TypeError, OverflowError):
            problems.append(f"its {column} cannot be read ({str(given)[:60]!r}; {_MEANT[column]})")
    return Extras(**values), problems


def extras_of_text(text: str) -> Extras:
    """What `Extras.text` wrote; nothing where it was not."""
    try:
        entry = json.loads(text)
    except (ValueError, RecursionError):
        return NOTHING
    return extras_of(cast("dict[str, Any]", entry))[0] if isinstance(entry, dict) else NOTHING


def _repeats(given: Any) -> int:
    times = int(given.strip()) if isinstance(given, str) else given
    if isinstance(times, float) and times.is_integer():
        times = int(times)
    if isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= MAX_KOHYA_REPEATS:
        raise ValueError
    return times


def _held_out(given: Any) -> bool:
    if isinstance(given, bool):
        return given
    word = str(given).strip().lower()
    if word not in (*_TRUE, *_FALSE):
        raise ValueError
    return word in _TRUE


def _crop(given: Any) -> Crop:
    parts: Any = given.strip("[]() ").replace(",", " ").split() if isinstance(given, str) else given
    if not isinstance(parts, list | tuple) or len(cast("list[Any]", parts)) != 4:
        raise ValueError
    left, top, width, height = (float(part) for part in cast("list[Any]", parts))
    inside = left >= 0 and top >= 0 and width > 0 and height > 0 and left + width <= 1.001 and top + height <= 1.001
    if not inside or not all(map(math.isfinite, (left, top, width, height))):
        raise ValueError
    return left, top, width, height


def _name(given: Any) -> str:
    if not isinstance(given, str):
        raise ValueError
    return given


_READERS = {"repeats": _repeats, "held_out": _held_out, "crop": _crop, "original_name": _name}
_MEANT = {
    "repeats": f"a whole number from 1 to {MAX_KOHYA_REPEATS:,}",
    "held_out": "true or false",
    "crop": "left, top, width and height from 0 to 1",
    "original_name": "a text",
}

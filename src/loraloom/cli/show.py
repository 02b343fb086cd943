"""What the command line prints: errors, notes and the one JSON object."""

from __future__ import annotations

import json
import sys
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loraloom.spec.errors import LoomError


def show_error(error: Exception, as_json: bool = False) -> int:
    """Print `error` for people on stderr (and as an object on stdout if asked) and return the exit code."""
    met = as_loom_error(error)
    _line(sys.stderr, "error: ", "31", met.message)
    if met.hint:
        _line(sys.stderr, "hint: ", "36", met.hint)
    if as_json:
        problems = [problem.model_dump(mode="json") for problem in met.problems]
        body = {"code": met.code, "message": met.message, "hint": met.hint, "problems": problems}
        print_json({"error": body})
    return 1


def show_usage_error(error: Any) -> int:
    """Print what was wrong with the command line itself, and return the exit code."""
    message = str(error.format_message())
    context = getattr(error, "ctx", None)
    if not message:  # a bare `loraloom config`: its help
        print(context.get_help() if context else "", file=sys.stderr)
        return 2
    _line(sys.stderr, "error: ", "31", message)
    _line(sys.stderr, "hint: ", "36", f"See `{context.command_path if context else 'loraloom'} --help`.")
    return 2


def note(text: str, stream: IO[str] | None = None) -> None:
    """One thing the user should know."""
    _line(stream or sys.stderr, "note: ", "33", text)


def print_json(content: Any) -> None:
    """One object on one line of stdout."""
    print(json.dumps(content, ensure_ascii=False), flush=True)


def print_text(text: str, as_json: bool = False) -> None:
    """A line for people: on stderr when stdout belongs to the JSON object."""
    print(text, file=sys.stderr if as_json else sys.stdout, flush=True)


def table(heads: list[str], rows: list[list[str]], right: set[int] | None = None) -> None:
    """Print rows under heads, columns aligned; wide (Chinese) letters count double."""
    widths = [max(_width(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    for row in [heads, ["-" * width for width in widths], *rows]:
        cells = [_pad(cell, widths[i], i in (right or set())) for i, cell in enumerate(row)]
        print("  ".join(cells).rstrip())


def as_loom_error(error: Exception) -> LoomError:
    """`error` in the user's words, whatever it was."""
    from loraloom.spec.errors import LoomError

    if isinstance(error, LoomError):
        return error
    if isinstance(error, OSError) and error.errno is not None:
        code = {2: "file_not_found", 28: "disk_full"}.get(error.errno, "not_writable")
        where = f" ({error.filename})" if error.filename else ""
        return LoomError(code, f"{error.strerror}{where}.", "Check the path and the space on the disk.")
    text = f"Something inside Loom went wrong: {type(error).__name__}: {error}"
    return LoomError("internal", text, "Run the command again with --debug and report what it prints.")


def _line(stream: IO[str], head: str, colour: str, text: str) -> None:
    if stream.isatty():
        head = f"\x1b[1;{colour}m{head}\x1b[0m"
    try:
        print(f"{head}{text}", file=stream, flush=True)
    except UnicodeEncodeError:
        print(f"{head}{text.encode('ascii', 'backslashreplace').decode()}", file=stream, flush=True)


def _width(text: str) -> int:
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _pad(text: str, width: int, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space

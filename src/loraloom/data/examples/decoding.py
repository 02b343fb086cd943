"""Bytes of a data file into text: UTF-8, or what a line or the whole file seems to be instead, each with its line."""

from __future__ import annotations

from dataclasses import dataclass

from loraloom.data.texts import decode_text


@dataclass(frozen=True)
class Decoded:
    """Text with lines that end in `\\n`; `guessed` are (line, encoding) that was no UTF-8 and did not say what it was."""

    text: str
    guessed: tuple[tuple[int, str], ...] = ()


def decode(data: bytes) -> Decoded | None:
    """The text in `data`; None when it is no text."""
    decoded = decode_text(data)
    if decoded is None:
        return None
    if decoded.guessed is None:
        return Decoded(_lines_alike(decoded.text))
    lines = data.split(b"\n")
    wrong = [number for number, line in enumerate(lines, 1) if not _is_utf8(line)]
    fine = sum(not line.isascii() for line in lines) - len(wrong)
    if fine <= len(wrong):  # the whole file is in another encoding
        return Decoded(_lines_alike(decoded.text), ((wrong[0], decoded.guessed),))
    guessed: list[tuple[int, str]] = []
    for number in wrong:
        line = decode_text(lines[number - 1])
        if line is not None:
            lines[number - 1] = line.text.encode()
            guessed.append((number, line.guessed or "UTF-8"))
    whole = decode_text(b"\n".join(lines))
    return Decoded(_lines_alike(whole.text if whole else ""), tuple(guessed))


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _lines_alike(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text

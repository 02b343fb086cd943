"""Captions beside their pictures: `<stem>.txt` and `<stem>.caption`."""

from __future__ import annotations

from loraloom.data.files import read_regular
from loraloom.data.limits import MAX_TEXT_BYTES
from loraloom.data.refusal import Refused
from loraloom.data.texts import decode_text, lines_of
from loraloom.data.walk import Found
from loraloom.spec.dataset import FileNote


def read_sidecars(files: list[Found]) -> tuple[tuple[str, ...], list[FileNote]]:
    """The alternatives in the first of `files` that has any, and notes about empty, unreadable or oddly encoded ones."""
    notes: list[FileNote] = []
    for file in files:
        try:
            decoded = decode_text(read_regular(file.path, MAX_TEXT_BYTES))
        except Refused as refused:
            if refused.reason == "empty_file":
                notes.append(_empty(file))
            else:
                notes.append(FileNote(file=file.name, reason="caption_encoding", message=refused.message))
            continue
        if decoded is None:
            message = "Holds no text, so it was not used as a caption; save it as UTF-8."
            notes.append(FileNote(file=file.name, reason="caption_encoding", message=message))
            continue
        if decoded.guessed is not None:
            message = f"Not UTF-8; read as {decoded.guessed}. Look at the caption, and save it as UTF-8 to be sure."
            notes.append(FileNote(file=file.name, reason="caption_encoding", message=message))
        lines = lines_of(decoded.text)
        if lines:
            return lines, notes
        notes.append(_empty(file))
    return (), notes


def _empty(file: Found) -> FileNote:
    return FileNote(
        file=file.name, reason="empty_caption", message="The caption is empty; write one or remove the file."
    )

"""Captions from metadata files, matched to pictures that were found: a name in such a file never opens anything."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from loraloom.data.files import read_regular
from loraloom.data.layout import METADATA_EXTENSIONS, plain
from loraloom.data.limits import MAX_ROW_NOTES, MAX_TABLE_BYTES
from loraloom.data.names import printable, split_extension
from loraloom.data.refusal import Refused
from loraloom.data.rows import BadRow, read_rows
from loraloom.data.texts import decode_text
from loraloom.data.walk import Found
from loraloom.spec.dataset import FileNote
from loraloom.spec.errors import LoomError


class Catalogue:
    """Pictures by every name a metadata file may call them: path or bare name, with or without extension."""

    def __init__(self, pictures: Iterable[Found], root: Path) -> None:
        self._root = root
        self._names: dict[str, set[str]] = {}
        for picture in pictures:
            path = plain("/".join(picture.parts))
            bare = path.rsplit("/", 1)[-1]
            for alias in {path, split_extension(path)[0], bare, split_extension(bare)[0]}:
                self._names.setdefault(alias, set()).add(picture.name)

    def find(self, called: str, folder: tuple[str, ...]) -> str | None:
        """The label of the picture that a file in `folder` calls `called`; None when there is none, or more than one."""
        path = called.replace("\\", "/").strip()
        inside = path.removeprefix(self._root.as_posix() + "/")
        parts = [part for part in PurePosixPath(inside).parts if part not in ("/", ".", "..")]
        if not parts:
            return None
        for alias in ("/".join((*folder, *parts)), "/".join(parts), parts[-1], split_extension(parts[-1])[0]):
            names = self._names.get(plain(alias), set())
            if len(names) == 1:
                return next(iter(names))
        return None


def read_metadata(file: Found, catalogue: Catalogue) -> tuple[dict[str, tuple[str, ...]], list[FileNote]]:
    """Label of picture -> captions, and a note for each row that could not be used (the first 20, then a count)."""
    problems: list[str] = []
    captions: dict[str, tuple[str, ...]] = {}
    try:
        decoded = decode_text(read_regular(file.path, MAX_TABLE_BYTES))
    except Refused as refused:
        return {}, [FileNote(file=file.name, reason="metadata_row", message=refused.message)]
    if decoded is None:
        return {}, [FileNote(file=file.name, reason="metadata_row", message="Holds no text; save it as UTF-8.")]
    for row in read_rows(decoded.text, split_extension(file.parts[-1])[1].lower()):
        if isinstance(row, BadRow):
            problems.append(f"{row.place}: {row.problem}.")
            continue
        name = catalogue.find(row.file, file.parts[:-1])
        if name is None:
            problems.append(f"{row.place}: no picture is called {printable(row.file[:120])!r}.")
        elif name in captions:
            problems.append(f"{row.place}: a second row for {name}; the first one counts.")
        else:
            captions[name] = row.captions
    notes = [FileNote(file=file.name, reason="metadata_row", message=problem) for problem in problems[:MAX_ROW_NOTES]]
    if len(problems) > MAX_ROW_NOTES:
        rest = f"and {len(problems) - MAX_ROW_NOTES} more rows like these."
        notes.append(FileNote(file=file.name, reason="metadata_row", message=rest))
    if decoded.guessed is not None:
        message = f"Not UTF-8; read as {decoded.guessed}. Save it as UTF-8 to be sure."
        notes.append(FileNote(file=file.name, reason="caption_encoding", message=message))
    return captions, notes


def named_metadata(metadata_path: str, root: Path) -> Found:
    """The metadata file that the config names: as it stands, or inside the data set.

    Raises LoomError `file_not_found`, `dataset_unreadable` for a kind that is not read.
    """
    given = Path(metadata_path).expanduser()
    for path in (given, root / given):
        if path.is_file():
            break
    else:
        raise LoomError(
            "file_not_found",
            f"There is no metadata file {metadata_path}.",
            "Correct dataset.metadata_path, or leave it out.",
        )
    if path.suffix.lower() not in METADATA_EXTENSIONS:
        raise LoomError(
            "dataset_unreadable",
            f"{path.name} is not a metadata file that is read.",
            f"Give one that ends in {', '.join(METADATA_EXTENSIONS)}.",
        )
    path = path.resolve()
    inside = path.parent.is_relative_to(root)
    folder = path.parent.relative_to(root).parts if inside else ()
    return Found(path, printable("/".join((*folder, path.name))), (*folder, path.name))

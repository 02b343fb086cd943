"""What metadata files say, matched to pictures that were found: a name in such a file never opens anything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from loraloom.data.extras import Extras
from loraloom.data.files import read_regular
from loraloom.data.layout import METADATA_EXTENSIONS, plain
from loraloom.data.limits import MAX_ROW_NOTES, MAX_TABLE_BYTES
from loraloom.data.names import printable, safe_component, split_extension
from loraloom.data.refusal import Refused
from loraloom.data.rows import BadRow, Row, read_rows
from loraloom.data.texts import decode_text
from loraloom.data.walk import Found
from loraloom.spec.dataset import FileNote
from loraloom.spec.errors import LoomError


class Catalogue:
    """Pictures by every name a metadata file may call them: path or bare name, with or without extension."""

    def __init__(self, pictures: Iterable[Found], root: Path) -> None:
        self._root = root
        self._paths: dict[str, set[str]] = {}
        self._names: dict[str, set[str]] = {}
        for picture in pictures:
            path = plain("/".join(picture.parts))
            bare = path.rsplit("/", 1)[-1]
            self._paths.setdefault(path, set()).add(picture.name)
            for alias in {path, split_extension(path)[0], bare, split_extension(bare)[0]}:
                self._names.setdefault(alias, set()).add(picture.name)

    def find(self, called: str, folder: tuple[str, ...]) -> str | None:
        """The label of the picture that a file in `folder` calls `called`; None when there is none, or more than one.

        A path that is exactly a picture's counts before one that leaves its extension out.
        """
        path = called.replace("\\", "/").strip()
        inside = path.removeprefix(self._root.as_posix() + "/")
        parts = [part for part in PurePosixPath(inside).parts if part not in ("/", ".", "..")]
        if not parts:
            return None
        aliases = ("/".join((*folder, *parts)), "/".join(parts), parts[-1], split_extension(parts[-1])[0])
        found = self._first(aliases)
        if found is None:  # files of a zip whose names some system forbids were given others when it was unpacked
            safe = [safe_component(part) for part in parts]
            found = self._first(("/".join((*folder, *safe)), "/".join(safe), safe[-1])) if safe != parts else None
        return found

    def _first(self, aliases: Iterable[str]) -> str | None:
        for alias in map(plain, aliases):
            for names in (self._paths, self._names):
                found = names.get(alias, ())
                if len(found) == 1:
                    return next(iter(found))
        return None


@dataclass
class Table:
    """What one metadata file says, by label of picture, and a note for each row that could not be used (the first 20, then
    a count)."""

    captions: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    extras: dict[str, Extras] = field(default_factory=dict[str, Extras])
    notes: list[FileNote] = field(default_factory=list[FileNote])


def read_metadata(file: Found, catalogue: Catalogue) -> Table:
    """The rows of `file`, each with the picture it names."""
    table = Table()
    try:
        decoded = decode_text(read_regular(file.path, MAX_TABLE_BYTES))
    except Refused as refused:
        table.notes = [FileNote(file=file.name, reason="metadata_row", message=refused.message)]
        return table
    if decoded is None:
        message = "Holds no text; save it as UTF-8."
        table.notes = [FileNote(file=file.name, reason="metadata_row", message=message)]
        return table
    problems = _fill(table, read_rows(decoded.text, split_extension(file.parts[-1])[1].lower()), file, catalogue)
    table.notes = [FileNote(file=file.name, reason="metadata_row", message=text) for text in problems[:MAX_ROW_NOTES]]
    if len(problems) > MAX_ROW_NOTES:
        rest = f"and {len(problems) - MAX_ROW_NOTES} more rows like these."
        table.notes.append(FileNote(file=file.name, reason="metadata_row", message=rest))
    if decoded.guessed is not None:
        message = f"Not UTF-8; read as {decoded.guessed}. Save it as UTF-8 to be sure."
        table.notes.append(FileNote(file=file.name, reason="caption_encoding", message=message))
    return table


def _fill(table: Table, rows: Iterable[Row | BadRow], file: Found, catalogue: Catalogue) -> list[str]:
    """Put `rows` into `table`; what is wrong with them, a sentence each."""
    problems: list[str] = []
    seen: set[str] = set()
    for row in rows:
        if isinstance(row, BadRow):
            problems.append(f"{row.place}: {row.problem}.")
            continue
        name = catalogue.find(row.file, file.parts[:-1])
        if name is None:
            problems.append(f"{row.place}: no picture is called {printable(row.file[:120])!r}.")
        elif name in seen:
            problems.append(f"{row.place}: a second row for {name}; the first one counts.")
        else:
            seen.add(name)
            if row.captions is not None:
                table.captions[name] = row.captions
            if row.extras:
                table.extras[name] = row.extras
            problems += [f"{row.place}: {problem}." for problem in row.problems]
    return problems


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

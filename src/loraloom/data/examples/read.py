"""Reading texts to learn from: a file, a folder, a zip or what somebody pasted, told by content. Nothing is changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath

from loraloom.data.examples import parquet, tables
from loraloom.data.examples.decoding import decode
from loraloom.data.examples.gather import Gather
from loraloom.data.examples.jsons import Reader
from loraloom.data.examples.sentences import Unfit
from loraloom.data.examples.zips import Source, is_zip, members
from loraloom.data.files import read_regular
from loraloom.data.formats import HEAD, describe, sniff
from loraloom.data.names import printable
from loraloom.data.refusal import Refused
from loraloom.data.walk import walk
from loraloom.spec.errors import LoomError
from loraloom.spec.example import TextReport

Progress = Callable[[int, int], None]
"""Called with files read and files in all."""
MAX_BYTES = 256 * 2**20
"""Size of one data file."""
JSON, LINES, TABLES, PARQUET = (".json",), (".jsonl", ".ndjson"), (".csv", ".tsv"), (".parquet",)
DOCUMENTS = (".txt", ".md", ".markdown", ".text")
READABLE = (*JSON, *LINES, *TABLES, *PARQUET, *DOCUMENTS)
_UNKNOWN = "data of an unknown kind"
_ABOUT = re.compile(r"(readme|license|licence|changelog|notice)\b", re.IGNORECASE)
_JSON_BEGINS = re.compile(r'\s*(\{\s*"|\[\s*\{)')
_HELD_OUT = re.compile(r"(?:^|[^a-z])(validation|valid|val|test|eval|dev)(?:[^a-z]|$)", re.IGNORECASE)


def read(path: str, progress: Progress | None = None) -> TextReport:
    """Every example under `path`, and a note for every line and file that is not one.

    Raises LoomError `dataset_not_found`, `dataset_unreadable`, `archive_refused`.
    """
    place = Path(path).expanduser()
    if not place.exists():
        hint = "Check dataset.path; a relative path starts from the folder the command runs in."
        raise LoomError("dataset_not_found", f"There is no file or folder at {printable(str(place))}.", hint)
    gather = Gather(path)
    if place.is_dir():
        _folder(gather, place, progress)
    elif is_zip(place):
        with members(place, place.name) as files:
            _many(gather, files, progress)
    else:
        _many(gather, [(printable(place.name), _on_disk(place))], progress)
    return gather.finish()


def parse(content: bytes, name: str) -> TextReport:
    """What `read` says of a file called `name` with this content, or of pasted text. Raises LoomError for a zip."""
    gather = Gather(name)

    def load(limit: int) -> bytes:
        if len(content) > limit:
            raise Unfit("too_large", limit=limit // 2**20)
        return content

    if is_zip(content):
        with members(content, name) as files:
            _many(gather, files, None)
    else:
        _many(gather, [(printable(name), load)], None)
    return gather.finish()


def _on_disk(path: Path) -> Callable[[int], bytes]:
    def load(limit: int) -> bytes:
        try:
            return read_regular(path, limit)
        except Refused as refused:
            if refused.reason == "too_large":
                raise Unfit("too_large", limit=limit // 2**20) from refused
            raise Unfit(
                "empty_file" if refused.reason == "empty_file" else "file", problem=refused.message
            ) from refused

    return load


def _folder(gather: Gather, root: Path, progress: Progress | None) -> None:
    found, notes = walk(root)
    for left in notes:
        if left.reason != "hidden":
            gather.begin(left.file)
            gather.skip(0, Unfit("file", problem=left.message))
            gather.end()
    _many(gather, [(file.name, _on_disk(file.path)) for file in found], progress)


def _many(gather: Gather, sources: Sequence[Source], progress: Progress | None) -> None:
    """All files; a single one may have any name, of many those that hold no data are named."""
    names = [PurePosixPath(name.lower()) for name, _ in sources]
    data = [name for name in names if name.suffix in READABLE and name.suffix not in DOCUMENTS]
    apart = {name for name in data if _HELD_OUT.search(name.stem)}
    held_out = apart if len(apart) < len(data) else set[PurePosixPath]()
    for done, ((label, load), name) in enumerate(zip(sources, names, strict=True)):
        gather.begin(label, "Row" if name.suffix in PARQUET else "Line")
        if len(sources) > 1 and name.suffix not in READABLE:
            gather.skip(0, Unfit("kind", kind=f"Files that end in {name.suffix}" if name.suffix else "Such files"))
        elif data and name.suffix in DOCUMENTS and _ABOUT.match(name.name):
            gather.skip(0, Unfit("about"))
        else:
            _file(gather, load, name, name in held_out)
        gather.end()
        if progress:
            progress(done + 1, len(sources))


def _file(gather: Gather, load: Callable[[int], bytes], name: PurePosixPath, held_out: bool) -> None:
    try:
        for line, value in _values(gather, load(MAX_BYTES), name.suffix):
            gather.take(line, value, held_out)
    except Unfit as unfit:
        gather.skip(0, unfit)


def _values(gather: Gather, data: bytes, suffix: str) -> Iterable[tuple[int, object]]:
    """Rows with their lines; a document is one row."""
    if not data.strip():
        raise Unfit("empty_file")
    kind = _kind(data)
    if kind == "a Git LFS pointer":
        raise Unfit("pointer")
    if data.startswith(b"PAR1") or suffix in PARQUET:
        return parquet.rows(data)
    decoded = decode(data) if kind in ("plain text", _UNKNOWN) else None
    if decoded is None:
        raise Unfit("utf16") if _is_utf16(data[:HEAD]) else Unfit("binary", kind=kind)
    for line, encoding in decoded.guessed:
        gather.warn(line, "encoding", encoding=encoding)
    text = decoded.text
    if not text.strip():
        raise Unfit("empty_file")
    if suffix in (*JSON, *LINES) or _JSON_BEGINS.match(text):
        if suffix in LINES:
            _tell_empty_lines(gather, text)
        return Reader(text, lambda line, key: gather.warn(line, "duplicate_key", key=key)).values(suffix in LINES)
    if suffix in TABLES or tables.is_table(text):
        return tables.rows(text)
    return [(0, {"text": text.strip("\n")})]


def _kind(data: bytes) -> str:
    """What the content seems to be, with its article."""
    head = data[:HEAD]
    picture = sniff(head)
    kind = f"a {picture} picture" if picture else describe(head)
    return _UNKNOWN if kind == "plain text" and b"\x00" in data else kind


def _is_utf16(head: bytes) -> bool:
    """Whether every second byte is 0, or most of them, and no other."""
    zeros = sorted((head[::2].count(0), head[1::2].count(0)))
    return zeros[0] == 0 and zeros[1] > len(head) // 4


def _tell_empty_lines(gather: Gather, text: str) -> None:
    """Empty lines between examples; those at the end say nothing."""
    lines = text.rstrip().split("\n")
    empty = [number for number, line in enumerate(lines, 1) if not line.strip()]
    if empty:
        gather.warn(empty[0], "empty_lines", count=len(empty))

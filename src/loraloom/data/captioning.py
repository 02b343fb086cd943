"""Which stored caption belongs to which picture: metadata first, then the file beside it, then the folder's words."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from loraloom.data.extras import NOTHING, Extras
from loraloom.data.layout import LOOM_FILE, Layout, key_of
from loraloom.data.metadata import Catalogue, named_metadata, read_metadata
from loraloom.data.names import split_extension
from loraloom.data.sidecars import read_sidecars
from loraloom.data.walk import Found
from loraloom.spec.dataset import FileNote


@dataclass
class Metadata:
    """What the metadata files of a data set say, by label of picture."""

    captions: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    extras: dict[str, Extras] = field(default_factory=dict[str, Extras])
    notes: list[FileNote] = field(default_factory=list[FileNote])
    used: list[Found] = field(default_factory=list[Found])
    unused: list[Found] = field(default_factory=list[Found])

    def add(self, file: Found, catalogue: Catalogue) -> None:
        """Read `file`; what others said before counts more."""
        table = read_metadata(file, catalogue)
        self.captions = table.captions | self.captions
        for name, extras in table.extras.items():
            self.extras[name] = self.extras.get(name, NOTHING).over(extras)
        self.notes += table.notes
        self.used.append(file)


def gather_metadata(layout: Layout, metadata_path: str | None, root: Path, catalogue: Catalogue) -> Metadata:
    """Read the metadata file that the config names and no other; without one, every `metadata.*` that was found.
    `loom.json` has no captions, and is read anyway.

    Raises LoomError `file_not_found` or `dataset_unreadable` when the named one is missing or not of a kind that is read.
    """
    gathered = Metadata()
    files = layout.metadata
    if metadata_path is not None:
        named = named_metadata(metadata_path, root)
        others = [file for file in layout.metadata if file.path != named.path]
        files = [named, *(file for file in others if _is_loom(file))]
        gathered.unused = [file for file in others if not _is_loom(file)]
    for file in files:
        gathered.add(file, catalogue)
    return gathered


def captions_of(
    picture: Found, layout: Layout, metadata: Metadata, words: str | None, first: str = ""
) -> tuple[tuple[str, ...], list[FileNote]]:
    """The alternatives of one picture, and notes on what is empty, missing or oddly encoded.

    `words` are those of its folder. A file beside it counts before them even when it is empty, as kohya's scripts have it;
    of several the one with the extension `first`.
    """
    stored = metadata.captions.get(picture.name)
    if stored:
        return stored, []
    sidecars = layout.captions.get(key_of(picture.parts), [])
    if first:
        sidecars = sorted(sidecars, key=lambda file: split_extension(file.parts[-1])[1].lower() != first)
    captions, notes = read_sidecars(sidecars)
    if captions:
        return captions, notes
    if stored is not None and not sidecars:
        notes.append(
            FileNote(file=picture.name, reason="empty_caption", message="Its caption in the metadata is empty.")
        )
    if words and not any(note.reason == "empty_caption" and note.file != picture.name for note in notes):
        return (words,), notes
    if not notes:
        message = "No caption; it is trained on with the trigger word alone, if there is one."
        notes.append(FileNote(file=picture.name, reason="no_caption", message=message))
    return (), notes


def _is_loom(file: Found) -> bool:
    return file.parts[-1].lower() == LOOM_FILE

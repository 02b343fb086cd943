"""Which stored caption belongs to which picture: metadata first, then the file beside it, then the folder's words."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from loraloom.data.kohya import Concept
from loraloom.data.layout import Layout, key_of
from loraloom.data.metadata import Catalogue, named_metadata, read_metadata
from loraloom.data.sidecars import read_sidecars
from loraloom.data.walk import Found
from loraloom.spec.dataset import FileNote


@dataclass
class Metadata:
    """What the metadata files of a data set say, by label of picture."""

    captions: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    notes: list[FileNote] = field(default_factory=list[FileNote])
    used: list[Found] = field(default_factory=list[Found])
    unused: list[Found] = field(default_factory=list[Found])


def gather_metadata(layout: Layout, metadata_path: str | None, root: Path) -> Metadata:
    """Read the metadata file that the config names and no other; without one, every `metadata.*` that was found.

    Raises LoomError `file_not_found` or `dataset_unreadable` when the named one is missing or not of a kind that is read.
    """
    gathered = Metadata()
    if metadata_path is None:
        files = layout.metadata
    else:
        named = named_metadata(metadata_path, root)
        files = [named]
        gathered.unused = [file for file in layout.metadata if file.path != named.path]
    catalogue = Catalogue(layout.pictures, root)
    for file in files:
        captions, notes = read_metadata(file, catalogue)
        gathered.captions = captions | gathered.captions
        gathered.notes += notes
        gathered.used.append(file)
    return gathered


def captions_of(
    picture: Found, layout: Layout, metadata: Metadata, concept: Concept | None
) -> tuple[tuple[str, ...], list[FileNote]]:
    """The alternatives of one picture, and notes on what is empty, missing or oddly encoded."""
    stored = metadata.captions.get(picture.name)
    if stored:
        return stored, []
    sidecars = layout.captions.get(key_of(picture.parts), [])
    captions, notes = read_sidecars(sidecars)
    if captions:
        return captions, notes
    if stored is not None and not sidecars:
        notes.append(
            FileNote(file=picture.name, reason="empty_caption", message="Its caption in the metadata is empty.")
        )
    if concept is not None:
        return (concept.words,), notes
    if not notes:
        message = "No caption; it is trained on with the trigger word alone, if there is one."
        notes.append(FileNote(file=picture.name, reason="no_caption", message=message))
    return (), notes

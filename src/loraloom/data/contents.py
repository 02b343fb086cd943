"""All that the files of a data set say of its pictures: captions, repeats, what is held out, crops, masks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from loraloom.data.captioning import captions_of, gather_metadata
from loraloom.data.extras import NOTHING, Crop
from loraloom.data.kohya import Concepts
from loraloom.data.layout import CONFIG_EXTENSION, arrange, key_of, plain
from loraloom.data.leftovers import leftovers
from loraloom.data.metadata import Catalogue
from loraloom.data.names import split_extension
from loraloom.data.subsets import Subsets
from loraloom.data.walk import Found
from loraloom.spec.dataset import FileNote


@dataclass(frozen=True)
class Said:
    """What is said of one picture. `repeats` None: nothing. `original_name` is its label before an export, if it had one."""

    captions: tuple[str, ...]
    repeats: int | None
    held_out: bool
    crop: Crop | None
    original_name: str | None
    notes: list[FileNote]


class Contents:
    """The files `found` under `root`, read once. `notes` are remarks on tables, configs and folders."""

    def __init__(self, found: Iterable[Found], root: Path, metadata_path: str | None = None) -> None:
        """Raises LoomError `file_not_found`, `dataset_unreadable` for a named metadata file."""
        self.layout = layout = arrange(found)
        catalogue = Catalogue(layout.pictures, root)
        self._metadata = gather_metadata(layout, metadata_path, root, catalogue)
        self._concepts = Concepts(layout.pictures)
        configs = (file for file in layout.rest if split_extension(file.parts[-1])[1].lower() == CONFIG_EXTENSION)
        self._subsets = Subsets(configs, layout.pictures)
        self._metadata.used += self._subsets.used
        for file in (*layout.rest, *layout.cache) if metadata_path is None else ():
            if plain(file.parts[-1]) in self._subsets.tables:
                self._metadata.add(file, catalogue)
        self.notes = [*self._metadata.notes, *self._subsets.notes, *self._concepts.notes]

    def check(self, picture: Found) -> None:
        """Raises Refused for a picture that a folder's name or a config switches off. A config counts before a name, and
        so does a table that says repeats."""
        subset = self._subsets.of(picture)
        if subset is not None:
            subset.check()
        elif self._metadata.extras.get(picture.name, NOTHING).repeats is None:
            self._concepts.check(picture)

    def of(self, picture: Found) -> Said:
        """What is said of `picture`: tables first, then a config, then names of folders."""
        extras = self._metadata.extras.get(picture.name, NOTHING)
        subset, concept = self._subsets.of(picture), self._concepts.of(picture)
        if subset is not None:
            first = subset.extension
            captions, notes = captions_of(picture, self.layout, self._metadata, subset.words, first)
            captions, repeats = subset.dress(captions), subset.repeats
        else:
            words = None if concept is None else concept.words
            captions, notes = captions_of(picture, self.layout, self._metadata, words)
            repeats = None if concept is None else concept.repeats
        return Said(
            captions=captions,
            repeats=extras.repeats if extras.repeats is not None else repeats,
            held_out=self._concepts.held_out(picture) if extras.held_out is None else extras.held_out,
            crop=extras.crop,
            original_name=extras.original_name,
            notes=notes,
        )

    def mask_of(self, picture: Found) -> Found | None:
        """The mask beside `picture`."""
        return self.layout.masks.get(key_of(picture.parts))

    def leftovers(self) -> tuple[int, list[FileNote], list[FileNote]]:
        """See `leftovers.leftovers`."""
        return leftovers(self.layout, self._metadata)

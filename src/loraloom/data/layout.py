"""Sorting the files of a data set by what they are for: pictures, captions, masks, metadata, and the rest."""

from __future__ import annotations

import fnmatch
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from loraloom.data.formats import PICTURE_EXTENSIONS
from loraloom.data.names import split_extension
from loraloom.data.walk import Found

CAPTION_EXTENSIONS = (".txt", ".caption")
"""In order of precedence."""
METADATA_EXTENSIONS = (".csv", ".jsonl", ".ndjson", ".json")
LOOM_FILE = "loom.json"
"""What Loom writes beside pictures that it exports: what their files cannot say."""
METADATA_NAMES = frozenset(("metadata.csv", "metadata.jsonl", "metadata.json", LOOM_FILE))
"""Metadata files that are read without being named in the config."""
CONFIG_EXTENSION = ".toml"
"""kohya's data set configs."""
MASK_SUFFIX = "-masklabel"
_CACHE_PATTERNS = ("*.npz", "*.npy", "meta_cap*.json", "meta_lat*.json", "*_cache.safetensors")

PAPERS = frozenset(("readme", "license", "licence", "copying"))
"""Texts that lie beside pictures and are no captions, unless a picture has their name."""

Key = tuple[str, ...]
"""Folders and stem of a file, without case and in one Unicode form: what a picture shares with its caption and mask."""


@dataclass
class Layout:
    """The files of a data set by role. Captions and masks by the key of their picture."""

    pictures: list[Found] = field(default_factory=list[Found])
    captions: dict[Key, list[Found]] = field(default_factory=dict[Key, list[Found]])
    masks: dict[Key, Found] = field(default_factory=dict[Key, Found])
    metadata: list[Found] = field(default_factory=list[Found])
    cache: list[Found] = field(default_factory=list[Found])
    rest: list[Found] = field(default_factory=list[Found])


def key_of(parts: tuple[str, ...]) -> Key:
    """The key of the file at `parts`."""
    return tuple(plain(part) for part in (*parts[:-1], split_extension(parts[-1])[0]))


def plain(text: str) -> str:
    """`text` without case and in one Unicode form, for comparing names (macOS writes umlauts as two characters)."""
    return unicodedata.normalize("NFC", text).casefold()


def is_cache(name: str) -> bool:
    """Whether a file of this lower-case name is the cache of some trainer."""
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in _CACHE_PATTERNS)


def arrange(files: Iterable[Found]) -> Layout:
    """Sort `files` by role, from their names alone."""
    layout = Layout()
    for file in files:
        name = file.parts[-1].lower()
        stem, extension = split_extension(name)
        key = key_of(file.parts)
        if is_cache(name):
            layout.cache.append(file)
        elif extension in PICTURE_EXTENSIONS and stem.endswith(MASK_SUFFIX):
            layout.masks[(*key[:-1], key[-1].removesuffix(MASK_SUFFIX))] = file
        elif extension in PICTURE_EXTENSIONS:
            layout.pictures.append(file)
        elif extension in CAPTION_EXTENSIONS:
            layout.captions.setdefault(key, []).append(file)
        elif name in METADATA_NAMES:
            layout.metadata.append(file)
        else:
            layout.rest.append(file)
    _set_papers_aside(layout)
    for captions in layout.captions.values():
        captions.sort(key=lambda file: CAPTION_EXTENSIONS.index(split_extension(file.parts[-1])[1].lower()))
    return layout


def _set_papers_aside(layout: Layout) -> None:
    pictures = {key_of(picture.parts) for picture in layout.pictures}
    for key in [key for key in layout.captions if key[-1] in PAPERS and key not in pictures]:
        layout.rest += layout.captions.pop(key)

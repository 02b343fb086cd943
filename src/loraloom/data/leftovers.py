"""Accounting for files that are not pictures: what belongs to one, what is left alone, and why."""

from __future__ import annotations

from loraloom.data.captioning import Metadata
from loraloom.data.formats import FOREIGN_PICTURES, HEAD, describe, sniff
from loraloom.data.layout import CAPTION_EXTENSIONS, METADATA_EXTENSIONS, Key, Layout, key_of
from loraloom.data.names import printable, split_extension
from loraloom.data.refusal import Refused
from loraloom.data.walk import Found
from loraloom.spec.dataset import FileNote


def leftovers(layout: Layout, metadata: Metadata) -> tuple[int, list[FileNote], list[FileNote]]:
    """How many files belong to pictures, notes on files that were skipped, and warnings about captions without a picture."""
    keys = {key_of(picture.parts) for picture in layout.pictures}
    used = {file.path for file in metadata.used}
    masks, lone_masks = _masks(layout, keys)
    captions = [file for key, files in layout.captions.items() for file in files if key in keys]
    orphans = [file for key, files in layout.captions.items() for file in files if key not in keys]
    inside = [file for file in (*layout.metadata, *layout.cache, *layout.rest) if file.path in used]
    skipped = lone_masks
    skipped += [
        Refused("switched_off", "Not read: dataset.metadata_path names another file.").note(file.name)
        for file in metadata.unused
    ]
    skipped += [
        Refused("cache", "A cache of another trainer; not needed.").note(file.name)
        for file in layout.cache
        if file.path not in used
    ]
    skipped += [_look(file).note(file.name) for file in layout.rest if file.path not in used]
    message = "No picture beside it has this name; rename one of the two, or remove it."
    warnings = [FileNote(file=file.name, reason="caption_without_picture", message=message) for file in orphans]
    return masks + len(captions) + len(inside), skipped, warnings


def _masks(layout: Layout, keys: set[Key]) -> tuple[int, list[FileNote]]:
    lone = [file for key, file in layout.masks.items() if key not in keys]
    refused = Refused(
        "mask", "A mask, but no picture beside it has its name without `-masklabel`; rename one of the two."
    )
    return len(layout.masks) - len(lone), [refused.note(file.name) for file in lone]


def _look(file: Found) -> Refused:
    """Why a file whose name promises no picture is left alone; a picture under a wrong name is pointed out."""
    try:
        with file.path.open("rb") as opened:
            head = opened.read(HEAD)
    except OSError:
        return Refused("unreadable", "Cannot be opened; check its permissions.")
    extension = printable(split_extension(file.parts[-1])[1]) or "no extension"
    if extension.lower() in METADATA_EXTENSIONS:
        says = "Not read by itself; call it metadata.csv, metadata.jsonl or metadata.json, or name it in"
        return Refused("not_a_picture", f"{says} dataset.metadata_path, if it holds captions.")
    if extension.lower() in CAPTION_EXTENSIONS:
        return Refused("not_a_picture", "A text about the data set, not a caption; left alone.")
    name = sniff(head)
    if name is not None:
        return Refused(
            "unsupported", f"Holds a {name} picture under {extension}; rename it to .{name.lower()} to use it."
        )
    what = describe(head) if head else "nothing"
    if what in FOREIGN_PICTURES:
        return Refused("unsupported", f"Holds {what}, which is not read; save it as PNG, JPEG or WebP.")
    return Refused("not_a_picture", f"Neither picture nor caption ({extension}, holds {what}); left alone.")

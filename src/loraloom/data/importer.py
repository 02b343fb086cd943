"""Importing a data set: every file of a folder or zip is taken, or reported with the reason and what to do."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from loraloom.data.buckets import bucket_sizes
from loraloom.data.contents import Contents
from loraloom.data.decode import decode
from loraloom.data.examine import Facts, examine
from loraloom.data.files import read_regular
from loraloom.data.limits import MAX_PICTURE_BYTES
from loraloom.data.names import printable
from loraloom.data.pixels import colour
from loraloom.data.refusal import Refused
from loraloom.data.source import open_source
from loraloom.data.walk import Found, walk
from loraloom.spec.dataset import Dataset, DatasetReport, FileNote, Image
from loraloom.spec.errors import LoomError

Progress = Callable[[int, int], None]
"""Called with pictures examined and pictures in all."""


def scan(dataset: Dataset, *, unpack_to: Path | None = None, progress: Progress | None = None) -> DatasetReport:
    """What `survey` finds, when there is something to train on. Raises LoomError `dataset_empty` (with the reasons counted
    and the first files named) when nothing is usable, and whatever `survey` raises."""
    report = survey(dataset, unpack_to=unpack_to, progress=progress)
    if not report.images:
        raise _nothing_usable(report)
    return report


def survey(dataset: Dataset, *, unpack_to: Path | None = None, progress: Progress | None = None) -> DatasetReport:
    """Examine every file of `dataset`; each picture is decoded in full once, so that a truncated one is found here.

    A zip is unpacked inside `unpack_to`, or the cache of the data home, under its hash, and that is used the next time.
    Raises LoomError `dataset_not_found`, `dataset_unreadable`, `archive_refused`, `file_not_found` for a metadata file
    that is named but missing, `config_invalid` for a background that is no colour, `disk_full`, `not_writable`.
    """
    colour(dataset.background)
    root, skipped = open_source(dataset.path, unpack_to)
    found, unwalked = walk(root)
    contents = Contents(found, root, dataset.metadata_path)
    report = DatasetReport(path=dataset.path, skipped=skipped + unwalked, warnings=list(contents.notes))
    report.files = len(found) + len(report.skipped)
    _take_pictures(report, contents, dataset, progress)
    attached, notes, orphans = contents.leftovers()
    report.attached = attached
    report.skipped += notes
    report.warnings += orphans
    return report


def _take_pictures(report: DatasetReport, contents: Contents, dataset: Dataset, progress: Progress | None) -> None:
    first: dict[str, str] = {}
    for picture, outcome in _examine_all(contents, dataset, progress):
        if isinstance(outcome, Facts) and outcome.sha256 in first:
            says = f"The same file as {first[outcome.sha256]}, which is used; raise repeats to count it more often."
            outcome = Refused("duplicate", says)
        if isinstance(outcome, Refused):
            report.skipped.append(outcome.note(picture.name))
            continue
        first[outcome.sha256] = picture.name
        report.warnings += [FileNote(file=picture.name, reason=r, message=m) for r, m in outcome.remarks]
        said = contents.of(picture)
        report.warnings += said.notes
        mask, mask_sha256 = _mask(contents.mask_of(picture), report) if dataset.masks else (None, None)
        report.images.append(
            Image(
                path=str(picture.path),
                name=picture.name,
                width=outcome.width,
                height=outcome.height,
                sha256=outcome.sha256,
                captions=said.captions,
                repeats=said.repeats or dataset.repeats,
                held_out=said.held_out,
                crop=said.crop,
                mask=mask,
                mask_sha256=mask_sha256,
            )
        )


def _examine_all(
    contents: Contents, dataset: Dataset, progress: Progress | None
) -> list[tuple[Found, Facts | Refused]]:
    """Outcomes in the order of the pictures; decoding runs on a few threads (Pillow lets go of the interpreter)."""
    sizes = bucket_sizes(dataset)
    pictures = contents.layout.pictures

    def one(picture: Found) -> Facts | Refused:
        try:
            contents.check(picture)
            return examine(picture.path, dataset, sizes)
        except Refused as refused:
            return refused
        except MemoryError:  # not the picture's fault: its size has been checked
            raise
        except Exception as error:  # a picture that trips a decoder in a new way is reported, and the others go on
            return Refused("unreadable", f"Cannot be examined ({type(error).__name__}); save it again from its source.")

    outcomes: list[tuple[Found, Facts | Refused]] = []
    pool = ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1), thread_name_prefix="examine")
    try:
        for picture, outcome in zip(pictures, pool.map(one, pictures), strict=True):
            outcomes.append((picture, outcome))
            if progress is not None:
                progress(len(outcomes), len(pictures))
    finally:
        pool.shutdown(cancel_futures=True)
    return outcomes


def _mask(mask: Found | None, report: DatasetReport) -> tuple[str, str] | tuple[None, None]:
    """Path and hash of a picture's mask when there is one that decodes."""
    if mask is None:
        return None, None
    try:
        data = read_regular(mask.path, MAX_PICTURE_BYTES)
        decode(data)
    except Refused as refused:
        message = f"{refused.message} The picture is trained on without its mask."
        report.warnings.append(FileNote(file=mask.name, reason="mask_unreadable", message=message))
        return None, None
    return str(mask.path), hashlib.sha256(data).hexdigest()


def _nothing_usable(report: DatasetReport) -> LoomError:
    where = printable(report.path)
    if not report.skipped:
        return LoomError("dataset_empty", f"There are no pictures in {where}.", "Put PNG, JPEG or WebP files there.")
    counts = Counter(note.reason.replace("_", " ") for note in report.skipped)
    reasons = ", ".join(f"{count} {reason}" for reason, count in counts.most_common())
    examples = "\n".join(f"  {note.file}: {note.message}" for note in report.skipped[:5])
    return LoomError(
        "dataset_empty",
        f"None of the {report.files} files in {where} can be used: {reasons}.\n{examples}",
        "Put PNG, JPEG or WebP pictures there, or point dataset.path at the folder that has them.",
    )

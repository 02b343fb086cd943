"""Limits under which strangers' files are read. Each is named in the sentence that a person gets when it is passed."""

from __future__ import annotations

from dataclasses import dataclass

MAX_PIXELS = 200_000_000
"""Width times height of a picture (a 200-megapixel phone photograph still passes). Checked before anything is decoded."""
MAX_PICTURE_BYTES = 512 * 2**20
"""Size of one picture file."""
MAX_TEXT_BYTES = 2**20
"""Size of one caption file."""
MAX_TABLE_BYTES = 256 * 2**20
"""Size of one metadata file."""
MAX_FOLDER_FILES = 500_000
"""Files met in one data set folder: beyond it, the path is most likely not a data set."""
MAX_KOHYA_REPEATS = 1_000
"""Above this, `<N>_<words>` is read as a plain folder name (`20240101_holiday`), not as repeats."""
MAX_ROW_NOTES = 20
"""Rows of one metadata file that are reported one by one; the rest is counted."""


@dataclass(frozen=True)
class ArchiveLimits:
    """What a zip may hold. Sizes in bytes; `ratio` is unpacked over packed, asked only above `ratio_free` bytes."""

    files: int = 100_000
    total: int = 64 * 2**30
    ratio: float = 200.0
    ratio_free: int = 64 * 2**20


ARCHIVE = ArchiveLimits()

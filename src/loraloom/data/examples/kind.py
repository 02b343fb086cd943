"""Whether a path holds texts or pictures, told by what lies there."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath

from loraloom.data.examples.read import READABLE
from loraloom.data.examples.zips import is_zip
from loraloom.data.formats import PICTURE_EXTENSIONS
from loraloom.data.walk import walk
from loraloom.spec.errors import LoomError


def holds_texts(path: Path) -> bool:
    """Whether `path` is a data file, or a folder or zip with data files or documents and without pictures (whose captions
    are `.txt` too). False where nothing is, or nothing can be looked at."""
    try:
        if path.is_dir():
            names = [found.parts[-1] for found in walk(path)[0]]
        elif is_zip(path):
            with zipfile.ZipFile(path) as zipped:
                names = zipped.namelist()
        else:
            return path.is_file()
    except (OSError, LoomError, zipfile.BadZipFile):
        return False
    suffixes = {PurePosixPath(name.lower()).suffix for name in names}
    return not suffixes & PICTURE_EXTENSIONS and bool(suffixes.intersection(READABLE))

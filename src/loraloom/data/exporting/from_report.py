"""The pictures of a data set on disk, as they are exported."""

from __future__ import annotations

from pathlib import Path

from loraloom.data.exporting.picture import Picture
from loraloom.spec.dataset import DatasetReport


def pictures_of(report: DatasetReport) -> list[Picture]:
    """What `importer.scan` found."""
    return [
        Picture(
            name=image.name,
            path=Path(image.path),
            caption="\n".join(image.captions) or None,
            repeats=image.repeats,
            held_out=image.held_out,
            crop=image.crop,
            mask=Path(image.mask) if image.mask else None,
        )
        for image in report.images
    ]

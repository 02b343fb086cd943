"""An uploaded base model: looked at by its header, moved (not copied) into the data home, and listed."""

from __future__ import annotations

import os
from pathlib import Path

from loraloom.data.names import safe_component
from loraloom.models.received import check_received
from loraloom.store.database import Database
from loraloom.store.ids import new_id
from loraloom.store.tables import BaseModel, Upload


def move_in(database: Database, models: Path, upload: Upload, path: Path) -> None:
    """Make a base model of the upload whose bytes lie at `path`. Raises LoomError as `check_received` does.

    It keeps its name in a folder of its own: some models say only there how they predict. The id is written down before
    the file moves, so that a check that was interrupted between the two finds it again.
    """
    name = safe_component(upload.filename.rsplit("/", 1)[-1])
    model_id = upload.model_id or new_id()
    target = models / model_id / name
    if not target.exists():
        check_received(path, upload.filename)
        with database.session() as session:
            session.merge(upload).model_id = model_id
        with path.open("rb+") as file:
            os.fsync(file.fileno())
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
    found = check_received(target, upload.filename)
    row = BaseModel(
        id=model_id,
        name=target.stem,
        source=str(target),
        family=found.family,
        resolution=found.resolution,
        prediction=found.prediction,
        layout=found.layout,
        bytes=target.stat().st_size,
        warnings=list(found.warnings),
        user_id=upload.user_id,
    )
    with database.session() as session:
        session.merge(row)
        there = session.merge(upload)
        there.model_id, there.state = model_id, "done"

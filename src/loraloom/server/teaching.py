"""Labels taught by answers: one `learning.Session` a data set, kept in memory, its answers in the data set's row."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from loraloom.data.captioned import lines
from loraloom.data.edits import same
from loraloom.spec.errors import LoomError
from loraloom.store.tables import Dataset, Image, Run

if TYPE_CHECKING:
    from loraloom.data.learning.session import Session

KEPT = 4
"""Sessions that stay in memory."""
Answers = dict[str, str | None]


class Teaching:
    """Safe for several threads: each data set is worked on by one at a time."""

    def __init__(self, runs: Path) -> None:
        self._runs = runs
        self._lock = threading.Lock()
        self._sessions: OrderedDict[tuple[str, ...], tuple[Session, threading.Lock]] = OrderedDict()

    def session(self, db: Db, dataset: Dataset, images: Sequence[Image]) -> tuple[Session, threading.Lock]:
        """The session with the newest answers, and the lock to hold while it is used.

        Embeddings are those of the newest captioning that saw every picture, else what the quality check measured. Raises
        LoomError `run_not_ready` while neither is there.
        """
        labels = labels_of(dataset)
        run = self._embedded(db, dataset, images)
        key = (dataset.id, run or "", *labels, *(image.id for image in images))
        with self._lock:
            found = self._sessions.pop(key, None) or (self._made(labels, images, run), threading.Lock())
            self._sessions[key] = found
            while len(self._sessions) > KEPT:
                self._sessions.popitem(last=False)
        made, lock = found
        with lock:
            _sync(made, images, answers_of(dataset))
        return made, lock

    def _embedded(self, db: Db, dataset: Dataset, images: Sequence[Image]) -> str | None:
        """Id of the newest captioning that left embeddings of all `images`."""
        done = select(Run.id).where(Run.dataset_id == dataset.id, Run.kind == "caption", Run.state == "finished")
        for run_id in db.scalars(done.order_by(Run.id.desc()).limit(20)):
            files = _files(self._runs / run_id)
            if files and all(image.id in files for image in images):
                return run_id
        return None

    def _made(self, labels: tuple[str, ...], images: Sequence[Image], run: str | None) -> Session:
        import numpy as np

        from loraloom.data.learning.session import Session

        if run is not None:
            folder = self._runs / run
            places = _files(folder)
            rows = np.load(folder / "embeddings.npy", allow_pickle=False)[[places[image.id] for image in images]]
            return Session(labels, rows, _prior(folder, labels, images))
        if any(not image.looked for image in images):
            says = "The pictures are still being looked at."
            raise LoomError(
                "run_not_ready", says, "Wait a moment; or let the engine clip caption them for better proposals."
            )
        return Session(
            labels, np.array([image.looked["descriptor"] for image in images if image.looked], dtype=np.float32)
        )


def labels_of(dataset: Dataset) -> tuple[str, ...]:
    """What may be answered."""
    return tuple((dataset.labelling or {}).get("labels", ()))


def answers_of(dataset: Dataset) -> Answers:
    """Picture's id -> its label, or None where none fits; the newest last."""
    return dict((dataset.labelling or {}).get("answers", ()))


def _sync(session: Session, images: Sequence[Image], answers: Answers) -> None:
    """Give the session the answers that the row has, and no others."""
    wanted = {index: answers[image.id] for index, image in enumerate(images) if image.id in answers}
    for index in [index for index in session.answers if index not in wanted]:
        session.forget(index)
    for index, label in wanted.items():
        if (index not in session.answers or session.answers[index] != label) and (
            label is None or label in session.labels
        ):
            session.answer(index, label)


def _files(folder: Path) -> dict[str, int]:
    """Picture's id -> its row in embeddings.npy; empty when there is none."""
    try:
        if not (folder / "embeddings.npy").is_file():
            return {}
        names: list[str] = json.loads((folder / "embeddings.json").read_text("utf-8"))["files"]
    except (OSError, ValueError, KeyError):
        return {}
    return {Path(str(name)).stem: place for place, name in enumerate(names)}


def _prior(folder: Path, labels: tuple[str, ...], images: Sequence[Image]) -> Any:
    """Probabilities [pictures, labels] that the engine gave, where it knew these labels; else None."""
    import numpy as np

    column = {same(label): place for place, label in enumerate(labels)}
    row = {image.id: place for place, image in enumerate(images)}
    found = np.zeros((len(images), len(labels)))
    for line in lines(folder).values():
        image_id = Path(line.file).stem
        for one in line.labels:
            place = column.get(same(one["label"]))
            if image_id in row and place is not None:
                found[row[image_id], place] = one["p"]
    return found if found.any() else None

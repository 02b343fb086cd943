"""The packaged pictures as a data set, made the way an upload is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import func, select

from loraloom.data.intake import Item, take_in
from loraloom.jobs.demo import DATA
from loraloom.server.adding import Adding
from loraloom.server.context import Context
from loraloom.spec.errors import LoomError
from loraloom.store.changes import LOCK
from loraloom.store.tables import Dataset, Image

NAME = "Sample"
_one_at_a_time = threading.Lock()


def ensure(context: Context, user_id: str, name: str = NAME) -> str:
    """Id of the user's sample, made as `name` or filled when there is none. Raises LoomError `dataset_not_found` when it is
    not in the installation."""
    if not DATA.is_dir():
        raise LoomError("dataset_not_found", "The sample pictures are missing from the installation.", "Install again.")
    with _one_at_a_time:
        there = select(Dataset).where(Dataset.user_id == user_id, Dataset.sample)
        with context.database.session() as session:
            dataset = session.scalars(there.order_by(Dataset.id)).first()
            if dataset is None:
                dataset = Dataset(name=name, user_id=user_id, sample=True)
                session.add(dataset)
                session.flush()
            elif session.scalar(select(func.count()).where(Image.dataset_id == dataset.id)):
                return dataset.id
        items = list(_items(context.home))
        adding = Adding(context.blobs, context.ingest.waiting, dataset.id)
        with LOCK, context.database.session() as session:
            adding.add(session, items)
        return dataset.id


def _items(scratch: Path) -> Iterator[Item]:
    for pattern in ("*.png", "*.txt"):
        for path in sorted(DATA.glob(pattern)):
            yield from take_in(path, path.name, scratch)

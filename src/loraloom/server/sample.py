"""The packaged pictures or texts as a data set, made the way an upload is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

import loraloom
from loraloom.data.examples.read import read
from loraloom.data.intake import Item, take_in
from loraloom.jobs.demo import DATA
from loraloom.server.adding import AUTHOR, Adding
from loraloom.server.context import Context
from loraloom.spec.errors import LoomError
from loraloom.store import examples
from loraloom.store.changes import LOCK
from loraloom.store.tables import Dataset, Example, Image, Kind

NAME = "Sample"
TEXTS = Path(loraloom.__file__).parent / "assets" / "demo_text" / "pairs.jsonl"
_one_at_a_time = threading.Lock()


def ensure(context: Context, user_id: str, name: str = NAME, kind: Kind = "images") -> str:
    """Id of the user's sample of pictures or texts, made as `name` or filled when there is none. Raises LoomError
    `dataset_not_found` when it is not in the installation."""
    if not (TEXTS.is_file() if kind == "texts" else DATA.is_dir()):
        raise LoomError("dataset_not_found", "The sample is missing from the installation.", "Install again.")
    with _one_at_a_time:
        there = select(Dataset).where(Dataset.user_id == user_id, Dataset.sample, Dataset.kind == kind)
        with context.database.session() as session:
            dataset = session.scalars(there.order_by(Dataset.id)).first()
            if dataset is None:
                dataset = Dataset(name=name, kind=kind, user_id=user_id, sample=True)
                session.add(dataset)
                session.flush()
            elif _filled(session, dataset):
                return dataset.id
        if kind == "texts":
            _add_texts(context, dataset.id)
        else:
            _add_pictures(context, dataset.id)
        return dataset.id


def _filled(session: Session, dataset: Dataset) -> bool:
    """Whether anything was ever put into it."""
    table = Example if dataset.kind == "texts" else Image
    return bool(session.scalar(select(func.count()).where(table.dataset_id == dataset.id)))


def _add_texts(context: Context, dataset_id: str) -> None:
    report = read(str(TEXTS))
    with LOCK, context.database.session() as session:
        examples.add(session, dataset_id, report.examples, AUTHOR)


def _add_pictures(context: Context, dataset_id: str) -> None:
    items = list(_items(context.home))
    adding = Adding(context.blobs, context.ingest.waiting, dataset_id)
    with LOCK, context.database.session() as session:
        adding.add(session, items)


def _items(scratch: Path) -> Iterator[Item]:
    for pattern in ("*.png", "*.txt"):
        for path in sorted(DATA.glob(pattern)):
            yield from take_in(path, path.name, scratch)

"""Looks at pictures in the background, once each, and keeps the score card of a data set until the set changes."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from PIL import Image as Pictures
from sqlalchemy import Select, and_, func, or_, update
from sqlalchemy.orm import Session

from loraloom.data.quality import nsfw
from loraloom.store.blobs import Blobs
from loraloom.store.database import Database
from loraloom.store.datasets import images_of, matching
from loraloom.store.settings import read_settings
from loraloom.store.tables import Dataset, Image

if TYPE_CHECKING:
    from loraloom.data.quality.report import Card

LOG = logging.getLogger("loraloom.quality")
BATCH = 24
CARDS = 16
"""Score cards that stay in memory."""
Key = tuple[str, int, int, str, int | None, bool]


class Looking:
    """One thread: numpy is loaded when a set is looked at for the first time."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database, self._blobs = database, blobs
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="looking")
        self._lock = threading.Lock()
        self._busy: set[str] = set()
        self._cards: OrderedDict[Key, Card] = OrderedDict()
        self._stopping = threading.Event()

    def card(self, session: Session, dataset: Dataset, trigger: str, resolution: int | None) -> tuple[Card, bool]:
        """The score card of the set, and whether every picture was looked at; the others are, from now on."""
        unseen = self.begin(session, dataset.id)
        safe = _safe(session)
        key = (dataset.id, dataset.version, unseen, trigger, resolution, safe)
        with self._lock:
            found = self._cards.get(key)
        if found is None:
            found = _card(images_of(session, dataset.id), trigger, resolution, safe)
            with self._lock:
                self._cards[key] = found
                while len(self._cards) > CARDS:
                    self._cards.popitem(last=False)
        return found, unseen == 0

    def begin(self, session: Session, dataset_id: str) -> int:
        """How many pictures nobody has looked at; that is being done now."""
        unseen = session.scalar(_unseen(dataset_id, _safe(session)).with_only_columns(func.count())) or 0
        if unseen:
            self._begin(dataset_id)
        return unseen

    def stop(self) -> None:
        """Leave what was not looked at to the next time somebody asks."""
        self._stopping.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _begin(self, dataset_id: str) -> None:
        with self._lock:
            if dataset_id in self._busy:
                return
            self._busy.add(dataset_id)
        self._pool.submit(self._look, dataset_id)

    def _look(self, dataset_id: str) -> None:
        try:
            while not self._stopping.is_set():
                with self._database.session() as session:
                    safe = _safe(session)
                    asked = _unseen(dataset_id, safe).with_only_columns(Image.id, Image.blob).limit(BATCH)
                    rows = session.execute(asked).all()
                if not rows:
                    return
                seen = [{"id": image_id, "looked": self._measure(blob, safe)} for image_id, blob in rows]
                with self._database.session() as session:
                    session.execute(update(Image), seen)
        except Exception:
            LOG.exception("the pictures of data set %s could not be looked at", dataset_id)
        finally:
            with self._lock:
                self._busy.discard(dataset_id)

    def _measure(self, blob: str, safe: bool) -> dict[str, object]:
        from loraloom.data.quality.measures import measure

        try:
            with self._blobs.open(blob) as file, Pictures.open(file, formats=("WEBP", "PNG")) as picture:
                found = measure(picture)
                if safe:
                    found = found.model_copy(update={"nsfw": nsfw.score(picture)})
                return found.model_dump(mode="json")
        except OSError as error:
            LOG.warning("picture %s: %s", blob, error)
            return {}


def _safe(session: Session) -> bool:
    """Whether pictures are looked at for whether they are safe for work."""
    return read_settings(session).nsfw_check and nsfw.installed()


def _unseen(dataset_id: str, safe: bool) -> Select[Image]:
    unseen = Image.looked.is_(None)
    if safe:  # those measured without; what could not be read has no hash, and is not tried again
        without = Image.looked["nsfw"].as_float().is_(None)
        unseen = or_(unseen, and_(Image.looked["hash"].as_string().is_not(None), without))
    return matching(dataset_id, None).where(unseen)


def _card(images: list[Image], trigger: str, resolution: int | None, safe: bool) -> Card:
    from loraloom.data.quality.card import card
    from loraloom.data.quality.report import Looked, Measures
    from loraloom.data.quality.tokens import ROOM, clip_tokens
    from loraloom.models.clip_vocab import clip_vocabulary

    looked = [
        Looked(
            id=image.id,
            width=image.width,
            height=image.height,
            caption=image.caption,
            measures=Measures.model_validate(image.looked if safe else image.looked | {"nsfw": None})
            if image.looked
            else None,
        )
        for image in images
    ]
    return card(looked, trigger=trigger, limit=ROOM, tokens=clip_tokens(*clip_vocabulary()), resolution=resolution)

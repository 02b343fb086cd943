"""Which pictures are looked at, on both databases: those nobody looked at, and for safety those not yet scored."""

from __future__ import annotations

from pathlib import Path

import pytest

from loraloom.data.quality import nsfw
from loraloom.server.looking import Looking
from loraloom.store import users
from loraloom.store.blobs import FolderBlobs
from loraloom.store.database import Database
from loraloom.store.settings import Settings, write_settings
from loraloom.store.tables import Dataset, Image


def test_those_not_scored_are_looked_at_again(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nsfw, "installed", lambda: True)
    monkeypatch.setattr(nsfw, "score", lambda picture: 0.9)
    looking = Looking(database, FolderBlobs(tmp_path / "blobs"))
    monkeypatch.setattr(looking, "_begin", lambda dataset_id: None)
    measured = {"hash": "00", "sharpness": None}
    kinds = {
        "new": None,
        "unreadable": {},
        "before": measured,
        "without": measured | {"nsfw": None},
        "scored": measured | {"nsfw": 0.0},
    }
    with database.session() as session:
        made = Dataset(name="d", user_id=users.ensure_local(session).id)
        session.add(made)
        session.flush()
        for name, looked in kinds.items():
            session.add(
                Image(dataset_id=made.id, name=name, blob=f"{name:0>64}", width=9, height=9, bytes=9, looked=looked)
            )
        session.flush()
        assert looking.begin(session, made.id) == 1
        write_settings(session, Settings.model_validate({"nsfw_check": True}))
        session.flush()
        assert looking.begin(session, made.id) == 3
    looking.stop()

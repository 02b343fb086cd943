"""Publishing a file or a run folder from the command line: by what the records know of it, else by what it says itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sqlalchemy.orm import Session

from loraloom.jobs.publish_facts import of_path, of_row
from loraloom.jobs.publishing import publish
from loraloom.publish.hashes import sha256_of
from loraloom.spec.publication import Publish
from loraloom.store import publications
from loraloom.store.tables import Publication
from loraloom.store.users import ensure_local


def publish_path(session: Session, home: Path, path: Path, asked: Publish, name: str = "") -> Publication:
    """Publish the LoRA at `path`. One whose bytes are those of a LoRA in the records has its experiments; any other is
    untested. Raises LoomError of `of_path` and `publish`."""
    subject = of_path(path)
    lora = publications.lora_by_hash(session, sha256_of(subject.file))
    if lora is not None and (home / lora.file).is_file():
        subject = of_row(session, home, lora)
    if name.strip():
        subject = replace(subject, label=name.strip()[:200])
    user = ensure_local(session)
    return publish(session, home, user, subject, asked, lora.id if lora is not None else None, any_folder=True)

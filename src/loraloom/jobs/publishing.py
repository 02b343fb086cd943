"""Publishing: the gate, the next version, its bundle, the place it goes to, the row that says so; and taking it back.

The API and the command line both come through here.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock
from sqlalchemy.orm import Session

from loraloom.data.names import safe_stem
from loraloom.jobs.publish_files import formats_of, kohya, write_weights
from loraloom.jobs.publish_places import Destination, place_of, target_of
from loraloom.models.header import read_header
from loraloom.models.lora_file import find_layout
from loraloom.publish.bundle import Bundle, card_of, complete, tell
from loraloom.publish.evidence import best_column, evidence
from loraloom.publish.hashes import hashes
from loraloom.publish.markdown import one_line
from loraloom.publish.subject import Subject
from loraloom.publish.targets.target import Put
from loraloom.publish.unsaid import tells
from loraloom.publish.writing import refusal
from loraloom.spec.errors import LoomError
from loraloom.spec.publication import Evidence, Publish
from loraloom.store import publications
from loraloom.store.ids import new_id
from loraloom.store.runs import own
from loraloom.store.tables import Publication, User, now

PUBLICATIONS = "publications"
"""In the data home: a folder a publication that is kept here."""


def check_gate(subject: Subject, asked: Publish) -> None:
    """Raises LoomError `lora_untested` for a LoRA that no finished experiment has in it, unless that was said again."""
    if not subject.findings and not asked.untested:
        raise LoomError(
            "lora_untested",
            f"{subject.label} was not tested: no finished experiment has it in it.",
            "Compare it with its base first, or say again that it goes out untested.",
        )


def evidence_of(subject: Subject) -> Evidence:
    """What speaks for it; hashes are of the file as it would go out."""
    with _as_published(subject, captions=False) as file:
        return evidence(subject, hashes(file, tensors=subject.kind == "images"))


def draft(session: Session, subject: Subject, asked: Publish) -> str:
    """The card that would be published as the next version."""
    place = asked.place if asked.target in ("folder", "hub") else ""
    rows = publications.versions(session, subject.label, asked.target, place)
    version = publications.next_version(session, subject.label, asked.target, place)
    with _as_published(subject, asked.captions) as file:
        told = tell(subject, asked, version, file)
        shown = told.grid is not None or subject.preview is not None
        name = file.name if subject.kind == "texts" else f"{_stem(subject)}.safetensors"
        return card_of(subject, told, name, f"{_stem(subject)}.png" if shown else None) + _before(rows)


def publish(
    session: Session, home: Path, user: User, subject: Subject, asked: Publish, lora_id: str | None, any_folder: bool
) -> Publication:
    """Publish `subject` as the next version of its name at the place; committed when it is there.

    `any_folder`: whether a folder may be named that no program was found in. Raises LoomError `lora_untested`,
    `lora_mismatch`, `not_allowed`, `not_writable`, `file_not_found`, `disk_full`, `hub_refused`, and those of formats.
    """
    check_gate(subject, asked)
    formats = formats_of(subject, asked.target, asked.formats)
    place = place_of(asked, any_folder)
    best = best_column(subject.findings)
    number = new_id()
    with _alone(home):
        version = publications.next_version(session, subject.label, asked.target, place)
        rows = publications.versions(session, subject.label, asked.target, place)
        with _staging(home) as folder:
            weights = write_weights(subject, folder, formats, asked, best.column.strength if best else 1.0)
            bundle = complete(folder, subject, asked, version, weights, _before(rows))
            target = target_of(
                session, Destination(home, number, asked.target, place, subject.label, version, asked.private)
            )
            put = target.put(bundle)
        try:
            row = _row(bundle, put, number, user, lora_id, place)
            session.add(row)
            session.commit()
        except Exception:
            session.rollback()
            target.take(put)
            raise
    return row


def withdraw(session: Session, home: Path, user: User, row: Publication) -> Publication:
    """Take a version back: its files go away as far as they are still ours, its row stays; committed. Raises LoomError
    `not_allowed`, `hub_refused`, `not_writable`."""
    own(user, row.user_id)
    with _alone(home):
        session.refresh(row)
        if row.state == "withdrawn":
            return row
        private = bool(row.details.get("asked", {}).get("private", True))
        target = target_of(session, Destination(home, row.id, row.target, row.place, row.name, row.version, private))
        target.take(Put(dict(row.details.get("sums", {})), str(row.details.get("address", ""))))
        row.state, row.withdrawn_at = "withdrawn", now()
        session.commit()
    return row


def _row(bundle: Bundle, put: Put, number: str, user: User, lora_id: str | None, place: str) -> Publication:
    told = bundle.told
    asked = told.asked.model_dump(mode="json")
    return Publication(
        id=number,
        lora_id=lora_id,
        user_id=user.id,
        name=bundle.label,
        version=bundle.version,
        target=told.asked.target,
        place=place,
        tested=told.evidence.tested,
        changes=told.asked.changes,
        files=list(put.files),
        sha256=told.evidence.hashes.sha256,
        details={
            "asked": asked,
            "evidence": told.evidence.model_dump(mode="json"),
            "sums": put.files,
            "address": put.address,
        },
    )


@contextmanager
def _as_published(subject: Subject, captions: bool) -> Generator[Path]:
    """The file whose hashes people will see; a copy where something must be left out of it."""
    header = read_header(subject.file)
    same = find_layout(header.tensors) != "diffusers" and (captions or not tells(header.metadata))
    if subject.kind == "texts" or same:
        yield subject.file
        return
    with tempfile.TemporaryDirectory(prefix="loraloom-") as name:
        yield kohya(subject, Path(name) / f"{_stem(subject)}.safetensors", captions)


@contextmanager
def _staging(home: Path) -> Generator[Path]:
    root = home / PUBLICATIONS
    try:
        root.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".new-", dir=root))
    except OSError as error:
        raise refusal(root, error) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _alone(home: Path) -> Generator[None]:
    """One publication at a time, the command line's among them: two of the same name get two numbers."""
    (home / PUBLICATIONS).mkdir(parents=True, exist_ok=True)
    with FileLock(home / PUBLICATIONS / ".lock"):
        yield


def _before(rows: Sequence[Publication]) -> str:
    """The changes of older versions, for the end of the card."""
    said = [(row.version, row.changes.strip()) for row in rows if row.changes.strip()]
    lines = [f"- Version {version}: {one_line(changes)}" for version, changes in said]
    return "\n".join(("\n## Earlier versions", "", *lines, "")) if lines else ""


def _stem(subject: Subject) -> str:
    return safe_stem(subject.label)

"""Where a publication goes: which folders may be written, and the target behind a place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from loraloom.jobs.folder import absolute
from loraloom.publish.places import INSIDE, places
from loraloom.publish.targets.folder import FolderTarget, check
from loraloom.publish.targets.gallery import GalleryTarget
from loraloom.publish.targets.hub import HubTarget, check_name
from loraloom.publish.targets.target import Target
from loraloom.publish.targets.zip import ZipTarget
from loraloom.spec.errors import LoomError
from loraloom.spec.publication import Publish
from loraloom.store import publications

PUBLICATIONS, GALLERY = "publications", "gallery"


@dataclass(frozen=True)
class Destination:
    """One version on its way; `id` is its row's."""

    home: Path
    id: str
    target: str
    place: str
    name: str
    version: int
    private: bool


def place_of(asked: Publish, any_folder: bool) -> str:
    """The place as the row keeps it: a folder from the root, `owner/name`, or nothing. A program's name (`comfyui`) stands
    for the first folder found of it. Raises LoomError `not_allowed`, `file_not_found`, `not_writable`, `hub_refused`."""
    if asked.target == "hub":
        check_name(asked.place.strip())
        return asked.place.strip()
    if asked.target != "folder":
        return ""
    known = places()
    if asked.place in INSIDE:
        found = next((place for place in known if place.program == asked.place), None)
        if found is None:
            raise LoomError("file_not_found", f"No {asked.place} was found on this machine.", "Name its LoRA folder.")
        return found.path
    if not asked.place.strip():
        raise LoomError("file_not_found", "No folder was named.", "Name the folder that your program loads LoRAs from.")
    if "\0" in asked.place:
        raise LoomError("file_not_found", "That is no folder.", "Name one that is there.")
    folder = absolute(asked.place)
    same = next((place for place in known if Path(place.path) == folder), None)
    if same is None and not any_folder:
        says = "Only an administrator may name a folder of the server."
        raise LoomError("not_allowed", says, "Choose a folder that was found, or publish as a zip.")
    check(folder)
    return str(folder)


def target_of(session: Session, to: Destination) -> Target:
    """The target that puts or takes the version."""
    kept = to.home / PUBLICATIONS / to.id
    if to.target == "folder":
        return FolderTarget(Path(to.place))
    if to.target == "zip":
        return ZipTarget(kept)
    if to.target == "hub":
        return _hub(session, to)
    live = publications.published(session, "gallery")
    others = tuple(to.home / PUBLICATIONS / row.id for row in live if row.id != to.id)
    return GalleryTarget(to.home / GALLERY, kept, others)


def _hub(session: Session, to: Destination) -> HubTarget:
    rows = [row for row in publications.versions(session, to.name, "hub", to.place) if row.id != to.id]
    before = frozenset(str(name) for row in rows for name in row.files)
    last = not any(row.state == "published" and row.version > to.version for row in rows)
    return HubTarget(to.place, to.name, to.version, to.private, before, last)

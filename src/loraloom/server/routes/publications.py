"""Giving a LoRA to people: what is known of it, the gate, where it went, and taking it back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from loraloom.jobs import publishing
from loraloom.jobs.publish_facts import of_row
from loraloom.jobs.publish_places import GALLERY
from loraloom.publish.gallery.build import build
from loraloom.publish.places import places
from loraloom.publish.targets.hub import hub_address, hub_user
from loraloom.server.deps import Ctx, Db, Me
from loraloom.server.errors import described
from loraloom.server.paging import Cursor, Limit, Page, page
from loraloom.server.publications import view
from loraloom.server.reply import inside, send
from loraloom.spec.errors import LoomError
from loraloom.spec.publication import Evidence, Place, PublicationView, Publish
from loraloom.store import publications
from loraloom.store.runs import get_lora, own
from loraloom.store.tables import Publication

router = APIRouter(tags=["publications"], responses=described("request_invalid"))
POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
"""Pages of the gallery show their pictures and link to downloads; nothing in them runs."""
SHOWN = (".png", ".webp")
ZIP: dict[int | str, dict[str, Any]] = {200: {"content": {"application/zip": {}}, "description": "The bundle."}}


class Card(BaseModel):
    """The card as it would be published: Markdown with the hub's front matter."""

    text: str


class Targets(BaseModel):
    """Where this server can publish to. `hub_user` is null where nobody is logged in to a hub; `gallery` is the address of
    the page with everything that was published there."""

    places: list[Place]
    hub_user: str | None
    hub: str
    gallery: str


@router.get("/loras/{lora_id}/evidence", responses=described("lora_not_found"))
def read_evidence(context: Ctx, session: Db, user: Me, lora_id: str) -> Evidence:
    """What speaks for a LoRA, and what it warns of."""
    return publishing.evidence_of(of_row(session, context.home, get_lora(session, lora_id)))


@router.post("/loras/{lora_id}/card", responses=described("lora_not_found"))
def draft_card(context: Ctx, session: Db, user: Me, lora_id: str, body: Publish) -> Card:
    """The card that `body` would make; nothing is published."""
    subject = of_row(session, context.home, get_lora(session, lora_id))
    return Card(text=publishing.draft(session, subject, body))


@router.post(
    "/loras/{lora_id}/publications",
    status_code=201,
    responses=described(
        "lora_not_found", "not_allowed", "lora_untested", "not_writable", "hub_refused", "disk_full", "lora_mismatch"
    ),
)
def create_publication(context: Ctx, session: Db, user: Me, lora_id: str, body: Publish) -> PublicationView:
    """Publish a LoRA, as the next version where its name is there already. One that was never compared is refused
    (`lora_untested`) unless `untested` says it again."""
    lora = get_lora(session, lora_id)
    own(user, lora.user_id)
    subject = of_row(session, context.home, lora)
    row = publishing.publish(session, context.home, user, subject, body, lora.id, any_folder=user.admin)
    return view(row)


@router.get("/publications")
def list_publications(
    session: Db, user: Me, lora: str | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[PublicationView]:
    """What was published, the newest first."""
    rows, following = page(session, publications.listed(lora), Publication.id, cursor, limit)
    return Page(items=[view(row) for row in rows], next=following)


@router.get(
    "/publications/{publication_id}/bundle",
    response_class=Response,
    responses=ZIP | described("publication_not_found", "file_not_found"),
)
def download_bundle(context: Ctx, session: Db, user: Me, publication_id: str) -> Response:
    """The zip of a publication to `zip`."""
    row = publications.get_publication(session, publication_id)
    if row.target != "zip" or not row.files:
        raise LoomError("file_not_found", "There is no zip of this publication.", "Publish it as a zip.")
    name = Path(str(row.files[0])).name
    file = inside(context.home, f"{publishing.PUBLICATIONS}/{row.id}/{name}")
    return send(file, name)


@router.delete(
    "/publications/{publication_id}", responses=described("publication_not_found", "not_allowed", "hub_refused")
)
def withdraw_publication(context: Ctx, session: Db, user: Me, publication_id: str) -> PublicationView:
    """Take a version back: its files go away where we can reach them, its row stays."""
    row = publications.get_publication(session, publication_id)
    return view(publishing.withdraw(session, context.home, user, row))


@router.get("/publish-targets")
def read_targets(context: Ctx, user: Me) -> Targets:
    """Where this server can publish to."""
    return Targets(places=places(), hub_user=hub_user(), hub=hub_address(), gallery="/api/gallery/index.html")


@router.get("/gallery/{path:path}", response_class=HTMLResponse, include_in_schema=False)
def read_gallery(context: Ctx, user: Me, path: str) -> Response:
    """The gallery as it can be hosted anywhere."""
    folder = context.home / GALLERY
    if path in ("", "index.html") and not (folder / "index.html").is_file():
        build(folder, ())
    file = inside(folder, path or "index.html")
    if file.suffix == ".html":
        return HTMLResponse(file.read_bytes(), headers={"Content-Security-Policy": POLICY})
    return send(file, None if file.suffix in SHOWN else file.name)

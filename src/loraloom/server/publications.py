"""From a row to what the API says of a publication."""

from __future__ import annotations

from loraloom.jobs.publish_places import GALLERY
from loraloom.spec.publication import PublicationView
from loraloom.store.tables import Publication


def view(row: Publication) -> PublicationView:
    """The view of a publication."""
    return PublicationView.model_validate(
        {
            "id": row.id,
            "lora": row.lora_id or "",
            "name": row.name,
            "version": row.version,
            "target": row.target,
            "place": _address(row),
            "state": row.state,
            "tested": row.tested,
            "changes": row.changes,
            "files": [str(name) for name in row.files],
            "sha256": row.sha256,
            "created_at": row.created_at,
            "withdrawn_at": row.withdrawn_at,
        }
    )


def _address(row: Publication) -> str:
    """Where a person finds it: a folder, a page of the hub or of the gallery."""
    address = str(row.details.get("address", ""))
    return f"/api/{GALLERY}/{address}" if row.target == "gallery" and address else address or row.place

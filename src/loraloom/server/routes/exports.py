"""Data sets to take away, in the formats that trainers read."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from loraloom.data.exporting.picture import Format
from loraloom.data.exporting.write import entries, to_zip
from loraloom.data.names import safe_stem
from loraloom.jobs.place import picture_of
from loraloom.server.deps import Ctx, Db, Me
from loraloom.server.errors import described
from loraloom.server.reply import attachment
from loraloom.server.routes.datasets import DatasetId
from loraloom.store.datasets import get_dataset, images_of

router = APIRouter(tags=["datasets"], responses=described("request_invalid", "dataset_not_found", "dataset_empty"))
ZIP = {
    200: {"description": "A zip.", "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}
}


@router.get("/datasets/{dataset_id}/export", response_class=StreamingResponse, responses=ZIP)  # pyright: ignore[reportArgumentType]
def download_dataset(
    context: Ctx,
    session: Db,
    user: Me,
    dataset_id: DatasetId,
    form: Annotated[Format, Query(alias="format")] = "flat",
) -> StreamingResponse:
    """The data set as a zip: `kohya` folders, Hugging Face `imagefolder`, `lora-scripts` CSV, or `flat`, which says all."""
    dataset = get_dataset(session, dataset_id)
    pictures = [picture_of(image, context.blobs) for image in images_of(session, dataset_id)]
    stem = safe_stem(dataset.name)
    blocks = to_zip(entries(pictures, form, words=dataset.name), inside=stem)
    return StreamingResponse(blocks, media_type="application/zip", headers=attachment(f"{stem}-{form}.zip"))

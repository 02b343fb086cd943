"""Pictures of data sets: their files as Loom wrote them, their captions."""

from __future__ import annotations

import pathlib
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from loraloom.data.intake import MAX_CAPTION, clean
from loraloom.data.thumbnail import thumbnail_of
from loraloom.server.adding import LOCK
from loraloom.server.context import Context
from loraloom.server.deps import Ctx, Db, Me
from loraloom.server.errors import described
from loraloom.server.stored import PICTURES, stored_file, stored_thumbnail
from loraloom.spec.errors import LoomError
from loraloom.store import datasets as store
from loraloom.store.tables import Image

router = APIRouter(tags=["images"], responses=described("request_invalid"))
ImageId = Annotated[str, Path(pattern=r"^[0-9a-z]{1,16}$", examples=["1qz3k8f0s4m2p7ra"])]


class ImageView(BaseModel):
    """A picture; sizes in pixels, `bytes` of the stored file. `caption` holds its alternatives, a line each."""

    id: str = Field(examples=["1qz3k8f0s4m2p7ra"])
    name: str = Field(examples=["cats/tabby.jpg"])
    width: int
    height: int
    bytes: int
    caption: str | None = Field(examples=["a tabby cat on a sofa"])
    thumbnail: str = Field(examples=["/api/images/1qz3k8f0s4m2p7ra/thumbnail"])


class CaptionUpdate(BaseModel):
    """The new caption; null or blanks take it away."""

    model_config = ConfigDict(extra="forbid")

    caption: Annotated[str, AfterValidator(clean)] | None = Field(max_length=MAX_CAPTION)


def view(image: Image) -> ImageView:
    """What the API says of a picture."""
    return ImageView(
        id=image.id,
        name=image.name,
        width=image.width,
        height=image.height,
        bytes=image.bytes,
        caption=image.caption,
        thumbnail=f"/api/images/{image.id}/thumbnail",
    )


@router.get("/images/{image_id}/thumbnail", response_class=Response, responses=PICTURES | described("image_not_found"))
def read_thumbnail(request: Request, context: Ctx, session: Db, user: Me, image_id: ImageId) -> Response:
    """The picture as WebP, 256 pixels at its longest side."""
    key = store.get_image(session, image_id).blob
    small = context.blobs.thumbnail(key)
    if small is None:
        small = thumbnail_of(_path(context, key).read_bytes())
        context.blobs.keep_thumbnail(key, small)
    return stored_thumbnail(request, small, key)


@router.get("/images/{image_id}/file", response_class=Response, responses=PICTURES | described("image_not_found"))
def read_image_file(request: Request, context: Ctx, session: Db, user: Me, image_id: ImageId) -> Response:
    """The picture as it was stored: upright, sRGB, lossless."""
    image = store.get_image(session, image_id)
    return stored_file(request, _path(context, image.blob), image.blob, image.name)


@router.patch("/images/{image_id}", responses=described("image_not_found", "not_allowed"))
def update_image(session: Db, user: Me, image_id: ImageId, body: CaptionUpdate) -> ImageView:
    """Write another caption."""
    image = store.get_image(session, image_id)
    store.own_dataset(session, image.dataset_id, user)
    image.caption = (body.caption or "").strip() or None
    return view(image)


@router.delete("/images/{image_id}", status_code=204, responses=described("image_not_found", "not_allowed"))
def delete_image(context: Ctx, session: Db, user: Me, image_id: ImageId) -> None:
    """Take a picture out of its data set. Runs that have begun keep their own copy."""
    image = store.get_image(session, image_id)
    store.own_dataset(session, image.dataset_id, user)
    session.commit()
    with LOCK:
        session.delete(image)
        session.commit()
        for key in store.unused(session, [image.blob]):
            context.blobs.delete(key)


def _path(context: Context, key: str) -> pathlib.Path:
    if not context.blobs.has(key):
        raise LoomError("image_not_found", "The file of this picture is gone.", "Upload it again.")
    return context.blobs.path(key)

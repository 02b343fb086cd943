"""Pictures of data sets: their files as Loom wrote them, their captions."""

from __future__ import annotations

import pathlib
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator
from sqlalchemy.orm import Session

from loraloom.data.intake import MAX_CAPTION, clean
from loraloom.data.refusal import Refused
from loraloom.data.renew import renew_mask
from loraloom.data.thumbnail import thumbnail_of
from loraloom.server.context import Context
from loraloom.server.deps import Ctx, Db, Me
from loraloom.server.errors import described
from loraloom.server.stored import PICTURES, stored_file, stored_thumbnail
from loraloom.spec.errors import LoomError
from loraloom.store import changes
from loraloom.store import datasets as store
from loraloom.store.changes import LOCK
from loraloom.store.tables import Image, User

router = APIRouter(tags=["images"], responses=described("request_invalid"))
MAX_MASK = 32 * 2**20
ImageId = Annotated[str, Path(pattern=r"^[0-9a-z]{1,16}$", examples=["1qz3k8f0s4m2p7ra"])]


class ImageView(BaseModel):
    """A picture; sizes in pixels, `bytes` of the stored file. `caption` holds its alternatives, a line each."""

    id: str = Field(examples=["1qz3k8f0s4m2p7ra"])
    name: str = Field(examples=["cats/tabby.jpg"])
    width: int
    height: int
    bytes: int
    caption: str | None = Field(examples=["a tabby cat on a sofa"])
    author: str | None = Field(
        None, description="Who wrote the caption: `person:NAME`, `engine:NAME VERSION`, `import`."
    )
    version: int = Field(0, description="Counted up by every write: send it with a change.")
    repeats: int = Field(1, description="How often it counts in an epoch.")
    held_out: bool = Field(False, description="For validation alone.")
    crop: list[float] | None = Field(None, description="x, y, width, height as shares of the picture.")
    mask: str | None = Field(None, description="Address of the mask: white counts in the loss.")
    removed: bool = False
    thumbnail: str = Field(examples=["/api/images/1qz3k8f0s4m2p7ra/thumbnail"])


Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class ImageUpdate(BaseModel):
    """What is to change, at least one thing; the rest stays. A caption of null or blanks goes, a crop of null too."""

    model_config = ConfigDict(extra="forbid")

    caption: Annotated[str, AfterValidator(clean)] | None = Field(None, max_length=MAX_CAPTION)
    repeats: int = Field(1, ge=1, le=1000)
    held_out: bool = False
    crop: tuple[Share, Share, Share, Share] | None = None
    version: int | None = Field(None, ge=0, le=2**31 - 1, description="The version that was changed, of the picture.")

    @model_validator(mode="after")
    def _something(self) -> ImageUpdate:
        if not self.model_fields_set - {"version"}:
            raise ValueError("nothing is to change")
        return self

    @field_validator("crop")
    @classmethod
    def _inside(cls, crop: tuple[float, float, float, float] | None) -> tuple[float, float, float, float] | None:
        if crop is not None and not (
            crop[2] > 0 and crop[3] > 0 and crop[0] + crop[2] <= 1.001 and crop[1] + crop[3] <= 1.001
        ):
            raise ValueError("a crop lies inside its picture")
        return crop


def view(image: Image) -> ImageView:
    """What the API says of a picture."""
    return ImageView(
        id=image.id,
        name=image.name,
        width=image.width,
        height=image.height,
        bytes=image.bytes,
        caption=image.caption,
        author=image.author,
        version=image.version,
        repeats=image.repeats,
        held_out=image.held_out,
        crop=image.crop,
        mask=f"/api/images/{image.id}/mask?of={image.mask[:12]}" if image.mask else None,
        removed=image.removed,
        thumbnail=f"/api/images/{image.id}/thumbnail",
    )


@router.get("/images/{image_id}", responses=described("image_not_found"))
def read_image(session: Db, user: Me, image_id: ImageId) -> ImageView:
    """What is known of a picture."""
    return view(store.get_image(session, image_id))


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


@router.patch("/images/{image_id}", responses=described("image_not_found", "not_allowed", "edit_conflict"))
def update_image(session: Db, user: Me, image_id: ImageId, body: ImageUpdate) -> ImageView:
    """Write another caption, or how the picture is used."""
    asked = body.model_dump(exclude_unset=True, exclude={"version"})
    if "caption" in asked:
        asked["caption"] = (body.caption or "").strip() or None
    if body.crop is not None:
        asked["crop"] = list(body.crop)
    return _change(session, user, image_id, asked, body.version)


@router.delete("/images/{image_id}", status_code=204, responses=described("image_not_found", "not_allowed"))
def delete_image(session: Db, user: Me, image_id: ImageId) -> None:
    """Take a picture out of its data set; it can be brought back. Runs that have begun keep their own copy."""
    if store.get_image(session, image_id).removed:
        raise LoomError("image_not_found", "This picture was removed already.", "Bring it back, or leave it.")
    _change(session, user, image_id, {"removed": True}, None)


@router.get("/images/{image_id}/mask", response_class=Response, responses=PICTURES | described("image_not_found"))
def read_mask(request: Request, context: Ctx, session: Db, user: Me, image_id: ImageId) -> Response:
    """The mask of a picture, as large as the picture: white counts in the loss, black does not."""
    image = store.get_image(session, image_id)
    if image.mask is None:
        raise LoomError("image_not_found", "This picture has no mask.", "Draw one.")
    return stored_file(request, _path(context, image.mask), image.mask, image.name)


@router.put("/images/{image_id}/mask", responses=described("image_not_found", "not_allowed", "upload_refused"))
async def update_mask(request: Request, context: Ctx, session: Db, user: Me, image_id: ImageId) -> ImageView:
    """Give a picture a mask: a PNG body of at most 32 MB, made as large as the picture."""
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > MAX_MASK:
            raise LoomError("too_large", "This mask is larger than 32 MB.", "Send an 8-bit PNG.")
    image = store.get_image(session, image_id)
    store.own_dataset(session, image.dataset_id, user)
    try:
        mask = await run_in_threadpool(renew_mask, bytes(data), (image.width, image.height))
    except Refused as refused:
        raise LoomError("upload_refused", refused.message, "Send an 8-bit PNG.") from refused
    return await run_in_threadpool(_change, session, user, image_id, {"mask": context.blobs.put(mask)}, None)


@router.delete("/images/{image_id}/mask", responses=described("image_not_found", "not_allowed"))
def delete_mask(session: Db, user: Me, image_id: ImageId) -> ImageView:
    """Let the whole picture count again."""
    return _change(session, user, image_id, {"mask": None}, None)


def _change(session: Session, user: User, image_id: str, asked: dict[str, Any], version: int | None) -> ImageView:
    image = store.get_image(session, image_id)
    store.own_dataset(session, image.dataset_id, user)
    session.commit()
    with LOCK:
        session.refresh(image)
        if version is not None and version != image.version:
            raise LoomError(
                "edit_conflict", "Somebody changed this picture meanwhile.", "Look at both, then save again."
            )
        changes.record(session, image.dataset_id, user.author, "caption", {"fields": sorted(asked)}, [(image, asked)])
        session.commit()
    return view(image)


def _path(context: Context, key: str) -> pathlib.Path:
    if not context.blobs.has(key):
        raise LoomError("image_not_found", "The file of this picture is gone.", "Upload it again.")
    return context.blobs.path(key)

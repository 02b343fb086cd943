"""Uploads: sent by the tus protocol, their result read here."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from loraloom.server import tus
from loraloom.server.deps import Ctx, Db, Me
from loraloom.server.errors import described
from loraloom.server.routes.datasets import DatasetId
from loraloom.spec.errors import LoomError
from loraloom.store.datasets import own_dataset
from loraloom.store.ids import new_id
from loraloom.store.tables import Upload, UploadState

router = APIRouter(tags=["uploads"], responses=described("request_invalid"))
UploadId = Annotated[str, Path(pattern=r"^[0-9A-Za-z]{1,64}$", examples=["0f3c5e0d8b6a4c1f9e2d7a6b5c4d3e2f"])]


class UploadProblem(BaseModel):
    """A file of the upload that was not taken, or taken with a remark."""

    file: str
    reason: str
    message: str


class UploadResult(BaseModel):
    """How far an upload is, and what became of it. Counts grow while it is checked."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0f3c5e0d8b6a4c1f9e2d7a6b5c4d3e2f",
                    "filename": "cats.zip",
                    "state": "done",
                    "added": 20,
                    "duplicates": 1,
                    "captions": 18,
                    "problems": [
                        {"file": "cats/a.svg", "reason": "not_a_picture", "message": "Neither picture nor caption."}
                    ],
                    "model": None,
                    "lora": None,
                }
            ]
        }
    )

    id: str
    filename: str
    state: UploadState
    added: int
    """Pictures that are new in the data set."""
    duplicates: int
    """Pictures whose pixels were there already."""
    captions: int
    problems: list[UploadProblem]
    model: str | None
    """Id of the base model it became."""
    lora: str | None = None
    """Id of the LoRA it became."""


class FromServer(BaseModel):
    """A folder, a zip or a picture on the machine of the server, under one of its import roots."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(min_length=1, max_length=2000, examples=["/srv/pictures/cats"])


@router.post(
    "/datasets/{dataset_id}/imports",
    status_code=201,
    responses=described("dataset_not_found", "not_allowed", "file_not_found"),
)
def import_from_server(context: Ctx, session: Db, user: Me, dataset_id: DatasetId, body: FromServer) -> UploadResult:
    """Take pictures and captions from where they lie on the server (`serve --import-root`); nothing there changes."""
    own_dataset(session, dataset_id, user)
    path = _allowed(pathlib.Path(body.path), context.options.import_roots)
    upload = Upload(
        id=new_id(),
        user_id=user.id,
        dataset_id=dataset_id,
        kind="dataset",
        filename=path.name,
        source=str(path),
        state="receiving",
    )
    session.add(upload)
    session.flush()
    told = _result(upload)
    session.commit()
    context.ingest.arrived(upload.id)
    return told


def _allowed(path: pathlib.Path, roots: Sequence[pathlib.Path]) -> pathlib.Path:
    """The real place of `path`. Raises LoomError `not_allowed` outside of `roots`, links followed, and `file_not_found`."""
    try:
        place = path.resolve(strict=True)
    except (OSError, ValueError, RuntimeError):
        place = None
    if not any(path.is_relative_to(root) and (place is None or place.is_relative_to(root)) for root in roots):
        hint = "Start the server with --import-root, or upload the files."
        raise LoomError("not_allowed", "This server reads no data sets from there.", hint)
    if place is None:
        raise LoomError("file_not_found", "There is no such folder or file.", "Check the path.")
    return place


@router.get("/uploads/{upload_id}/result", responses=described("upload_not_found"))
def read_upload_result(session: Db, user: Me, upload_id: UploadId) -> UploadResult:
    """What became of an upload of one's own."""
    upload = session.get(Upload, upload_id)
    if upload is None or upload.user_id != user.id:
        raise LoomError("upload_not_found", "There is no such upload.", "It may have expired; look at what it was for.")
    return _result(upload)


def _result(upload: Upload) -> UploadResult:
    done = upload.state == "done"
    return UploadResult(
        id=upload.id,
        filename=upload.filename,
        state=upload.state,  # pyright: ignore[reportArgumentType]
        added=upload.added,
        duplicates=upload.duplicates,
        captions=upload.captions,
        problems=[UploadProblem(**problem) for problem in upload.problems],
        model=upload.model_id if done and upload.kind == "base_model" else None,
        lora=upload.model_id if done and upload.kind == "lora" else None,
    )


router.include_router(tus.router)

"""Uploads: sent by the tus protocol, their result read here."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict

from loraloom.server import tus
from loraloom.server.deps import Db, Me
from loraloom.server.errors import described
from loraloom.spec.errors import LoomError
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


@router.get("/uploads/{upload_id}/result", responses=described("upload_not_found"))
def read_upload_result(session: Db, user: Me, upload_id: UploadId) -> UploadResult:
    """What became of an upload of one's own."""
    upload = session.get(Upload, upload_id)
    if upload is None or upload.user_id != user.id:
        raise LoomError("upload_not_found", "There is no such upload.", "It may have expired; look at what it was for.")
    done = upload.state == "done"
    return UploadResult(
        id=upload.id,
        filename=upload.filename,
        state=upload.state,  # pyright: ignore[reportArgumentType]
        added=upload.added,
        duplicates=upload.duplicates,
        captions=upload.captions,
        problems=[UploadProblem(**problem) for problem in upload.problems],
        model=upload.model_id if done else None,
    )


router.include_router(tus.router)

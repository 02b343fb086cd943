"""Data sets: pictures with captions, or texts, under a name."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlalchemy import delete, select

from loraloom.data.intake import clean
from loraloom.server import sample
from loraloom.server.deps import Ctx, Db, Me
from loraloom.server.errors import described
from loraloom.server.paging import Cursor, Limit, Page, page
from loraloom.server.routes.images import ImageView, view
from loraloom.server.selecting import Selected, page_of
from loraloom.store import datasets as store
from loraloom.store.changes import LOCK
from loraloom.store.tables import Dataset, Image, Kind, Problem, User

router = APIRouter(tags=["datasets"], responses=described("request_invalid"))
DatasetId = Annotated[str, Path(pattern=r"^[0-9a-z]{1,16}$", examples=["1qz3k8f0s4m2p7ra"])]


def _tidy(name: str) -> str:
    name = clean(name).strip()
    if not name:
        raise ValueError("a name needs at least one letter")
    return name


Name = Annotated[str, AfterValidator(_tidy)]
Search = Annotated[str | None, AfterValidator(lambda text: text and clean(text)), Query(max_length=200)]


class DatasetName(BaseModel):
    """What a person calls a data set."""

    model_config = ConfigDict(extra="forbid")

    name: Name = Field(min_length=1, max_length=200, examples=["my cat"])


class DatasetCreate(DatasetName):
    """A new data set, and what it is to hold."""

    kind: Kind = "images"


class SampleName(BaseModel):
    """What the sample is called when it is made: the page asks in its language."""

    model_config = ConfigDict(extra="forbid")

    name: Name = Field(default=sample.NAME, min_length=1, max_length=200, examples=["Sample"])
    kind: Kind = "images"


class DatasetView(BaseModel):
    """A data set; `covers` are ids of its first pictures, `bytes` what its pictures or texts take."""

    id: str = Field(examples=["1qz3k8f0s4m2p7ra"])
    name: str = Field(examples=["my cat"])
    kind: Kind
    created_at: datetime
    images: int
    captioned: int
    """Pictures that have a caption."""
    examples: int
    """Texts, drafts among them."""
    drafts: int
    """Texts that wait to be accepted."""
    bytes: int
    problems: int
    covers: list[str]
    sample: bool
    """Whether it is the packaged sample."""
    mine: bool
    """Whether the asker may change it."""


class ProblemView(BaseModel):
    """A file that was refused, or taken with a remark."""

    file: str = Field(examples=["cats/a.svg"])
    reason: str = Field(examples=["unsupported"])
    message: str
    created_at: datetime


@router.get("/datasets")
def list_datasets(
    session: Db, user: Me, cursor: Cursor = None, limit: Limit = 50, search: Search = None
) -> Page[DatasetView]:
    """Data sets, the newest first."""
    found = select(Dataset)
    if search:
        found = found.where(Dataset.name.icontains(search, autoescape=True))
    rows, following = page(session, found, Dataset.id, cursor, limit)
    said = store.summaries(session, [row.id for row in rows])
    return Page(items=[_view(row, said[row.id], user) for row in rows], next=following)


@router.post("/datasets", status_code=201)
def create_dataset(session: Db, user: Me, body: DatasetCreate) -> DatasetView:
    """Make an empty data set; pictures come by uploads, texts by uploads or as they are written."""
    dataset = Dataset(name=body.name, kind=body.kind, user_id=user.id)
    session.add(dataset)
    session.flush()
    return _view(dataset, store.Summary(), user)


@router.post("/datasets/sample")
def create_sample_dataset(context: Ctx, session: Db, user: Me, body: SampleName | None = None) -> DatasetView:
    """The packaged pictures with captions, or the packaged texts, as a data set of one's own; the same one each time."""
    session.commit()
    asked = body or SampleName()
    dataset_id = sample.ensure(context, user.id, asked.name, asked.kind)
    return _one(session, store.get_dataset(session, dataset_id), user)


@router.get("/datasets/{dataset_id}", responses=described("dataset_not_found"))
def read_dataset(session: Db, user: Me, dataset_id: DatasetId) -> DatasetView:
    """One data set."""
    return _one(session, store.get_dataset(session, dataset_id), user)


@router.patch("/datasets/{dataset_id}", responses=described("dataset_not_found", "not_allowed"))
def update_dataset(session: Db, user: Me, dataset_id: DatasetId, body: DatasetName) -> DatasetView:
    """Give it another name."""
    dataset = store.own_dataset(session, dataset_id, user)
    dataset.name = body.name
    return _one(session, dataset, user)


@router.delete(
    "/datasets/{dataset_id}", status_code=204, responses=described("dataset_not_found", "not_allowed", "in_use")
)
def delete_dataset(context: Ctx, session: Db, user: Me, dataset_id: DatasetId) -> None:
    """Delete it with its pictures. Runs that have begun keep their own copy."""
    dataset = store.own_dataset(session, dataset_id, user)
    store.check_free(session, dataset_id)
    session.commit()
    with LOCK:
        rows = session.execute(select(Image.blob, Image.mask).where(Image.dataset_id == dataset_id))
        blobs = {key for row in rows for key in row if key}
        session.delete(dataset)
        session.commit()
        for key in store.unused(session, blobs):
            context.blobs.delete(key)
    context.ingest.waiting.forget(dataset_id)


@router.get("/datasets/{dataset_id}/images", responses=described("dataset_not_found"))
def list_images(
    context: Ctx,
    session: Db,
    user: Me,
    dataset_id: DatasetId,
    selected: Selected,
    finding: Annotated[
        str | None, Query(max_length=50, description="Pictures that this finding of the score card means.")
    ] = None,
    trigger: Annotated[str, Query(max_length=200, description="What the score card was asked with.")] = "",
    resolution: Annotated[
        int | None, Query(ge=32, le=4096, description="What the score card was asked with, in pixels.")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[ImageView]:
    """Its pictures, the oldest first; `search` looks in names and captions."""
    dataset = store.get_dataset(session, dataset_id)
    if finding is not None:
        card, _ = context.looking.card(session, dataset, trigger, resolution)
        meant = [image for one in card.findings if one.kind == finding for image in one.images]
        selected = selected.model_copy(update={"images": meant})
    rows, following = page_of(session, dataset_id, selected, cursor, limit)
    return Page(items=[view(row) for row in rows], next=following)


@router.get("/datasets/{dataset_id}/problems", responses=described("dataset_not_found"))
def list_problems(
    session: Db, user: Me, dataset_id: DatasetId, cursor: Cursor = None, limit: Limit = 100
) -> Page[ProblemView]:
    """Files that were refused or odd, the newest first."""
    store.get_dataset(session, dataset_id)
    found = select(Problem).where(Problem.dataset_id == dataset_id)
    rows, following = page(session, found, Problem.id, cursor, limit)
    return Page(items=[ProblemView.model_validate(row, from_attributes=True) for row in rows], next=following)


@router.delete(
    "/datasets/{dataset_id}/problems", status_code=204, responses=described("dataset_not_found", "not_allowed")
)
def delete_problems(session: Db, user: Me, dataset_id: DatasetId) -> None:
    """Dismiss them all."""
    store.own_dataset(session, dataset_id, user)
    session.execute(delete(Problem).where(Problem.dataset_id == dataset_id))


def _one(session: Db, dataset: Dataset, user: User) -> DatasetView:
    return _view(dataset, store.summaries(session, [dataset.id])[dataset.id], user)


def _view(dataset: Dataset, said: store.Summary, user: User) -> DatasetView:
    return DatasetView(
        id=dataset.id,
        name=dataset.name,
        kind="texts" if dataset.kind == "texts" else "images",
        created_at=dataset.created_at,
        images=said.images,
        captioned=said.captioned,
        examples=said.examples,
        drafts=said.drafts,
        bytes=said.bytes,
        problems=said.problems,
        covers=said.covers,
        sample=dataset.sample,
        mine=dataset.user_id == user.id or user.admin,
    )

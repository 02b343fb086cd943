"""Labelling by answers: the picture whose answer teaches most comes first, the rest is proposed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from loraloom.data.compose import compose
from loraloom.server import teaching
from loraloom.server.deps import Ctx, Db, Me
from loraloom.server.errors import described
from loraloom.server.routes.datasets import DatasetId
from loraloom.server.routes.edits import EditDone
from loraloom.server.routes.images import ImageId, ImageView, view
from loraloom.spec.captioning import ClipJob, Existing
from loraloom.spec.errors import LoomError
from loraloom.store import changes
from loraloom.store.changes import LOCK
from loraloom.store.datasets import images_of, own_dataset
from loraloom.store.tables import Dataset, Image

router = APIRouter(
    tags=["labelling"], responses=described("request_invalid", "dataset_not_found", "not_allowed", "run_not_ready")
)
Label = Annotated[str, Field(min_length=1, max_length=200)]
NEXT, SHOWN = 20, 9
"""Pictures in the queue of an answer, and proposals of each."""
ENGINE = "engine:answers 1"


class LabelsChosen(BaseModel):
    """What may be answered. Answers that still fit are kept."""

    model_config = ConfigDict(extra="forbid")

    labels: list[Label] = Field(min_length=2, max_length=500, examples=[["cat", "dog"]])


class Answer(BaseModel):
    """One picture's label; null: none of them fits."""

    model_config = ConfigDict(extra="forbid")

    image: str = Field(max_length=64)
    label: Label | None


class ApplyAsked(BaseModel):
    """What becomes of captions that are there."""

    model_config = ConfigDict(extra="forbid")

    existing: Existing = "keep"
    least: float = Field(0.0, ge=0, le=1, description="Only proposals at least this probable, and answers.")


class Proposal(BaseModel):
    """A label and its probability."""

    label: str
    p: float


class Asked(BaseModel):
    """A picture to answer for, and what is proposed."""

    image: ImageView
    proposals: list[Proposal]


class Labelling(BaseModel):
    """`worth`: how many more answers are worth giving; `agreement`: share of labels expected to be right now."""

    labels: list[str]
    answered: int
    total: int
    worth: int
    agreement: float
    queue: list[Asked]


@router.put("/datasets/{dataset_id}/labelling")
def choose_labels(context: Ctx, session: Db, user: Me, dataset_id: DatasetId, body: LabelsChosen) -> Labelling:
    """Begin, or go on with other labels."""
    dataset = own_dataset(session, dataset_id, user)
    labels = list(dict.fromkeys(label.strip() for label in body.labels if label.strip()))
    kept = {image: label for image, label in teaching.answers_of(dataset).items() if label is None or label in labels}
    _keep(dataset, labels, kept)
    return _view(context, session, dataset)


@router.get("/datasets/{dataset_id}/labelling")
def read_labelling(context: Ctx, session: Db, user: Me, dataset_id: DatasetId) -> Labelling:
    """How far it is, and what to ask next."""
    return _view(context, session, own_dataset(session, dataset_id, user))


@router.post("/datasets/{dataset_id}/labelling/answers")
def create_answer(context: Ctx, session: Db, user: Me, dataset_id: DatasetId, body: Answer) -> Labelling:
    """Give an answer; the rest is proposed again."""
    dataset = own_dataset(session, dataset_id, user)
    answers = teaching.answers_of(dataset)
    answers.pop(body.image, None)
    labels = teaching.labels_of(dataset)
    if body.label is not None and body.label not in labels:
        raise LoomError("request_invalid", f"{body.label!r} is none of the labels.", f"Choose of: {', '.join(labels)}.")
    _keep(dataset, labels, answers | {body.image: body.label})
    return _view(context, session, dataset)


@router.delete("/datasets/{dataset_id}/labelling/answers/{image_id}")
def delete_answer(context: Ctx, session: Db, user: Me, dataset_id: DatasetId, image_id: ImageId) -> Labelling:
    """Take an answer back."""
    dataset = own_dataset(session, dataset_id, user)
    answers = teaching.answers_of(dataset)
    answers.pop(image_id, None)
    _keep(dataset, teaching.labels_of(dataset), answers)
    return _view(context, session, dataset)


@router.post("/datasets/{dataset_id}/labelling/apply")
def apply_labels(context: Ctx, session: Db, user: Me, dataset_id: DatasetId, body: ApplyAsked) -> EditDone:
    """Write answers and proposals into the captions, as one change that can be undone."""
    dataset = own_dataset(session, dataset_id, user)
    images = images_of(session, dataset_id)
    _check(dataset, images)
    made, lock = context.teaching.session(session, dataset, images)
    with lock:
        sure = made.proposals()
    answers, labels = teaching.answers_of(dataset), made.labels
    job = ClipJob(labels=labels, existing=body.existing)
    chosen: dict[str, tuple[str, str]] = {}
    for row, image in zip(sure, images, strict=True):
        best = int(row.argmax())
        if image.id in answers:
            if label := answers[image.id]:
                chosen[image.id] = (label, user.author)
        elif row[best] >= body.least:
            chosen[image.id] = (labels[best], ENGINE)
    session.commit()
    with LOCK:
        wanted: list[tuple[Image, dict[str, Any]]] = []
        for image in images_of(session, dataset_id):
            label, author = chosen.get(image.id, ("", ""))
            caption = compose(image.caption, label, job) if label else None
            if caption is not None:
                wanted.append((image, {"caption": caption, "author": author}))
        change = changes.record(session, dataset_id, user.author, "labels", {"labels": list(labels)}, wanted)
        session.commit()
    return EditDone(change=change.number if change else None, count=len(wanted), items=[])


def _keep(dataset: Dataset, labels: Sequence[str], answers: teaching.Answers) -> None:
    dataset.labelling = {"labels": list(labels), "answers": [list(one) for one in answers.items()]}


def _check(dataset: Dataset, images: Sequence[Image]) -> None:
    if not teaching.labels_of(dataset):
        raise LoomError("run_not_ready", "There are no labels to choose from.", "Write some, or pick a label set.")
    if not images:
        raise LoomError("run_not_ready", "There are no pictures.", "Upload some first.")


def _view(context: Ctx, session: Db, dataset: Dataset) -> Labelling:
    images = images_of(session, dataset.id)
    labels = teaching.labels_of(dataset)
    if not labels or not images:
        return Labelling(labels=list(labels), answered=0, total=len(images), worth=0, agreement=0, queue=[])
    context.looking.begin(session, dataset.id)
    made, lock = context.teaching.session(session, dataset, images)
    with lock:
        sure, places = made.proposals(), made.queue(NEXT)
        worth, agreement, answered = made.worth(), made.agreement(), len(made.answers)
    queue = [Asked(image=view(images[place]), proposals=_proposals(sure[place], labels)) for place in places]
    return Labelling(
        labels=list(labels), answered=answered, total=len(images), worth=worth, agreement=agreement, queue=queue
    )


def _proposals(row: Any, labels: Sequence[str]) -> list[Proposal]:
    order = (-row).argsort()[:SHOWN]
    return [Proposal(label=labels[int(place)], p=round(float(row[place]), 4)) for place in order]

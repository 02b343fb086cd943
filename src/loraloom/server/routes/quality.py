"""The score card of a data set: what is wrong with its pictures and captions, and what to do."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from loraloom.data.quality.report import Finding
from loraloom.data.quality.words import say
from loraloom.server.deps import Ctx, Db, Me
from loraloom.server.errors import described
from loraloom.server.routes.datasets import DatasetId
from loraloom.store.datasets import get_dataset

router = APIRouter(tags=["quality"], responses=described("request_invalid", "dataset_not_found"))
SHOWN = 500


class FindingView(BaseModel):
    """Something to know about the set; sentences are in the language that was asked for."""

    kind: str
    level: Literal["bad", "warn", "note"]
    count: int
    message: str
    hint: str
    images: list[str] = Field(description=f"Pictures that it means, at most {SHOWN}.")
    groups: list[list[str]] = Field([], description="Which of them belong together.")


class Quality(BaseModel):
    """`working` while pictures are still being looked at; what is there already is told."""

    score: int = Field(ge=0, le=100)
    state: Literal["ready", "working"]
    findings: list[FindingView]


@router.get("/datasets/{dataset_id}/quality")
def read_quality(
    context: Ctx,
    session: Db,
    user: Me,
    dataset_id: DatasetId,
    trigger: Annotated[str, Query(max_length=200)] = "",
    resolution: Annotated[int | None, Query(ge=32, le=4096, description="Side trained at, in pixels.")] = None,
    language: Annotated[Literal["en", "zh"], Query()] = "en",
) -> Quality:
    """The score card."""
    card, whole = context.looking.card(session, get_dataset(session, dataset_id), trigger, resolution)
    findings = [_view(one, language) for one in card.findings]
    return Quality(score=card.score, state="ready" if whole else "working", findings=findings)


def _view(one: Finding, language: str) -> FindingView:
    message, hint = say(one.kind, one.values, language)
    return FindingView(
        kind=one.kind,
        level=one.level,
        count=one.count,
        message=message,
        hint=hint,
        images=one.images[:SHOWN],
        groups=one.groups[:100],
    )

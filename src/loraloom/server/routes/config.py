"""Configs and presets: the schema that forms are made from, and a check of what a person has so far."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from loraloom import presets
from loraloom.forecast.needs import needs
from loraloom.jobs import create
from loraloom.jobs.draft import Draft, as_yaml
from loraloom.jobs.schema import config_schema
from loraloom.models.resolve import THIMBLE, resolve
from loraloom.models.shape import shape_of
from loraloom.models.text_shape import usual_text_shape
from loraloom.server.deps import Db, Me
from loraloom.server.errors import described
from loraloom.server.paging import Page
from loraloom.server.reply import send
from loraloom.spec.dataset import Bucket, Plan
from loraloom.spec.errors import Problem
from loraloom.spec.example import TextPlan
from loraloom.spec.preset import Preset
from loraloom.spec.run import Family
from loraloom.store.tables import Kind

router = APIRouter(tags=["config"], responses=described("request_invalid"))


class Check(BaseModel):
    """A config so far: nested, laid over a YAML, on a data set."""

    model_config = ConfigDict(extra="forbid")

    dataset: str | None = Field(None, max_length=64)
    config: dict[str, Any] = Field(default_factory=dict, examples=[{"preset": "quick-look", "lora": {"rank": 8}}])
    yaml: str | None = Field(None, max_length=200_000)


class PlanView(BaseModel):
    """What the run will come to; `checkpoints` and `samples` at these steps."""

    images: int
    held_out: int
    batches_per_epoch: int
    steps_per_epoch: int
    total_steps: int
    epochs: float
    checkpoints: list[int]
    samples: list[int]
    buckets: list[Bucket]


class TextPlanView(BaseModel):
    """What a run on texts will come to; tokens are those of one pass. `longest` in tokens; `cut` examples are longer than
    `dataset.max_length`, by `cut_tokens` in all."""

    examples: int
    held_out: int
    sequences: int
    """What the model sees at once: a conversation, a piece of a document, two answers."""
    tokens: int
    trained_tokens: int
    longest: int
    cut: int
    cut_tokens: int
    preference: bool
    batches_per_epoch: int
    steps_per_epoch: int
    total_steps: int
    epochs: float
    checkpoints: list[int]
    samples: list[int]


class Checked(BaseModel):
    """`config` is whole when nothing is wrong with the config itself; `wanted` is what was asked for, nested."""

    config: dict[str, Any] | None
    wanted: dict[str, Any]
    yaml: str
    notes: list[str]
    problems: list[Problem]
    plan: PlanView | None
    text_plan: TextPlanView | None = None
    """Instead of `plan`, for a language model."""


class Need(BaseModel):
    """Whether a preset fits `memory` GB of a card (null: a computer without one), by the memory model, and the settings that
    are changed for it, by dotted key."""

    memory: int | None
    fits: bool
    changes: dict[str, Any]


class PresetView(Preset):
    """A preset as the page shows it."""

    kind: Kind
    picture: str | None


class PresetNeeds(BaseModel):
    """What a preset needs with a base of `family`, for each class of memory."""

    preset: str
    family: Family
    needs: list[Need]


@router.get("/config/schema")
def read_config_schema(user: Me) -> dict[str, Any]:
    """JSON schema of a run, with units, sentences and their Chinese."""
    return config_schema()


@router.post("/config/check", responses=described("dataset_not_found"))
def check_config(session: Db, user: Me, body: Check) -> Checked:
    """Every problem of a config, what was chosen for the person, and what the run will come to."""
    thought, _ = create.think(session, body.dataset, body.config, body.yaml)
    plan = thought.plan
    return Checked(
        config=thought.run.model_dump(mode="json") if thought.run else None,
        wanted=thought.wanted,
        yaml=as_yaml(thought.run, thought.wanted),
        notes=list(thought.notes),
        problems=list(thought.problems),
        plan=_plan(thought, plan) if isinstance(plan, Plan) else None,
        text_plan=_text_plan(thought, plan) if isinstance(plan, TextPlan) else None,
    )


def _plan(thought: Draft, plan: Plan) -> PlanView:
    return PlanView(
        images=len(plan.images),
        held_out=len(plan.held_out),
        batches_per_epoch=plan.batches_per_epoch,
        steps_per_epoch=plan.steps_per_epoch,
        total_steps=plan.total_steps,
        epochs=round(plan.epochs, 3),
        checkpoints=thought.checkpoints[:1000],
        samples=thought.samples[:1000],
        buckets=list(plan.buckets),
    )


def _text_plan(thought: Draft, plan: TextPlan) -> TextPlanView:
    return TextPlanView(
        examples=plan.examples,
        held_out=plan.held_out,
        sequences=len(plan.lengths),
        tokens=plan.tokens,
        trained_tokens=plan.trained_tokens,
        longest=max(plan.lengths),
        cut=plan.cut,
        cut_tokens=plan.cut_tokens,
        preference=plan.preference,
        batches_per_epoch=plan.batches_per_epoch,
        steps_per_epoch=plan.steps_per_epoch,
        total_steps=plan.total_steps,
        epochs=round(plan.epochs, 3),
        checkpoints=thought.checkpoints[:1000],
        samples=thought.samples[:1000],
    )


@router.get("/presets")
def list_presets(user: Me, kind: Annotated[Kind | None, Query()] = None) -> Page[PresetView]:
    """Every preset (of a kind), the ones for newcomers first."""
    found = sorted(presets.of_kind(kind), key=lambda preset: (preset.order, preset.name))
    views = [
        PresetView(
            **preset.model_dump(),
            kind=presets.kind_of(preset),
            picture=f"/api/presets/{preset.name}/picture" if presets.picture(preset.name) else None,
        )
        for preset in found
    ]
    return Page(items=views)


@router.get("/presets/needs")
def list_preset_needs(user: Me) -> Page[PresetNeeds]:
    """What presets need at 6 to 48 GB of a card and without one, by the memory model; takes a second once."""
    found = [
        PresetNeeds(preset=preset.name, family=family, needs=_needs(preset, family))
        for preset in map(presets.read, presets.names())
        for family in preset.families
    ]
    return Page(items=found)


def _needs(preset: Preset, family: Family) -> list[Need]:
    """By the shape of the embedded base for presets that any machine carries, else by the family's usual one."""
    shape = None
    if not preset.memory and family in ("sd1", "causal_lm"):
        shape = shape_of(resolve(THIMBLE)) if family == "sd1" else usual_text_shape("smollm2-135m")
    return [
        Need(memory=one.gigabytes, fits=one.fits, changes={change.key: change.new for change in one.changes})
        for one in needs(preset.settings, family, shape)
    ]


@router.get("/presets/{name}/picture", response_class=FileResponse, responses=described("preset_not_found"))
def read_preset_picture(name: str, user: Me) -> FileResponse:
    """What results of the preset look like."""
    preset = presets.read(name)
    picture = presets.picture(preset.name)
    if picture is None:
        from loraloom.spec.errors import LoomError

        raise LoomError("preset_not_found", "This preset has no picture.", "Choose another.")
    return send(picture)

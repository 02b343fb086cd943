"""What the playground is asked and what it answers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from loraloom.spec.drawing import Settings


class LoraAsked(BaseModel):
    """A LoRA by its id, or what a run has trained so far: its checkpoint of `step`, the newest where that is left out."""

    model_config = ConfigDict(extra="forbid")

    lora: str | None = Field(None, max_length=64)
    run: str | None = Field(None, max_length=64)
    step: int | None = Field(None, ge=0, le=10**9)
    strength: float = Field(1.0, ge=-4, le=4)
    blocks: dict[str, float] = Field(default_factory=dict, max_length=100)
    """Start of a module's path (`unet.down_blocks.1`, `text_encoder`) -> factor on the strength there."""


class PictureAsked(BaseModel):
    """What to vary: a kept drawing, or a picture of a data set."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["drawing", "image"]
    id: str = Field(max_length=64)


class DrawAsked(Settings):
    """All that makes a picture. `<lora:name:0.8>` in the prompt adds a LoRA of the gallery, `__name__` a line of a wildcard
    by the seed. What is left out is as the base is made for."""

    loras: list[LoraAsked] = Field(default_factory=list[LoraAsked], max_length=10)
    picture: PictureAsked | None = None


class Draw(BaseModel):
    """A drawing to make now. A newer one of the same `stream` (made up by the page) takes the place of an older one, which
    ends with `newer`. `keep` puts it into the history; `metadata` puts its parameters into the PNG."""

    model_config = ConfigDict(extra="forbid")

    drawing: DrawAsked
    stream: str = Field("", max_length=64)
    keep: bool = False
    metadata: bool = True


class DrawnLine(BaseModel):
    """`waiting` for an older one, `loading` a base, `drawing` with steps done and in all, then `done`, `newer` or `error`.
    `picture` is a data URL of the PNG; `kept` the id in the history."""

    event: Literal["waiting", "loading", "drawing", "done", "newer", "error"]
    done: int = 0
    total: int = 0
    picture: str | None = None
    kept: str | None = None
    width: int = 0
    height: int = 0
    steps: int = 0
    guidance: float = 0.0
    prompt: str = ""
    """As it was drawn: wildcards chosen, LoRAs taken out."""
    load_ms: float = 0.0
    swap_ms: float = 0.0
    draw_ms: float = 0.0
    warnings: list[str] = []
    code: str | None = None
    message: str | None = None
    hint: str | None = None


class DrawingView(BaseModel):
    """A kept picture and what makes it again; `asked` is what `drawing` of a new one takes."""

    id: str
    asked: DrawAsked
    user: str
    width: int
    height: int
    seconds: float
    picture: str
    created_at: str


class PromptAsked(BaseModel):
    """A prompt as it stands in the field."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    prompt: str = Field(max_length=4000)
    base_model: str = Field("thimble", max_length=2000)


class Span(BaseModel):
    """Characters `start` to `end` of the prompt (in UTF-16 code units, as the page counts)."""

    start: int
    end: int
    kind: Literal["weight", "lora", "wildcard", "trigger", "cut", "unknown"]
    weight: float = 1.0
    name: str = ""
    known: bool = True
    """False for a LoRA or wildcard that there is not."""


class PromptView(BaseModel):
    """`tokens` of `limit` are used; what is beyond is cut, and marked so."""

    tokens: int
    limit: int
    spans: list[Span]


class Word(BaseModel):
    """What may be meant: `text` takes the place of what was typed. `lora` is for `<lora:...>`."""

    text: str
    kind: Literal["trigger", "tag", "lora", "wildcard"]
    detail: str = ""
    count: int = 0


class Wildcard(BaseModel):
    """Lines of which the seed chooses one where `__name__` stands in a prompt."""

    name: str = Field(pattern=r"^[\w-]{1,60}$")
    lines: list[Annotated[str, Field(max_length=500)]] = Field(max_length=5000)


class WildcardLines(BaseModel):
    """The new lines of a wildcard."""

    model_config = ConfigDict(extra="forbid")

    lines: list[Annotated[str, Field(max_length=500)]] = Field(max_length=5000)

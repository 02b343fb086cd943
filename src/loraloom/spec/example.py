"""Texts to learn from: one example, the report of what was taken or skipped, and the plan of a run on them."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Role = Literal["system", "user", "assistant", "tool"]
ExampleSkip = Literal[
    "bad_json",
    "bad_csv",
    "bad_parquet",
    "not_text",
    "too_long_line",
    "empty_file",
    "unknown_shape",
    "unknown_role",
    "role_order",
    "no_answer",
    "empty_answer",
    "wrong_type",
    "duplicate",
    "duplicate_id",
    "unsupported",
]
ExampleWarning = Literal["encoding", "duplicate_key", "near_duplicate", "leak", "empty_line", "unused_column"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Message(_Frozen):
    """One turn of a conversation. `tool_calls` are passed to the chat template as they are."""

    role: Role
    content: str = ""
    tool_calls: tuple[dict[str, Any], ...] = ()


class Example(_Frozen):
    """One thing to learn: a conversation (`messages`), a document (`text`), or two answers to the same conversation
    (`messages` that end with the person's turn, `chosen` and `rejected`)."""

    messages: tuple[Message, ...] = ()
    text: str = ""
    chosen: str | None = None
    rejected: str | None = None
    file: str = ""
    """Where it was read, a label."""
    line: int = 0
    """Line (from 1) or row of its file; 0 where there is none."""
    held_out: bool = False

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if bool(self.messages) == bool(self.text):
            raise ValueError("an example has messages or a text")
        if (self.chosen is None) != (self.rejected is None):
            raise ValueError("an example has both chosen and rejected, or neither")
        return self


class LineNote(_Frozen):
    """Why one example or file was skipped, or what was noticed. `values` are the names and numbers in `message`, for
    translation."""

    file: str
    line: int
    """From 1; 0 for the whole file."""
    reason: ExampleSkip | ExampleWarning
    message: str
    """One sentence that names the line."""
    values: dict[str, Any] = Field(default_factory=dict)


class TextReport(BaseModel):
    """What `dataset check` prints of texts and what a run starts from."""

    path: str
    examples: list[Example] = Field(default_factory=list[Example])
    skipped: list[LineNote] = Field(default_factory=list[LineNote])
    warnings: list[LineNote] = Field(default_factory=list[LineNote])
    files: int = 0
    formats: list[str] = Field(default_factory=list[str])
    """Shapes that were met: `alpaca`, `sharegpt`, `messages`, `preference`, `text`."""


class TextPlan(_Frozen):
    """What one run will do with its texts, counted before it starts; the run does exactly this. A sequence is what the model
    sees at once: one conversation, a piece of a document, or one of two answers."""

    examples: int
    """Trained on."""
    held_out: int
    lengths: tuple[int, ...]
    """Tokens of every training item (the two answers of a preference count together), in the order of the data."""
    trained: tuple[int, ...]
    """Tokens of each that are learned."""
    held_out_lengths: tuple[int, ...] = ()
    cut: int = 0
    """Examples that were longer than `dataset.max_length`."""
    cut_tokens: int = 0
    """Tokens that are lost by it."""
    preference: bool = False
    """Whether items are pairs of a chosen and a rejected answer."""
    samples: int
    """Items times repeats: what one epoch shows."""
    repeats: int = 1
    batch_size: int
    accumulation: int
    batches_per_epoch: int
    steps_per_epoch: int
    total_batches: int
    total_steps: int
    epochs: float

    @property
    def tokens(self) -> int:
        """Tokens of one pass over the training items."""
        return sum(self.lengths)

    @property
    def trained_tokens(self) -> int:
        """Those of them that are learned."""
        return sum(self.trained)


class Piece(_Frozen):
    """A stretch of what the model sees; `trained`: whether it learns to say it."""

    text: str
    trained: bool


class TextPreview(_Frozen):
    """Exactly what the model will see of one example."""

    pieces: tuple[Piece, ...]
    tokens: int
    trained_tokens: int
    cut_tokens: int = 0
    sequences: int = 1


class Bin(_Frozen):
    """Examples of `low` to `high` tokens (high excluded)."""

    low: int
    high: int
    examples: int


class TextCheck(_Frozen):
    """How a data set of texts looks to one tokenizer. `groups`: indices of examples that say nearly the same; `leaks`: pairs
    (held out, trained) that do."""

    examples: int
    held_out: int
    tokens: int
    trained_tokens: int
    longest: int
    median: int
    histogram: tuple[Bin, ...]
    cut: int
    cut_share: float
    """Share of all tokens that are lost by `dataset.max_length`."""
    groups: tuple[tuple[int, ...], ...]
    leaks: tuple[tuple[int, int], ...]

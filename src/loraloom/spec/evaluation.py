"""What the evaluating process is asked, and what it answers: JSON files, read and written by both halves."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Asked(BaseModel):
    """A question and what a right answer says: one of the spellings in each of `answer`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: str
    answer: tuple[tuple[str, ...], ...] = Field(min_length=1)


class EvaluationRequest(BaseModel):
    """Ask the language model in the transformers folder `base`, without and with the PEFT folder `lora`, and measure its
    perplexity on `texts`. Paths are absolute."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: str
    lora: str
    questions: tuple[Asked, ...] = ()
    texts: tuple[str, ...] = ()
    system: str = ""
    """What the model is told before each question."""
    max_tokens: int = Field(ge=1, le=8192)
    """Longest answer."""
    device: str = "auto"
    threads: int | None = Field(None, ge=1)
    result: str
    """Where the answer, an `EvaluationResult`, is written as JSON."""


class Answered(BaseModel):
    """One question, answered without (`before`) and with the LoRA (`after`), always by the likeliest token."""

    model_config = ConfigDict(frozen=True)

    question: str
    before: str
    after: str
    right_before: bool
    right_after: bool


class EvaluationResult(BaseModel):
    """What came out, or why nothing did: `error_code` is one of `spec.errors.CODES`."""

    model_config = ConfigDict(frozen=True)

    answers: tuple[Answered, ...] = ()
    perplexity_before: float | None = None
    """exp of the mean loss of a token over all texts, the base alone; None without texts."""
    perplexity_after: float | None = None
    seconds: float = 0.0
    error_code: str = ""
    error_message: str = ""
    error_hint: str = ""

    @property
    def right_before(self) -> int:
        """Questions the base answers right."""
        return sum(answer.right_before for answer in self.answers)

    @property
    def right_after(self) -> int:
        """Questions the base answers right with the LoRA."""
        return sum(answer.right_after for answer in self.answers)

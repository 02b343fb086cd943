"""What the chat process is asked and what it answers: JSON lines, read and written by both halves."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from loraloom.spec.example import Message

STOP = '"stop"'
"""A line between two questions: the answer that is being given ends here."""


class ChatStart(BaseModel):
    """The first line of a chat process: what to load. `lora` is a PEFT folder; None is the base alone."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    base_model: str
    lora: str | None = None
    device: str = "auto"
    threads: int | None = None


class ChatTurn(BaseModel):
    """One question. `strength` 0 is the base, bitwise; 1 the LoRA as it was trained."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    messages: tuple[Message, ...] = Field(min_length=1)
    strength: float = Field(1.0, ge=0, le=4)
    temperature: float = Field(0.0, ge=0, le=2)
    max_tokens: int = Field(256, ge=1, le=8192)
    seed: int = Field(0, ge=0, lt=2**32)


class ChatLine(BaseModel):
    """One line of an answer: `ready` when the models are loaded, `token` with what was said next, `done` with how many
    tokens in how many seconds, `error`."""

    model_config = ConfigDict(frozen=True)

    event: Literal["loading", "ready", "token", "done", "error"]
    text: str = ""
    tokens: int = 0
    seconds: float = 0.0
    code: str | None = None
    message: str | None = None
    hint: str | None = None

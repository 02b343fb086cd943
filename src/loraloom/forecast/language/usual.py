"""What runs on texts usually take: learning rates by optimizer and the size of the base."""

from __future__ import annotations

from loraloom.forecast.usual import RATES
from loraloom.models.text_shape import TextShape
from loraloom.spec.text import TextRun

FACTOR = 2.0
"""Of the rates of pictures: 2e-4 with AdamW where alpha = rank. The papers of LoRA and QLoRA take 2e-4 (arXiv:2106.09685,
table 11; arXiv:2305.14314, table 9) with alpha / rank of 8 and 0.25, LLaMA-Factory's examples 1e-4 with 2."""
SMALL, SMALL_FACTOR = 500_000_000, 3.0
"""Parameters below which a base is a small one, which bears and needs larger steps."""


def is_small(shape: TextShape) -> bool:
    """Whether the base is far smaller than those that people chat with."""
    return shape.parameters < SMALL


def usual_rate(run: TextRun, shape: TextShape) -> float:
    """The learning rate that runs with this optimizer on such a base take where alpha = rank."""
    name = run.optimizer.name
    return RATES[name] if name == "prodigy" else RATES[name] * FACTOR * (SMALL_FACTOR if is_small(shape) else 1.0)


def usual_alpha(run: TextRun) -> float:
    """Twice the rank, as the classic recipe has it; with rsLoRA twice its root."""
    return round(2 * (run.lora.rank**0.5 if run.lora.rslora else run.lora.rank), 1)

"""The `<stem>.json` that AUTOMATIC1111 and Forge read beside a LoRA."""

from __future__ import annotations

import json

from loraloom.models.lora_metadata import model_name, trigger_phrase
from loraloom.models.resolve import BaseModel
from loraloom.spec.run import ImageFamily, ImageRun

VERSIONS: dict[ImageFamily, str] = {"sd1": "SD1", "sd2": "SD2", "sdxl": "SDXL"}


def sidecar(run: ImageRun, *, steps: int, base: BaseModel) -> str:
    """JSON with the fields of their LoRA card: description, sd version, activation text, weight, negative text, notes."""
    values = {
        "description": run.export.description,
        "sd version": VERSIONS[run.family],
        "activation text": trigger_phrase(run),
        "preferred weight": 1.0,
        "negative text": "",
        "notes": f"Trained on {model_name(base)}: {steps} steps, rank {run.lora.rank}, alpha {run.lora.alpha:g}.",
    }
    return json.dumps(values, ensure_ascii=False, indent=2) + "\n"

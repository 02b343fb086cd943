"""The `<stem>.json` that AUTOMATIC1111 and Forge read beside a LoRA."""

from __future__ import annotations

import json
from pathlib import PurePath

from loraloom.models.lora_metadata import model_name, trigger_phrase
from loraloom.models.resolve import BaseModel
from loraloom.publish.subject import Subject
from loraloom.publish.told import Told
from loraloom.spec.run import ImageRun

VERSIONS: dict[str, str] = {"sd1": "SD1", "sd2": "SD2", "sdxl": "SDXL"}


def published_sidecar(subject: Subject, told: Told) -> str:
    """The same for a version that is given to people, with the weight that is recommended."""
    rank = f", rank {subject.rank}" if subject.rank else ""
    alpha = f", alpha {subject.alpha:g}" if subject.alpha else ""
    run, base = subject.run, subject.base
    named = model_name(base) if base is not None else PurePath(subject.base_model).name
    return _json(
        description=told.asked.description or (run.export.description if run is not None else ""),
        version=VERSIONS.get(subject.family, ""),
        trigger=subject.trigger,
        weight=told.evidence.strength,
        notes=f"Version {told.version}. Trained on {named}: {subject.steps} steps{rank}{alpha}.",
    )


def sidecar(run: ImageRun, *, steps: int, base: BaseModel) -> str:
    """JSON with the fields of their LoRA card: description, sd version, activation text, weight, negative text, notes."""
    return _json(
        description=run.export.description,
        version=VERSIONS[run.family],
        trigger=trigger_phrase(run),
        weight=1.0,
        notes=f"Trained on {model_name(base)}: {steps} steps, rank {run.lora.rank}, alpha {run.lora.alpha:g}.",
    )


def _json(description: str, version: str, trigger: str, weight: float, notes: str) -> str:
    values = {
        "description": description,
        "sd version": version,
        "activation text": trigger,
        "preferred weight": weight,
        "negative text": "",
        "notes": notes,
    }
    return json.dumps(values, ensure_ascii=False, indent=2) + "\n"

"""Puts beside a finished LoRA what people and programs look for: its card and, for pictures, AUTOMATIC1111's file."""

from __future__ import annotations

from pathlib import Path

from loraloom.models.header import read_header
from loraloom.models.lora_metadata import used_prediction
from loraloom.models.prediction import Prediction, prediction_from_metadata
from loraloom.models.resolve import BaseModel
from loraloom.publish.card import model_card
from loraloom.publish.sidecar import sidecar
from loraloom.publish.text_card import text_card
from loraloom.publish.writing import write_text
from loraloom.spec.errors import LoomError
from loraloom.spec.run import ImageRun, Run
from loraloom.spec.text import TextRun


def package(run: Run, lora: Path, *, steps: int, base: BaseModel, preview: Path | None) -> list[Path]:
    """Write `README.md` beside the LoRA file `lora`, and `<stem>.json` where it is for pictures; returns their paths.

    `preview` is a picture beside it, or None. Raises LoomError `disk_full` or `not_writable`.
    """
    texts = (
        _for_texts(run, lora, steps, base)
        if isinstance(run, TextRun)
        else _for_pictures(run, lora, steps, base, preview)
    )
    for path, text in texts.items():
        write_text(path, text)
    return list(texts)


def _for_texts(run: TextRun, lora: Path, steps: int, base: BaseModel) -> dict[Path, str]:
    return {lora.with_name("README.md"): text_card(run, steps=steps, base=base)}


def _for_pictures(run: ImageRun, lora: Path, steps: int, base: BaseModel, preview: Path | None) -> dict[Path, str]:
    shown = preview.name if preview is not None and preview.parent == lora.parent else None
    prediction = _prediction(lora) or used_prediction(run, base)
    card = model_card(run, lora.name, steps=steps, base=base, prediction=prediction, preview=shown)
    return {
        lora.with_suffix(".json"): sidecar(run, steps=steps, base=base),
        lora.with_name("README.md"): card,
    }


def _prediction(lora: Path) -> Prediction | None:
    """What the file's own header says: training may have measured it."""
    try:
        return prediction_from_metadata(read_header(lora).metadata)
    except LoomError:
        return None

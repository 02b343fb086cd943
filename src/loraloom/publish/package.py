"""Puts beside a finished LoRA what people and programs look for: its card and AUTOMATIC1111's file."""

from __future__ import annotations

import errno
import secrets
from pathlib import Path

from loraloom.models.header import read_header
from loraloom.models.lora_metadata import used_prediction
from loraloom.models.prediction import Prediction, prediction_from_metadata
from loraloom.models.resolve import BaseModel
from loraloom.publish.card import model_card
from loraloom.publish.sidecar import sidecar
from loraloom.spec.errors import LoomError
from loraloom.spec.run import Run


def package(run: Run, lora: Path, *, steps: int, base: BaseModel, preview: Path | None) -> list[Path]:
    """Write `<stem>.json` and `README.md` beside the LoRA file `lora`; returns their paths.

    `preview` is a picture beside it, or None. Raises LoomError `disk_full` or `not_writable`.
    """
    shown = preview.name if preview is not None and preview.parent == lora.parent else None
    prediction = _prediction(lora) or used_prediction(run, base)
    card = model_card(run, lora.name, steps=steps, base=base, prediction=prediction, preview=shown)
    texts = {
        lora.with_suffix(".json"): sidecar(run, steps=steps, base=base),
        lora.with_name("README.md"): card,
    }
    for path, text in texts.items():
        _write(path, text)
    return list(texts)


def _prediction(lora: Path) -> Prediction | None:
    """What the file's own header says: training may have measured it."""
    try:
        return prediction_from_metadata(read_header(lora).metadata)
    except LoomError:
        return None


def _write(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        try:
            beside.write_text(text, "utf-8", newline="\n")
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise LoomError("disk_full", f"There is no room left to write {path.name}.", "Free some space.") from error
        raise LoomError(
            "not_writable", f"{path} cannot be written: {error.strerror}.", "Check the folder's permissions."
        ) from error

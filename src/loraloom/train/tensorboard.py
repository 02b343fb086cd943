"""TensorBoard files beside the events, for those who look there: scalars and sample pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tensorboardX import SummaryWriter

from loraloom.spec.event import RunFinished, RunInterrupted, SampleSaved, StepLogged, ValidationLogged


class TensorBoard:
    """A listener for `Emitter`; one folder a run."""

    def __init__(self, folder: Path, run_dir: Path) -> None:
        self._writer = SummaryWriter(str(folder))
        self._run_dir = run_dir

    def __call__(self, payload: Any) -> None:
        """Write what this event says, if anything."""
        if isinstance(payload, StepLogged):
            values = {"loss": payload.loss, "smoothed_loss": payload.smoothed_loss, "lr": payload.lr}
            values |= {"step_seconds": payload.step_seconds, "memory_bytes": payload.memory_bytes}
            for name, value in values.items():
                self._writer.add_scalar(f"train/{name}", value, payload.step)
        elif isinstance(payload, ValidationLogged):
            self._writer.add_scalar("validation/loss", payload.loss, payload.step)
        elif isinstance(payload, SampleSaved):
            pixels = np.asarray(Image.open(self._run_dir / payload.file).convert("RGB"))
            self._writer.add_image(payload.prompt[:80], pixels, payload.step, dataformats="HWC")
        elif isinstance(payload, RunFinished | RunInterrupted):
            self._writer.close()

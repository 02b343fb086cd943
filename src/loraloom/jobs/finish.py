"""After the child: put preview, card and sidecar beside the LoRA, and count up what the run came to."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from loraloom.jobs import folder
from loraloom.jobs.summary import Summary, summary
from loraloom.models.resolve import resolve
from loraloom.publish.package import package
from loraloom.spec.errors import LoomError

CARD = "README.md"


def finish(run_dir: Path, warn: Callable[[str], None]) -> Summary | None:
    """The summary of a run that has finished, its LoRA packaged once; None while it has not finished.

    The LoRA is whole whatever happens here: what cannot be put beside it is told through `warn`.
    """
    done = summary(run_dir)
    if done is None:
        return None
    lora = Path(done.lora)
    if not (lora.parent / CARD).exists():
        try:
            run = folder.read(run_dir)
            preview = _preview(lora, done.samples)
            package(run, lora, steps=done.steps, base=resolve(run.base_model), preview=preview)
        except LoomError as error:
            warn(f"The card could not be written beside the LoRA: {error.message} {error.hint}")
        except OSError as error:
            warn(f"The preview could not be written beside the LoRA: {error.strerror}.")
    return done


def _preview(lora: Path, samples: list[str]) -> Path | None:
    """`<name>.png` beside the LoRA: the first sample of the last step, unless there is one already."""
    picture = lora.with_suffix(".png")
    if picture.exists():
        return picture
    pictures = [Path(sample) for sample in samples if sample.endswith(".png") and Path(sample).is_file()]
    if not pictures:
        return None
    last = max(sample.parent.name for sample in pictures)
    shutil.copyfile(min(sample for sample in pictures if sample.parent.name == last), picture)
    return picture

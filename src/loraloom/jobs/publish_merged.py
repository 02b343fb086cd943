"""Has a child work a LoRA for pictures into its base: one file of the original layout, which needs no LoRA any more."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from loraloom.jobs.answered import RESULT, answered
from loraloom.publish.subject import Subject
from loraloom.spec.errors import LoomError
from loraloom.spec.merged import MergePicturesRequest, MergeResult

MERGE = (sys.executable, "-m", "loraloom.generate.merge_pictures")


def merge_pictures(subject: Subject, out: Path, strength: float) -> Path:
    """Write base and LoRA at `strength` as the checkpoint `out`. Raises LoomError `base_model_not_found` where the base is
    not on this machine, and those of the merging process."""
    if subject.base is None or subject.base.path is None:
        says = f"The base model {subject.base_model or 'of this LoRA'} is not on this machine."
        raise LoomError("base_model_not_found", says, "Add it under Models first, or leave out the merged format.")
    with tempfile.TemporaryDirectory(prefix="loraloom-") as name:
        place = Path(name)
        request = MergePicturesRequest(
            base=str(subject.base.path.absolute()),
            lora=str(subject.file.absolute()),
            strength=strength,
            out=str(out.absolute()),
            title=subject.label,
            result=str(place / RESULT),
        )
        answered(MERGE, request, MergeResult, place, "merging process")
    return out

"""A whole bundle of a LoRA that was made by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from loraloom.jobs.publish_files import formats_of, write_weights
from loraloom.models.resolve import resolve
from loraloom.publish.bundle import Bundle, complete
from loraloom.publish.subject import Sample, Subject
from loraloom.spec.publication import Publish
from tests.published import PROMPTS, TELLING, lora_file, picture


def subject_of(folder: Path, seed: int = 0, metadata: dict[str, str] | None = None, **more: Any) -> Subject:
    """A LoRA made elsewhere, whose header tells captions, with samples before and after."""
    file = lora_file(folder / "some file.safetensors", TELLING if metadata is None else metadata, seed)
    samples = tuple(
        Sample(step, PROMPTS[0], picture(folder / f"{step}.png", seed, step / 10)) for step in (0, 10)
    )  # fmt: skip
    values: dict[str, Any] = {
        "label": "Felt",
        "file": file,
        "family": "sd1",
        "base_model": "thimble",
        "base": resolve("thimble"),
        "trigger": "felt style",
        "steps": 10,
        "images": 24,
        "resolution": 64,
        "rank": 4,
        "alpha": 4.0,
        "metadata": TELLING | {"modelspec.license": "cc0-1.0"},
        "samples": samples,
    }
    return Subject(**values | more)


def bundle_of(folder: Path, asked: Publish | None = None, version: int = 1, seed: int = 0, **more: Any) -> Bundle:
    """The bundle of such a LoRA in `folder`."""
    subject = subject_of(folder.with_name(f"{folder.name} source"), seed, **more)
    asked = asked or Publish(target="zip")
    folder.mkdir(parents=True)
    weights = write_weights(subject, folder, formats_of(subject, "zip", asked.formats), asked, 1.0)
    return complete(folder, subject, asked, version, weights)

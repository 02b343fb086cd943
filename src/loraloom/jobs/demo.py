"""The demo's config and its before/after sheet: packaged pictures on the built-in base, no download."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from loraloom.jobs import folder
from loraloom.jobs.draw import draw
from loraloom.spec.errors import LoomError
from loraloom.spec.sample import SampleResult
from loraloom.spec.text import TextRun

ASSETS = Path(__file__).parents[1] / "assets" / "demo"
DATA = ASSETS / "pictures"
HELD_OUT = "held_out.json"
SHEET = "before-after.png"
SUBJECTS = 9
"""Columns of the sheet."""
SAMPLES = 4
"""Subjects drawn while training, at the start and the end."""


def demo_config() -> dict[str, Any]:
    """A config as a user would write it."""
    if not DATA.is_dir():
        raise LoomError("dataset_not_found", "The demo pictures are missing from the installation.", "Install again.")
    return {
        "preset": "demo",
        "name": "demo",
        "base_model": "thimble",
        "dataset": {"path": str(DATA)},
        "sample": {"prompts": held_out()[:SAMPLES]},
    }


def held_out() -> list[str]:
    """Prompts of subjects that are not among the demo pictures."""
    subjects: list[dict[str, str]] = json.loads((ASSETS / HELD_OUT).read_text(encoding="utf-8"))
    return [subject["caption"] for subject in subjects]


def compare(run_dir: Path, lora: str) -> SampleResult:
    """Draw held-out subjects without and with `lora`, as one sheet in `run_dir`, and measure how far the style moved."""
    run = folder.read(run_dir)
    assert not isinstance(run, TextRun)
    return draw(
        {
            "base_model": run.base_model,
            "loras": [(lora, 1.0)],
            "prompts": held_out()[:SUBJECTS],
            "seed": run.sample.seed,
            "steps": run.sample.steps,
            "guidance": run.sample.guidance,
            "compare": True,
            "compare_to": run.dataset.path,
            "out": str(run_dir / SHEET),
            "device": run.training.device,
            "threads": run.training.threads,
        }
    )

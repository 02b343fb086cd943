"""`measures.json`: what was measured, a column an item."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from loraloom.spec.experiment import MEASURES, Measured


def write(run_dir: Path, found: Sequence[Measured]) -> None:
    """Write it, whole or not at all."""
    half = run_dir / f"{MEASURES}.part"
    half.write_text(json.dumps([one.model_dump(mode="json") for one in found], indent=1), "utf-8")
    half.replace(run_dir / MEASURES)

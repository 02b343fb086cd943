"""`loraloom.data` stays light: no torch, and no numpy before pixels or random numbers are needed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import loraloom.data

FOLDER = Path(loraloom.data.__file__).parent
HEAVY = ("torch", "diffusers", "transformers", "peft", "numpy", "yaml")


def test_no_module_brings_a_heavy_one() -> None:
    names = sorted(f"loraloom.data.{path.stem}" for path in FOLDER.glob("*.py") if path.stem != "__init__")
    assert len(names) >= 20
    code = f"import sys, json, {', '.join(names)}; print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []

"""Commands that a person waits for answer without torch; how long they take is printed, not asserted."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.structure_source import HEAVY_MODULES

CODE = """
import sys
from loraloom.cli.app import run
code = run(sys.argv[1:])
heavy = sorted(set({heavy!r}) & set(sys.modules))
print("heavy:", ",".join(heavy), file=sys.stderr)
sys.exit(code)
"""


def call(arguments: list[str], expected: int) -> None:
    before = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(heavy=HEAVY_MODULES), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    print(f"loraloom {' '.join(arguments)}: {time.perf_counter() - before:.2f} s")
    assert done.returncode == expected, done.stderr
    assert done.stderr.strip().splitlines()[-1] == "heavy:", done.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--help"], 0),
        (["--version"], 0),
        (["train", "--help"], 0),
        (["presets"], 0),
        (["config", "schema"], 0),
        (["config", "new", "--family", "sdxl"], 0),
        (["train", "nothing.yaml"], 1),
        (["inspect", "nothing.safetensors"], 1),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_without_torch(arguments: list[str], expected: int) -> None:
    call(arguments, expected)


def test_inspect_check_and_validate_without_torch(base_folder: Path, pictures: Path, tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(f"base_model: {base_folder}\ndataset: {{path: '{pictures}'}}\ntraining: {{epochs: 1}}\n", "utf-8")
    call(["inspect", str(base_folder)], 0)
    call(["dataset", "check", str(pictures), "--resolution", "64"], 0)
    call(["config", "validate", str(config)], 0)
    call(["train", str(config), "--set", "lora.rnak=1"], 1)

"""`batch_size: auto` under real limits (RLIMIT_AS of the child alone): what is picked finishes, one more does not."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.runs import DEMO, payloads

LORA = {"rank": 8, "alpha": 8, "targets": "attention+ff+conv"}
SIDE = 192
"""Pixels: a picture more takes about 155 MB more. The limits lie half way between those at which one more fits."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS")


def around(tmp_path: Path, memory: int) -> dict[str, str]:
    """A data home of its own, so that nothing is known, and the limit: bytes beyond the program's own."""
    own = {"OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2", "LORALOOM_HOME": str(tmp_path / "home")}
    return {**os.environ, **own, "LORALOOM_RUN_MEMORY": str(memory)}


def test_three_limits_pick_three_batches_and_one_more_fails(tmp_path: Path) -> None:
    picked: list[int] = []
    for memory in (1_035_000_000, 1_345_000_000, 1_810_000_000):
        config = tmp_path / f"{memory}.yaml"
        dataset = {"path": str(DEMO), "resolution": SIDE}
        training = {"batch_size": "auto", "steps": 2, "threads": 1}
        config.write_text(
            yaml.safe_dump({"name": "auto", "dataset": dataset, "lora": LORA, "training": training}), "utf-8"
        )
        done = subprocess.run(
            [sys.executable, "-m", "loraloom", "train", str(config), "--out", str(tmp_path / str(memory)), "--json"],
            capture_output=True,
            text=True,
            env=around(tmp_path, memory),
            check=False,
        )
        assert done.returncode == 0, done.stderr
        run_dir = Path(json.loads(done.stdout.splitlines()[-1])["run_dir"])
        assert not payloads(run_dir, "SettingsLowered")
        picked.append(yaml.safe_load((run_dir / "run.yaml").read_text("utf-8"))["training"]["batch_size"])
        # tried in a process of its own under the same limit: it failed, or it left less than the margin
        assert re.search(rf"batch {picked[-1] + 1}: (memory ran out|[\d.]+ [GM]B)", done.stderr), done.stderr
    assert picked == sorted(set(picked)), "more memory, more pictures"

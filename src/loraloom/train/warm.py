"""A child made ready before there is a run: everything imported, one tiny run rehearsed, then it waits to be given one.

A line of JSON on the standard input gives it: `run_dir`, and `name`. When the input closes before, the server is gone
and so is this child. It never trains a second run.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

from loraloom.train.child import read_run, run_child

READY = ".ready"
"""An empty file in the reserved folder, there while the child waits."""
READ_AHEAD_BYTES = 8 << 30


def wait(folder: Path, base: str | None) -> Path | None:
    """The run folder to train, once it is given; None when nobody is left to give one."""
    try:
        rehearse()
        if base is not None:
            _read_ahead(base)
    except Exception:
        traceback.print_exc()  # the run itself will say what is wrong, in the user's words
    with contextlib.suppress(OSError):  # it may be the run's already, under another name
        (folder / READY).touch()
    line = sys.stdin.buffer.readline()
    if not line.endswith(b"\n"):
        return None
    given: dict[str, str] = json.loads(line)
    os.environ["LORALOOM_RUN"] = given["name"]
    run_dir = Path(given["run_dir"])
    (run_dir / READY).unlink(missing_ok=True)
    return run_dir


def rehearse() -> None:
    """One step on one grey picture with the embedded base: what is only paid once is paid then (imports that come late,
    threads, kernels)."""
    from PIL import Image

    config: dict[str, Any] = {
        "family": "sd1",
        "name": "rehearsal",
        "base_model": "thimble",
        "dataset": {"path": "data", "resolution": 64},
        "lora": {"targets": "attention+ff+conv"},
        "training": {"steps": 1, "batch_size": 1},
        "sample": {"prompts": ["rehearsal"], "steps": 1},
    }
    with tempfile.TemporaryDirectory(prefix="loraloom-") as place:
        run_dir = Path(place)
        config["dataset"]["path"] = str(run_dir / "data")
        (run_dir / "data").mkdir()
        Image.new("RGB", (64, 64), (128, 128, 128)).save(run_dir / "data" / "grey.png")
        (run_dir / "run.yaml").write_text(json.dumps(config), "utf-8")
        run_child(run_dir, read_run(run_dir), _ignore, lambda: None, time.time())
    gc.unfreeze()  # what the rehearsal left goes; the code stays
    gc.collect()
    gc.freeze()


def _read_ahead(base: str) -> None:
    """Have the system hold the weights of `base` in memory, and the code of its family."""
    from loraloom.models.resolve import resolve
    from loraloom.models.text_base import folder_of
    from loraloom.train.families import start

    found = resolve(base)
    if found.family is not None:
        start(found.family)
    if found.path is None:
        return
    place = folder_of(found) if found.family == "causal_lm" else found.path
    files = [place] if place.is_file() else sorted(place.rglob("*.safetensors"))
    if sum(file.stat().st_size for file in files) < READ_AHEAD_BYTES:
        for file in files:
            with file.open("rb", buffering=0) as stream:
                while stream.read(1 << 24):
                    pass


def _ignore(payload: Any) -> None:
    del payload

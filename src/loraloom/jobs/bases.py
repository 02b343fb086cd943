"""Language models that must be converted before the first run: done once, by a child, beside everything else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from filelock import FileLock

from loraloom.jobs.runners import GENTLE
from loraloom.models.resolve import BaseModel, resolve
from loraloom.models.text_base import converted, is_ready
from loraloom.spec.errors import CODES, LoomError

SAYS = "Preparing {name} for the first time; this takes about a minute and is done once."


def prepare_base(name: str, say: Callable[[str], None] | None = None) -> BaseModel:
    """The base model `name`, its folder made if it has to be; `say` is told what is waited for.

    Raises LoomError of `resolve`, `weights_unreadable`, `disk_full`.
    """
    base = resolve(name)
    if base.path is None or is_ready(base):
        return base
    folder = converted(base.path)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(folder.name + ".lock")):  # two that ask at once convert once
        if not is_ready(base):
            if say is not None:
                say(SAYS.format(name=base.name))
            _convert(str(base.path), str(folder))
    return base


def _convert(file: str, folder: str) -> None:
    import os

    command = [sys.executable, "-m", "loraloom.generate.convert", file, folder]
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        env=os.environ | GENTLE,
        check=False,
    )
    if done.returncode == 0:
        return
    lines = done.stderr.strip().splitlines()
    if len(lines) >= 3 and lines[-3] in CODES:
        raise LoomError(lines[-3], lines[-2], lines[-1])
    last = lines[-1] if lines else f"exit code {done.returncode}"
    raise LoomError(
        "weights_unreadable", f"The base model cannot be prepared: {last}", "Is the package gguf installed?"
    )

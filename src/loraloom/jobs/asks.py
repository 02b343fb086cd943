"""What a child that cannot be reached by signals is asked to do: empty files in its run folder, looked for once a step.

A supervisor that was started again asks in the same way as the one that started the child, on every system and through
every sandbox. The child takes a file away as it takes the ask up.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

Verb = Literal["stop", "sample", "checkpoint"]
"""`stop`: write a checkpoint and end; `sample`: draw samples now; `checkpoint`: write one now."""

ASKS = "asks"
VERBS: tuple[Verb, ...] = get_args(Verb)


def ask(run_dir: Path, verb: Verb) -> None:
    """Ask the child of `run_dir`; asked twice before it looks is asked once. Raises OSError."""
    folder = run_dir / ASKS
    folder.mkdir(exist_ok=True)
    (folder / verb).touch()


def pending(run_dir: Path) -> set[Verb]:
    """What was asked and not taken up yet."""
    return {verb for verb in VERBS if (run_dir / ASKS / verb).exists()}


def clear(run_dir: Path) -> None:
    """Take back what was asked of an earlier child. To be called before a new one is started, never after."""
    for verb in VERBS:
        (run_dir / ASKS / verb).unlink(missing_ok=True)

"""Make the run folder for a config: after this, `run.yaml` is all that a child needs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from loraloom import __version__
from loraloom.data import home
from loraloom.data.names import safe_stem
from loraloom.jobs import folder, yaml_file
from loraloom.jobs.resolve import Resolved, resolve


def prepare(config: Mapping[str, Any], out: Path | None = None) -> Path:
    """The folder of a new run for `config`: under `out`, else where the config says, else in the data home.

    Raises LoomError with every problem of the config at once, `not_writable` or `disk_full`.
    """
    return place(resolve(config), out)


def place(resolved: Resolved, out: Path | None = None) -> Path:
    """The folder of a new run: `OUT/<name>` (a second one is `<name>-2`), or `runs/<time>-<name>` in the data home."""
    parent = out or resolved.out
    stem = safe_stem(resolved.run.name)
    made = folder.create(folder.absolute(parent or home.runs()), stem, stamped=parent is None)
    try:
        yaml_file.write(made / folder.CONFIG, resolved.run.model_dump(mode="json"), _heading(resolved))
    except OSError as error:
        raise folder.refusal(made, error) from error
    return made


def _heading(resolved: Resolved) -> str:
    lines = [f"Loom {__version__}, {datetime.now():%Y-%m-%d %H:%M}. Frozen: copy it to start another run with changes."]
    if resolved.source != "loraloom":
        lines.append(f"Made from a {resolved.source} config.")
    if resolved.preset:
        lines.append(f"Preset: {resolved.preset}.")
    lines += [note.replace("\n", " ") for note in resolved.notes]
    return "\n".join(lines)

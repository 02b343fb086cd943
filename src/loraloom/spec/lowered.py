"""Settings that memory forced upon a run: said by `SettingsLowered` in its events, laid over its frozen config."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from loraloom.spec.event import SettingsLowered, decode
from loraloom.spec.run import RUN, Run

MARK = b'"SettingsLowered"'


def lowered(run_dir: Path) -> dict[str, Any]:
    """Dotted key -> the value it was lowered to last, over all children of the run."""
    found: dict[str, Any] = {}
    try:
        with (run_dir / "events.jsonl").open("rb") as lines:
            for line in lines:
                if MARK in line and isinstance(said := decode(line.decode("utf-8")).payload, SettingsLowered):
                    found[said.key] = said.new
    except FileNotFoundError:
        pass
    return found


def changed(run: Run, values: Mapping[str, Any]) -> Run:
    """`run` with dotted keys laid over it. Raises pydantic's ValidationError for a value that cannot be."""
    config: dict[str, Any] = run.model_dump(mode="json")
    for key, value in values.items():
        *groups, leaf = key.split(".")
        place = config
        for group in groups:
            place = place[group]
        place[leaf] = value
    return RUN.validate_python(config)

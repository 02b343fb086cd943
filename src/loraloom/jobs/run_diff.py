"""What sets runs apart: the settings that are not the same in all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from loraloom.store.tables import Run

SAME_FOR_ALL = ("name", "dataset.path", "experiment.candidates")
"""What says nothing of how they were made."""


def differing(runs: Sequence[Run]) -> dict[str, list[Any]]:
    """Dotted key -> a value a run, in their order; a key that a run has not is None."""
    flat = [_flat(run.config) | _beside(run) for run in runs]
    keys = sorted({key for one in flat for key in one if key not in SAME_FOR_ALL})
    found = {key: [one.get(key) for one in flat] for key in keys}
    return {key: values for key, values in found.items() if any(value != values[0] for value in values[1:])}


def _beside(run: Run) -> dict[str, Any]:
    """What a config does not say."""
    return {
        "dataset": run.dataset_name or None,
        "dataset_version": run.dataset_version,
        "preset": run.preset,
        "kind": run.kind,
    }


def _flat(config: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{before}{key}.")  # pyright: ignore[reportUnknownArgumentType]
        else:
            found[f"{before}{key}"] = value
    return found

"""The JSON schema of a config file: the run's, and the one key that is used up before the run exists."""

from __future__ import annotations

from typing import Any

from loraloom import presets
from loraloom.spec.run import schema

PRESET_HELP = "Settings laid under everything else in the file; see `loraloom presets`."


def config_schema() -> dict[str, Any]:
    """JSON schema (draft 2020-12) with units and help texts, as an editor or a form uses it."""
    content = schema()
    for reference in content["discriminator"]["mapping"].values():
        family = content["$defs"][reference.rsplit("/", 1)[-1]]
        family["properties"]["preset"] = {"enum": presets.names(), "description": PRESET_HELP, "title": "Preset"}
    return content

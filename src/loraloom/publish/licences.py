"""Under which licence a base model is, where that is known, and how the hub wants a licence to be said."""

from __future__ import annotations

import re
from typing import Any

from loraloom.models.resolve import THIMBLE, BaseModel
from loraloom.models.smollm2 import SMOLLM2, UPSTREAM

BASES: dict[str, str] = {
    THIMBLE: "apache-2.0",
    SMOLLM2: "apache-2.0",
    UPSTREAM.lower(): "apache-2.0",
    "stable-diffusion-v1-5/stable-diffusion-v1-5": "creativeml-openrail-m",
    "runwayml/stable-diffusion-v1-5": "creativeml-openrail-m",
    "compvis/stable-diffusion-v1-4": "creativeml-openrail-m",
    "stabilityai/stable-diffusion-2": "openrail++",
    "stabilityai/stable-diffusion-2-base": "openrail++",
    "stabilityai/stable-diffusion-2-1": "openrail++",
    "stabilityai/stable-diffusion-2-1-base": "openrail++",
    "stabilityai/stable-diffusion-xl-base-1.0": "openrail++",
}
"""What a config calls a base -> its licence, by the hub's names."""
FAMILIES: dict[str, tuple[str, str]] = {
    "sd1": ("Stable Diffusion 1.x", "creativeml-openrail-m"),
    "sd2": ("Stable Diffusion 2.x", "openrail++"),
    "sdxl": ("Stable Diffusion XL", "openrail++"),
}
"""What models of a family go back to. Theirs may ask for more, never for less."""
# fmt: off
HUB = frozenset((
    "apache-2.0", "mit", "openrail", "bigscience-openrail-m", "creativeml-openrail-m", "bigscience-bloom-rail-1.0",
    "openrail++", "afl-3.0", "artistic-2.0", "bsl-1.0", "bsd", "bsd-2-clause", "bsd-3-clause", "cc", "cc0-1.0",
    "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-2.0",
    "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0",
    "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "agpl-3.0", "gpl", "gpl-2.0", "gpl-3.0", "lgpl", "lgpl-2.1", "lgpl-3.0",
    "isc", "mpl-2.0", "odbl", "ofl-1.1", "unlicense", "wtfpl", "zlib", "llama2", "llama3", "gemma", "unknown",
    "other",
))
# fmt: on
"""Names that the hub takes as `license`; it refuses a card with another one."""


def base_licence(base_model: str, base: BaseModel | None = None) -> str | None:
    """The licence of the base that a config calls `base_model`; None where it is not known."""
    names = (base_model, base.hub_id if base is not None else None, base.name if base is not None else None)
    return next((BASES[name.lower()] for name in names if name and name.lower() in BASES), None)


def base_sentence(base_model: str, family: str, base: BaseModel | None = None) -> str:
    """What a card says of the base's licence."""
    known = base_licence(base_model, base)
    if known is not None:
        return f"The base model is under `{known}`, whose terms go with this LoRA too."
    if family in FAMILIES:
        name, licence = FAMILIES[family]
        goes_back = f"{name}, which it goes back to, is under `{licence}`."
        return f"The licence of the base model is not known to LoRA Loom. {goes_back}"
    return "The licence of the base model is not known to LoRA Loom: look where it came from."


def front(licence: str) -> dict[str, Any]:
    """`licence` as keys of the hub's front matter: an identifier it knows, or `other` with a name."""
    said = licence.strip()
    if not said:
        return {}
    if said.lower() in HUB:
        return {"license": said.lower()}
    return {"license": "other", "license_name": re.sub(r"[^a-z0-9.+-]+", "-", said.lower()).strip("-")[:100] or "other"}

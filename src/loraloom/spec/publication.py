"""How a LoRA is given to people: what is known of it, where it goes, what is said with it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Target = Literal["folder", "zip", "hub", "gallery"]
Format = Literal["kohya", "diffusers", "peft", "merged", "gguf"]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Hashes(BaseModel):
    """As others compute them. `autov2` is what Civitai and AUTOMATIC1111 show: the first ten digits of the SHA-256 of the
    file; `sshs_model` and `sshs_legacy` are kohya's, of the tensors."""

    model_config = ConfigDict(frozen=True)

    sha256: str
    autov2: str
    sshs_model: str = ""
    sshs_legacy: str = ""


class Evidence(BaseModel):
    """What speaks for a LoRA. `tested`: an experiment with it has finished."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    tested: bool
    experiments: tuple[str, ...] = ()
    """Ids of finished experiments with it, the newest first."""
    votes: int = 0
    strength: float = 1.0
    """That is recommended: of the column that won, or 1."""
    strength_from: Literal["votes", "measures", "usual"] = "usual"
    adherence: float | None = None
    style: float | None = None
    diversity: float | None = None
    nearest: float | None = None
    leak: float | None = None
    perplexity: float | None = None
    images: int | None = None
    """Pictures or examples it was trained on."""
    steps: int = 0
    resolution: int | None = None
    hashes: Hashes
    limits: tuple[str, ...] = ()
    """What the numbers warn of, in English sentences for the card."""


class Publish(_Strict):
    """Where a LoRA goes and what is said of it. An untested one goes nowhere unless `untested` says so again."""

    target: Target
    place: str = Field("", max_length=2000)
    """A folder of the server (`folder`), `owner/name` (`hub`); empty for the others."""
    formats: tuple[Format, ...] = Field((), max_length=5)
    """Empty: what the target's programs load."""
    description: str = Field("", max_length=20_000)
    changes: str = Field("", max_length=20_000)
    """What is new since the version before."""
    license: str = Field("", max_length=200)
    """Of the LoRA, as an SPDX name or in words."""
    data_license: str = Field("", max_length=2000)
    """Where the data came from and who may use it."""
    captions: bool = False
    """Whether the words of captions may be told (`ss_tag_frequency`)."""
    private: bool = True
    """On the hub."""
    untested: bool = False
    """Said twice: publish although nothing was compared."""


State = Literal["published", "withdrawn"]


class PublicationView(BaseModel):
    """One version of a LoRA at one place."""

    id: str
    lora: str
    name: str
    version: int
    target: Target
    place: str
    """Where it lies: a path, an address; empty for a zip, which is downloaded."""
    state: State
    tested: bool
    changes: str
    files: list[str]
    sha256: str
    created_at: datetime
    withdrawn_at: datetime | None = None


class Place(BaseModel):
    """A folder that a program on this server loads LoRAs from."""

    program: Annotated[str, Field(description="`webui`, `forge` or `comfyui`.")]
    path: str
    writable: bool

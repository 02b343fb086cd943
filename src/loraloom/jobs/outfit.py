"""How the child of a run is started, told from its folder alone: on the server as on any worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from loraloom.jobs import asks, captioning, compared, folder, yaml_file
from loraloom.jobs.runners import detached
from loraloom.models.resolve import THIMBLE, resolve


@dataclass(frozen=True)
class Outfit:
    """The child's module, and what it is shown besides its folder."""

    module: str
    base: Path | None = None
    read_only: Sequence[Path] = ()
    network: Mapping[str, str] | None = None


def outfit(run_dir: Path, kind: str) -> Outfit:
    """The outfit of the run in a folder that was filled. Raises LoomError `base_model_not_found` and the like."""
    if kind == "caption":
        job = captioning.read(run_dir)
        return Outfit(captioning.MODULE, base=captioning.model_of(job), network=captioning.network_of(job))
    if kind == "experiment":
        return Outfit(compared.MODULE, read_only=compared.shown(run_dir))
    return Outfit(detached.TRAIN, base=base_path(str(yaml_file.read(run_dir / folder.CONFIG)["base_model"])))


def start(run_dir: Path, kind: str, device: str, name: str) -> detached.Child:
    """Start the child of a folder that was filled. Raises LoomError."""
    fit = outfit(run_dir, kind)
    asks.clear(run_dir)
    return detached.start(
        run_dir,
        base=fit.base,
        read_only=fit.read_only,
        device=device,
        name=name,
        module=fit.module,
        network=fit.network,
    )


def base_path(base_model: str) -> Path | None:
    """What the sandbox must show of the base model: nothing for the embedded one."""
    return None if base_model == THIMBLE else resolve(base_model).path

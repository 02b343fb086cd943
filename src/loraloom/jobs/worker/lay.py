"""Lays out what was given: the run folder, and the base model where the config will look for it."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any, cast

import yaml

from loraloom.data.captioned import JOB
from loraloom.jobs import folder, yaml_file
from loraloom.jobs.worker.cache import Cache, Fetch
from loraloom.models.resolve import resolve
from loraloom.spec.errors import LoomError
from loraloom.spec.work import Work, WorkPlace

LINKED = ("data/", "checkpoints/")
"""What no child writes into: links to the cache. Everything else is the run's own copy."""


def lay(work: Work, run_dir: Path, cache: Cache, places: Path, fetch: Fetch) -> None:
    """Make the folder of `work`; base models and the like go into `places`. Raises Away, LoomError, OSError."""
    run_dir.mkdir(parents=True, exist_ok=True)
    for ref in work.files:
        target = run_dir / ref.path
        if ref.path.startswith(LINKED):
            cache.put(ref, target, fetch)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(cache.get(ref, fetch), target)
    for stub in work.stubs:
        (run_dir / "checkpoints" / stub).mkdir(parents=True, exist_ok=True)
    moved = {place.path: where for place in work.places if (where := _place(place, cache, places, fetch)) is not None}
    _rewrite(run_dir / (folder.CONFIG if work.kind == "train" else JOB), moved, work.device)


def _place(place: WorkPlace, cache: Cache, places: Path, fetch: Fetch) -> str | None:
    """Where its files are now; None when the config's own name finds them."""
    if place.hub_id is not None:
        _hub(place, cache, fetch)
        return None
    told = "\n".join(f"{ref.path} {ref.sha256}" for ref in place.files)
    name = place.files[0].path if place.single else Path(place.path).name
    root = places / hashlib.sha256(told.encode()).hexdigest()[:32]
    target = root if place.single else root / name
    for ref in place.files:
        if not (target / ref.path).is_file():
            cache.put(ref, target / ref.path, fetch)
    return str(root / name)


def _hub(place: WorkPlace, cache: Cache, fetch: Fetch) -> None:
    """Put a snapshot into the hub's own cache, unless it is there. Layout: huggingface_hub, "Understand caching"."""
    from huggingface_hub.constants import HF_HUB_CACHE

    try:
        if resolve(str(place.hub_id)).path is not None:
            return
    except LoomError:
        pass
    root = Path(HF_HUB_CACHE) / f"models--{str(place.hub_id).replace('/', '--')}"
    for ref in place.files:
        cache.put(ref, root / "snapshots" / place.revision / ref.path, fetch)
    (root / "refs").mkdir(parents=True, exist_ok=True)
    (root / "refs" / "main").write_text(place.revision, "utf-8")


def _rewrite(file: Path, moved: dict[str, str], device: str) -> None:
    """Write the config with the names that hold here, and for the device that was given."""
    config = yaml_file.read(file)
    changed = _renamed(config, moved)
    training: dict[str, Any] = changed.get("training") or {}
    for group in (changed, training):
        if "device" in group:
            group["device"] = "cuda" if device.startswith("cuda") else _off_card(str(group["device"]))
    if changed != config:
        half = file.with_name(f".{file.name}")
        half.write_text(yaml.safe_dump(changed, allow_unicode=True, sort_keys=False), "utf-8")
        half.replace(file)


def _off_card(device: str) -> str:
    return "auto" if device.startswith("cuda") else device


def _renamed(value: Any, moved: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(one, moved) for key, one in cast(dict[str, Any], value).items()}
    if isinstance(value, list):
        return [_renamed(one, moved) for one in cast(list[Any], value)]
    return moved.get(value, value) if isinstance(value, str) else value

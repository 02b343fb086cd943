"""What a worker is given with a run: the files of its folder and of its base model, each by its content."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import loraloom
from loraloom.data.captioned import JOB as CAPTION_JOB
from loraloom.jobs import checkpoints, folder, yaml_file
from loraloom.models.resolve import THIMBLE, resolve
from loraloom.models.smollm2 import SMOLLM2
from loraloom.models.text_base import folder_of
from loraloom.spec.errors import LoomError
from loraloom.spec.experiment import JOB as EXPERIMENT_JOB
from loraloom.spec.work import FileRef, WorkPlace
from loraloom.store.tables import Run

EMBEDDED = (THIMBLE, SMOLLM2)
"""Bases that every installation has."""
ASSETS = Path(loraloom.__file__).parent / "assets"
LEFT = ("cache", "asks", "lock", "samples", "lora", "checkpoints", "logs")
"""Of a training's folder: what its next child does not need."""
WHOLE = ("state.json", "adapter.safetensors", "optimizer.safetensors")
"""Files of a checkpoint."""
KEPT = 4096
"""Files whose hash is remembered."""

_HASHES: OrderedDict[tuple[int, int, int, int], str] = OrderedDict()
_LOCK = threading.Lock()


def files(run: Run, run_dir: Path) -> tuple[list[FileRef], list[str]]:
    """What goes into the run folder of the worker, and names of checkpoints that it only hears of. A training goes on from
    its newest checkpoint; other kinds from all that they have made. `url` is filled in by whoever knows the address."""
    left = LEFT if run.kind == "train" else ("cache", "asks", "lock")
    found = {ref.path: ref for ref in _walk(run_dir, left)}
    if run.kind != "train":
        return list(found.values()), []
    names = [f"step-{one.step:06d}" for one in checkpoints.listed(run_dir)]
    for name in reversed(names):
        before = f"checkpoints/{name}/"
        parts = {ref.path: ref for ref in _walk(run_dir / before, (), before)}
        for part, (sha256, size) in checkpoints.elsewhere(run_dir / before).items():
            parts[before + part] = FileRef(path=before + part, sha256=sha256, bytes=size)
        if all(before + part in parts for part in WHOLE):
            return [*found.values(), *parts.values()], [other for other in names if other != name]
    return list(found.values()), []


def places(run: Run, run_dir: Path) -> list[tuple[WorkPlace, Path]]:
    """What the config names by a path of this machine, or by an id of the hub, and the folder that its files lie in. Raises
    LoomError `base_model_not_found`."""
    if run.kind == "train":
        base = _base(str(yaml_file.read(run_dir / folder.CONFIG)["base_model"]))
        return [base] if base else []
    job: dict[str, Any] = yaml_file.read(run_dir / (CAPTION_JOB if run.kind == "caption" else EXPERIMENT_JOB))
    named = [job.get("model")] if run.kind == "caption" else [*job.get("bases", ()), job.get("clip")]
    paths = [Path(name) for name in named if isinstance(name, str) and Path(name).is_absolute()]
    return [_path(path, str(path)) for path in paths if not path.is_relative_to(ASSETS)]


def sources(run: Run, run_dir: Path) -> dict[str, Path]:
    """SHA-256 -> the file of this machine with these bytes, for all that the run's worker is given from here."""
    found = {ref.sha256: run_dir / ref.path for ref in files(run, run_dir)[0] if (run_dir / ref.path).exists()}
    for place, root in places(run, run_dir):
        found |= {ref.sha256: root / ref.path for ref in place.files}
    return found


def sha256_of(file: Path) -> str:
    """SHA-256 of a file, hex; computed once while it stays as it is."""
    stat = file.stat()
    key = (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)
    with _LOCK:
        if key in _HASHES:
            _HASHES.move_to_end(key)
            return _HASHES[key]
    with file.open("rb") as stream:
        made = hashlib.file_digest(stream, "sha256").hexdigest()
    with _LOCK:
        _HASHES[key] = made
        while len(_HASHES) > KEPT:
            _HASHES.popitem(last=False)
    return made


def _walk(root: Path, left: Iterable[str], before: str = "") -> Iterator[FileRef]:
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if parts[0] in left or any(part.startswith(".") for part in parts) or not path.is_file():
            continue
        if path.is_symlink() and parts[0] != "data":
            continue
        yield FileRef(path=f"{before}{'/'.join(parts)}", sha256=sha256_of(path), bytes=path.stat().st_size)


def _base(base_model: str) -> tuple[WorkPlace, Path] | None:
    if base_model in EMBEDDED:
        return None
    base = resolve(base_model)
    path = folder_of(base) if base.layout == "gguf" else base.path
    if path is None:
        text = f"{base_model} has not been downloaded to the server."
        raise LoomError("base_model_not_found", text, f"Run `hf download {base_model}` there.")
    place, root = _path(path, base_model)
    if base.hub_id is not None and path.parent.name == "snapshots":
        place = place.model_copy(update={"hub_id": base.hub_id, "revision": path.name})
    return place, root


def _path(path: Path, name: str) -> tuple[WorkPlace, Path]:
    """What lies at `path`: a file, or a folder with all that is in it."""
    if path.is_file():
        ref = FileRef(path=path.name, sha256=sha256_of(path), bytes=path.stat().st_size)
        return WorkPlace(path=name, files=[ref], single=True), path.parent
    found = [
        FileRef(path=file.relative_to(path).as_posix(), sha256=sha256_of(file), bytes=file.stat().st_size)
        for file in sorted(path.rglob("*"))
        if file.is_file()
    ]
    return WorkPlace(path=name, files=found, single=False), path

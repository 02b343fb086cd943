"""The LoRAs that the playground may try: of the gallery, and what a run has trained so far."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from loraloom.jobs import checkpoints
from loraloom.models.family import FAMILY_NAMES
from loraloom.models.resolve import THIMBLE, BaseModel
from loraloom.server.playing import LoraAsked
from loraloom.server.reply import inside
from loraloom.spec.errors import LoomError
from loraloom.store.blobs import Blobs
from loraloom.store.runs import get_lora, get_run
from loraloom.store.tables import Lora, Run

ADAPTER = "adapter.safetensors"


@dataclass(frozen=True)
class Tried:
    """A LoRA on this machine: `path` is its file, or the checkpoint of a run. `stem` is what tools call it."""

    name: str
    stem: str
    path: Path
    family: str
    base_model: str
    id: str | None = None
    """In the gallery."""
    step: int | None = None
    """Of a checkpoint."""
    sha256: str = ""
    """Of its tensors, where the file says so."""


def tried(home: Path, session: Session, blobs: Blobs, asked: LoraAsked) -> Tried:
    """What `asked` means. Raises LoomError `lora_not_found`, `run_not_found`, `checkpoint_not_found`, `file_not_found`,
    `request_invalid`."""
    if (asked.lora is None) == (asked.run is None):
        raise LoomError("request_invalid", "A LoRA is named by `lora` or by `run`.", "Send one of the two.")
    if asked.lora is not None:
        return _of_gallery(home, get_lora(session, asked.lora))
    return _of_run(home, session, blobs, get_run(session, asked.run or ""), asked.step)


def mismatch(lora: Tried, base: BaseModel) -> str | None:
    """Why `lora` does not fit `base`, as far as is known without its tensors; None where it may."""
    if lora.family == "causal_lm":
        return f"{lora.name} is for language models."
    if base.family is not None and lora.family != base.family:
        return f"{lora.name} is for {_called(lora.family)}, and {base.name} is {FAMILY_NAMES[base.family]}."
    if lora.base_model and (lora.base_model == THIMBLE) != (base.name == THIMBLE):
        return f"{lora.name} was trained on {lora.base_model}, and {base.name} is of another size."
    return None


def named(home: Path, session: Session, names: Collection[str], base: BaseModel) -> dict[str, Tried | None]:
    """The LoRA that each of `names` means: by its name in the gallery or its file's, whatever the case; the newest one,
    and rather one that fits `base`."""
    found: dict[str, Tried | None] = dict.fromkeys(names)
    if not names:
        return found
    by_name: dict[str, list[Lora]] = {}
    for lora in session.scalars(select(Lora).where(Lora.family != "causal_lm").order_by(Lora.id.desc())):
        for key in {lora.name.casefold(), Path(lora.file).stem.casefold()}:
            by_name.setdefault(key, []).append(lora)
    for name in found:
        for lora in by_name.get(name.casefold(), ()):
            try:
                one = _of_gallery(home, lora)
            except LoomError:  # its file is gone
                continue
            if found[name] is None or mismatch(one, base) is None:
                found[name] = one
            if mismatch(one, base) is None:
                break
    return found


def _called(family: str) -> str:
    return next((words for name, words in FAMILY_NAMES.items() if name == family), family)


def _of_gallery(home: Path, lora: Lora) -> Tried:
    file = inside(home, lora.file)
    sha256 = str(lora.details.get("sshs_model_hash", ""))
    return Tried(lora.name, file.stem, file, lora.family, lora.base_model, lora.id, sha256=sha256)


def _of_run(home: Path, session: Session, blobs: Blobs, run: Run, step: int | None) -> Tried:
    """The checkpoint of `step`, else the newest; in the place of the last one the LoRA that the run became, if it did."""
    lora = session.scalar(select(Lora).where(Lora.run_id == run.id))
    if lora is not None and step in (None, lora.steps):
        return _of_gallery(home, lora)
    run_dir = home / "runs" / run.id
    if step is None:
        kept = checkpoints.listed(run_dir)
        if not kept:
            says = f"{run.name} has no checkpoint yet."
            raise LoomError("checkpoint_not_found", says, "Wait until it has written one.")
        step = kept[-1].step
    folder = checkpoints.folder_of(run_dir, step, blobs)
    inside(home, (folder / ADAPTER).relative_to(home).as_posix())
    stem = f"{run.name}-step-{step:06d}"
    return Tried(stem, stem, folder, run.family, run.base_model, step=step)

"""An uploaded LoRA that was made elsewhere: looked at by its header, moved into the data home, listed in the gallery."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from loraloom.data.intake import clean
from loraloom.data.labels import label
from loraloom.data.names import safe_component
from loraloom.models.family import detect_header
from loraloom.models.header import Header, read_header
from loraloom.models.inspect import inspect
from loraloom.models.received import check_length
from loraloom.models.resolve import THIMBLE
from loraloom.models.sniff import refuse_pickle
from loraloom.spec.errors import LoomError
from loraloom.store.database import Database
from loraloom.store.ids import new_id
from loraloom.store.tables import BaseModel, Lora, Upload

FOLDER = "loras"
"""Of the data home: a folder for each LoRA by its id."""
MAX_VALUE = 20_000
"""Letters of one value of the header that are shown: lists of captions are longer."""
HASH = "sshs_model_hash"
SAFETENSORS = ".safetensors"


def take_lora(database: Database, home: Path, upload: Upload, path: Path) -> None:
    """Make a LoRA of the gallery of the upload whose bytes lie at `path`. Raises LoomError as `check_lora` does.

    The id is written down before the file moves, so that a check that was interrupted between the two finds it again.
    """
    name = safe_component(upload.filename.rsplit("/", 1)[-1])
    lora_id = upload.model_id or new_id()
    target = home / FOLDER / lora_id / name
    if not target.exists():
        check_lora(path, upload.filename)
        with database.session() as session:
            session.merge(upload).model_id = lora_id
        with path.open("rb+") as file:
            os.fsync(file.fileno())
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
    header = check_lora(target, upload.filename)
    with database.session() as session:
        session.merge(_row(session, home, upload, lora_id, target, header))
        there = session.merge(upload)
        there.model_id, there.state = lora_id, "done"


def check_lora(path: Path, filename: str) -> Header:
    """The header of the uploaded file at `path`; a person called it `filename`.

    Raises LoomError: `pickle_refused`, `weights_unreadable`, `lora_unreadable` for anything that is no LoRA, `lora_mismatch`
    for a LoRA of a model that Loom does not draw with.
    """
    name = label(filename).rsplit("/", 1)[-1]
    refuse_pickle(Path(name))
    if not name.lower().endswith(SAFETENSORS):
        hint = "Upload a LoRA as one .safetensors file; other formats are not read."
        raise LoomError("lora_unreadable", f"{name} is not a .safetensors file.", hint)
    try:
        check_length(path, name)
        header = read_header(path)
    except LoomError as error:
        raise LoomError(error.code, error.message.replace(path.name, name), error.hint) from error
    found = detect_header(header, Path(name).stem)
    if found.kind != "lora":
        what = found.name if found.kind == "base_model" else "no LoRA that Loom knows"
        hint = "Add base models on their own page; here go LoRAs (kohya, diffusers, LyCORIS)."
        raise LoomError("lora_unreadable", f"{name} is {what}.", hint)
    if found.layout == "peft" or any(key.startswith("base_model.model.") for key in header.tensors):
        hint = "Loom tries LoRAs of language models that it trained itself."
        raise LoomError("lora_mismatch", f"{name} is a LoRA for a language model.", hint)
    if found.family is None:
        hint = "Loom draws with Stable Diffusion 1.x, 2.x and XL."
        raise LoomError("lora_mismatch", f"{name} is a LoRA for a model that Loom does not know.", hint)
    return header


def _row(session: Session, home: Path, upload: Upload, lora_id: str, file: Path, header: Header) -> Lora:
    told = inspect(file)
    said = {clean(key): clean(value) for key, value in header.metadata.items() if len(value) <= MAX_VALUE}
    said.setdefault(HASH, _tensor_hash(file, header.data_start))  # what AUTOMATIC1111 works out where it is missing
    steps = said.get("ss_steps", "")
    return Lora(
        id=lora_id,
        run_id=None,
        user_id=upload.user_id,
        name=Path(label(upload.filename).rsplit("/", 1)[-1]).stem[:200],
        file=file.relative_to(home).as_posix(),
        preview=None,
        base_model=_base(session, said),
        family=str(told.family),
        trigger=clean(trigger_of(header.metadata))[:1000],
        rank=told.rank[0] if told.rank else None,
        alpha=told.alpha[0] if told.alpha else None,
        steps=int(steps) if steps.isascii() and steps.isdecimal() and len(steps) < 10 else 0,
        bytes=file.stat().st_size,
        sha256=_tensor_hash(file, 0),
        details=said,
    )


def trigger_of(metadata: dict[str, str]) -> str:
    """The words that call a LoRA: those of modelspec, else the one tag that all of its captions have (kohya's
    `ss_tag_frequency` and `ss_dataset_dirs`); empty where neither tells."""
    said = metadata.get("modelspec.trigger_phrase", "").strip()
    if said:
        return said
    folders, counts = _object(metadata.get("ss_dataset_dirs", "")), _object(metadata.get("ss_tag_frequency", ""))
    always: list[set[str]] = []
    for folder, tags in counts.items():
        about: Any = folders.get(folder)
        pictures: Any = cast("dict[str, Any]", about).get("img_count") if isinstance(about, dict) else None
        if not isinstance(pictures, int) or pictures < 2 or not isinstance(tags, dict):
            return ""
        always.append({tag.strip() for tag, count in cast("dict[str, Any]", tags).items() if count == pictures})
    shared = set[str].intersection(*always) if always else set[str]()
    return shared.pop() if len(shared) == 1 else ""


def _object(text: str) -> dict[str, Any]:
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _base(session: Session, said: dict[str, str]) -> str:
    """The base of this server that the metadata name, by file or hub id; empty where they name none that is here."""
    name = said.get("ss_sd_model_name", "").strip()
    if name in ("", THIMBLE):
        return name
    rows = session.execute(select(BaseModel.name, BaseModel.source))
    stem = name.removesuffix(SAFETENSORS)
    return next((source for label, source in rows if stem in (label, source, Path(source).stem)), "")


def _tensor_hash(file: Path, start: int) -> str:
    """SHA-256 of the file from byte `start` on."""
    with file.open("rb") as stream:
        stream.seek(start)
        return hashlib.file_digest(stream, "sha256").hexdigest()

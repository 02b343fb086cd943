"""The weights of a version in the formats that were asked for, laid into the folder of its bundle."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from loraloom.data.names import safe_stem
from loraloom.jobs.publish_merged import merge_pictures
from loraloom.jobs.text_export import base_for, merged
from loraloom.models.header import read_header
from loraloom.models.lora_file import find_layout
from loraloom.models.peft_folder import CONFIG
from loraloom.models.text_base import folder_of
from loraloom.publish.formats import convert
from loraloom.publish.gguf_lora import gguf_name, write_gguf
from loraloom.publish.subject import Subject
from loraloom.publish.unsaid import copy_unsaid
from loraloom.publish.writing import refusal
from loraloom.spec.errors import LoomError
from loraloom.spec.publication import Format, Publish, Target

USUAL: dict[str, tuple[Format, ...]] = {"images": ("kohya",), "texts": ("peft",)}
POSSIBLE: dict[str, tuple[Format, ...]] = {
    "images": ("kohya", "diffusers", "merged"),
    "texts": ("peft", "gguf", "merged"),
}
NEVER = ("README.md", "log.txt")
"""In a PEFT folder: the card is written anew."""
ORIGINS = ("base_model_name_or_path", "name_or_path", "_name_or_path")
"""Where PEFT and transformers write from where something was loaded."""


def formats_of(subject: Subject, target: Target, asked: Sequence[Format]) -> tuple[Format, ...]:
    """What to write. Raises LoomError `lora_mismatch` for a format of the other kind, or one that the target's programs do
    not load."""
    wanted = tuple(dict.fromkeys(asked)) or USUAL[subject.kind]
    possible = POSSIBLE[subject.kind] if target != "folder" else USUAL[subject.kind]
    wrong = [name for name in wanted if name not in possible]
    if wrong:
        where = "A folder of WebUI or ComfyUI" if target == "folder" else "A LoRA of this kind"
        says = f"{where} does not take the format {wrong[0]}."
        raise LoomError("lora_mismatch", says, f"Choose from: {', '.join(possible)}.")
    first = USUAL[subject.kind][0]
    return (first, *(name for name in wanted if name != first)) if first in wanted else wanted


def write_weights(
    subject: Subject, folder: Path, formats: Sequence[Format], asked: Publish, strength: float
) -> tuple[str, ...]:
    """Write the weights of `subject` into `folder`; returns their names. `strength` is that of a merged model.

    Raises LoomError of the format's own making, `disk_full`, `not_writable`.
    """
    try:
        names: list[str] = []
        for name in formats:
            names += _write(subject, folder, name, asked, strength)
        return tuple(names)
    except OSError as error:
        raise refusal(folder, error) from error


def _write(subject: Subject, folder: Path, to: Format, asked: Publish, strength: float) -> list[str]:
    stem = safe_stem(subject.label)
    if to == "kohya":
        return [kohya(subject, folder / f"{stem}.safetensors", asked.captions).name]
    if to == "diffusers":
        clean = kohya(subject, folder / ".clean.safetensors", asked.captions)
        (folder / "diffusers").mkdir()
        made = convert(clean, folder / "diffusers", "diffusers")
        clean.unlink()
        return [made.relative_to(folder).as_posix()]
    if to == "peft":
        return _peft(subject, folder)
    if to == "gguf":
        base = base_for(subject.file.parent, subject.base_model or None)
        return [write_gguf(subject.file.parent, folder_of(base), folder / gguf_name(subject.label)).name]
    if subject.kind == "texts":
        base = base_for(subject.file.parent, subject.base_model or None)
        merged(subject.file.parent, base, folder / "merged")
        files = sorted(file for file in (folder / "merged").rglob("*") if file.is_file())
        return [file.relative_to(folder).as_posix() for file in files]
    return [merge_pictures(subject, folder / f"{stem}-merged.safetensors", strength).name]


def kohya(subject: Subject, out: Path, captions: bool) -> Path:
    """The LoRA for pictures as the file that WebUI and ComfyUI load: in kohya's layout, captions left out unless asked for.
    A file that has that layout, or one that is not known, is copied."""
    header = read_header(subject.file)
    source = subject.file
    if find_layout(header.tensors) == "diffusers":
        source = convert(subject.file, out.with_name(".kohya.safetensors"), "kohya")
    if captions:
        shutil.copyfile(source, out)
    else:
        copy_unsaid(source, out)
    if source != subject.file:
        source.unlink()
    return out


def _peft(subject: Subject, folder: Path) -> list[str]:
    source = subject.file.parent
    if not (source / CONFIG).is_file():
        raise LoomError("lora_unreadable", f"{source.name} is not a PEFT folder.", f"It has no {CONFIG}.")
    files = [file for file in sorted(source.iterdir()) if file.is_file() and not file.is_symlink()]
    kept = [file for file in files if file.name not in NEVER and not file.name.startswith(".")]
    kept.sort(key=lambda file: file != subject.file)
    for file in kept:
        if file.suffix == ".json":
            (folder / file.name).write_bytes(_without_paths(file.read_bytes()))
        else:
            shutil.copyfile(file, folder / file.name)
    return [file.name for file in kept]


def _without_paths(content: bytes) -> bytes:
    """A config of PEFT or transformers whose base or origin is no folder of this machine but its last name."""
    try:
        said: Any = json.loads(content)
    except ValueError:
        return content
    if not isinstance(said, dict):
        return content
    known = cast("dict[str, Any]", said)
    paths = {key: value for key in ORIGINS if isinstance(value := known.get(key), str) and _is_path(value)}
    if not paths:
        return content
    named = {key: value.replace("\\", "/").rstrip("/").rpartition("/")[2] for key, value in paths.items()}
    return json.dumps(known | named, ensure_ascii=False, indent=2).encode()


def _is_path(value: str) -> bool:
    return value.startswith(("/", "~", ".", "\\")) or value[1:3] in (":\\", ":/")

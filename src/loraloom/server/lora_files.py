"""A LoRA of the gallery as programs load it, made when it is first asked for and kept."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Literal

from fastapi.responses import Response

from loraloom.data.names import safe_stem
from loraloom.jobs import text_export
from loraloom.jobs.bases import prepare_base
from loraloom.models.peft_folder import CONFIG
from loraloom.models.text_base import folder_of
from loraloom.publish.formats import convert
from loraloom.publish.gguf_lora import gguf_name, write_gguf
from loraloom.server import archive
from loraloom.server.reply import inside, send
from loraloom.spec.errors import LoomError
from loraloom.store.tables import Lora

Tool = Literal["webui", "comfyui", "diffusers", "peft", "gguf", "ollama", "merged"]
PICTURES: tuple[Tool, ...] = ("webui", "comfyui", "diffusers")
TEXTS: tuple[Tool, ...] = ("peft", "gguf", "ollama", "merged")
_one_at_a_time = threading.Lock()


def download(home: Path, lora: Lora, tool: Tool | None) -> Response:
    """The answer with the LoRA for `tool`, by default the first of its kind. Raises LoomError `file_not_found`,
    `lora_mismatch` for a program of the other kind, and those of `jobs.text_export`."""
    kind = TEXTS if lora.family == "causal_lm" else PICTURES
    tool = tool or kind[0]
    if tool not in kind:
        what = "a language model" if kind is TEXTS else "pictures"
        raise LoomError("lora_mismatch", f"{lora.name} is for {what}.", f"Ask for one of: {', '.join(kind)}.")
    file = inside(home, lora.file)
    made = home / "cache" / "exports" / lora.sha256
    return _text(home, lora, file, made, tool) if kind is TEXTS else _pictures(lora, file, made, tool)


def _pictures(lora: Lora, file: Path, made: Path, tool: Tool) -> Response:
    name = f"{safe_stem(lora.name)}.safetensors"
    if tool != "diffusers":
        return send(file, name)
    found = next(made.glob("*.safetensors"), None) if made.is_dir() else None
    if found is None:
        made.mkdir(parents=True, exist_ok=True)
        found = convert(file, made, "diffusers")
    return send(found, name)


def _text(home: Path, lora: Lora, file: Path, made: Path, tool: Tool) -> Response:
    folder, stem = file.parent, safe_stem(lora.name)
    inside(home, (folder / CONFIG).relative_to(home.resolve()).as_posix())  # read below, and a child may have linked it
    if tool == "peft":
        return archive.stream(folder.parent, [folder], f"{stem}.zip")
    with _one_at_a_time:
        base = prepare_base(lora.base_model)
        if tool == "gguf":
            there = made / gguf_name(folder.name)
            return send(there if there.is_file() else write_gguf(folder, folder_of(base), made), gguf_name(lora.name))
        place = made / f"{safe_stem(folder.name)}-{tool}"
        if tool == "merged" and not place.is_dir():
            made.mkdir(parents=True, exist_ok=True)
            text_export.merged(folder, base, place)
        if tool == "ollama" and not (place / text_export.MODELFILE).is_file():
            text_export.write_ollama(folder, base, place, text_export.elsewhere(base))
    return archive.stream(made, [place], f"{stem}-{tool}.zip")

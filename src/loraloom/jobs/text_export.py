"""A LoRA of a language model for other programs: GGUF, an Ollama folder, or merged into its base."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from loraloom.data.examples.words import Words
from loraloom.jobs import folder
from loraloom.jobs.answered import RESULT, answered
from loraloom.jobs.bases import prepare_base
from loraloom.models.diffusers_folder import read_json
from loraloom.models.peft_folder import CONFIG
from loraloom.models.resolve import BaseModel, hub_snapshot
from loraloom.models.smollm2 import SMOLLM2, UPSTREAM, is_installed
from loraloom.models.text_base import folder_of
from loraloom.publish.gguf_lora import write_gguf
from loraloom.publish.ollama import modelfile
from loraloom.publish.writing import write_text
from loraloom.spec.errors import LoomError
from loraloom.spec.merged import MergeRequest, MergeResult
from loraloom.spec.text import TextRun

Program = Literal["gguf", "ollama", "merged"]
MERGE = (sys.executable, "-m", "loraloom.generate.merge")
MODELFILE = "Modelfile"
IN_LIBRARY = {SMOLLM2: "smollm2:135m"}
"""Bases that Ollama's library has, by its names."""


def export_text(
    lora: Path, out: Path, to: Program, base: str | None = None, say: Callable[[str], None] | None = None
) -> Path:
    """Write the PEFT folder `lora` for a program; returns the file or folder written.

    `base` is what the config calls the base model; without it, the one the LoRA names. `say` is told what is waited for.
    Raises LoomError of `prepare_base`, `write_gguf` and the merging process; `extra_missing` without the package gguf.
    """
    found = base_for(lora, base, say)
    if to == "gguf":
        return write_gguf(lora, folder_of(found), out)
    if to == "ollama":
        return write_ollama(lora, found, out, str(found.path))
    return Path(merged(lora, found, out).folder)


def lora_folder(path: Path) -> Path:
    """The PEFT folder that `path`, the folder or the weights in it, means. Raises LoomError `lora_unreadable`."""
    place = path.expanduser().absolute()
    place = place.parent if place.is_file() else place
    if (place / CONFIG).is_file():
        return place
    raise LoomError(
        "lora_unreadable", f"{path} is not the LoRA of a language model.", f"Name a PEFT folder: it has {CONFIG} in it."
    )


def base_for(lora: Path, base: str | None = None, say: Callable[[str], None] | None = None) -> BaseModel:
    """The prepared base of the LoRA in the folder `lora`: `base`, else what its run was trained on, else what its config
    names. Raises LoomError of `prepare_base`."""
    run = run_of(lora)
    named = base or (run.base_model if run is not None else read_json(lora / CONFIG).get("base_model_name_or_path"))
    if named == UPSTREAM and is_installed() and hub_snapshot(UPSTREAM) is None:
        named = SMOLLM2
    try:
        return prepare_base(str(named or ""), say)
    except LoomError as error:
        if base is not None or error.code != "base_model_not_found":
            raise
        says = f"The base model of {lora.name}, {named or 'which it does not name'}, is not on this machine."
        raise LoomError(error.code, says, "Name it with --base, or download it.") from error


def run_of(lora: Path) -> TextRun | None:
    """The run that made the LoRA, when it still lies in its run folder."""
    run_dir = lora.parent.parent
    if lora.parent.name != "lora" or not folder.is_run(run_dir):
        return None
    run = folder.read(run_dir)
    return run if isinstance(run, TextRun) else None


def write_ollama(lora: Path, base: BaseModel, out: Path, source: str) -> Path:
    """Write the folder `out`: a Modelfile and the GGUF file that it names. `source` is what it starts from."""
    file = write_gguf(lora, folder_of(base), out)
    run = run_of(lora)
    words = Words.of(lora if (lora / "tokenizer.json").is_file() else folder_of(base))
    text = modelfile(source, file.name, words, run.dataset.system if run is not None else "")
    write_text(out / MODELFILE, text)
    return out


def elsewhere(base: BaseModel) -> str:
    """What a Modelfile for another machine starts from: a name of Ollama's library, else a file to be put beside it."""
    return IN_LIBRARY.get(base.name, "./base.gguf")


def merged(lora: Path, base: BaseModel, out: Path) -> MergeResult:
    """Have the merging process write `out`, which must not be there yet."""
    if out.exists():
        raise LoomError("not_writable", f"{out} is there already.", "Choose another folder with --out.")
    with tempfile.TemporaryDirectory(prefix="loraloom-") as name:
        place = Path(name)
        request = MergeRequest(
            base=str(folder_of(base).absolute()),
            lora=str(lora.absolute()),
            out=str(out.expanduser().absolute()),
            result=str(place / RESULT),
        )
        return answered(MERGE, request, MergeResult, place, "merging process")

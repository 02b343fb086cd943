"""Where a model lies: a folder as it is, or a hub id brought to this machine. Weights are never pickles."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from loraloom.spec.errors import LoomError

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")
TRANSFORMERS = ("*.json", "*.txt", "*.jinja", "*.model", "*.safetensors")


def find_model(model: str, files: Sequence[str] = TRANSFORMERS) -> Path:
    """Folder of `model`; of a hub id only `files` are fetched. Raises LoomError `caption_model_not_found`."""
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder
    if folder.is_file():
        raise LoomError(
            "caption_model_not_found", f"{folder.name} is a file.", "Give the folder that holds the whole model."
        )
    if not HUB_ID.fullmatch(model):
        hint = "Give the folder that holds the model, or a hub id such as owner/name."
        raise LoomError("caption_model_not_found", f"There is no model at {model}.", hint)
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(model, allow_patterns=list(files)))
    except Exception as error:
        why = " ".join(str(error).split())[:300]
        hint = "Check the name and the connection, or download it elsewhere and give its folder."
        raise LoomError("caption_model_not_found", f"{model} could not be fetched from the hub: {why}", hint) from error


def need_safetensors(folder: Path, model: str) -> None:
    """Raises LoomError `pickle_refused` or `caption_model_unusable` when the weights are not there as safetensors."""
    if any(folder.glob("*.safetensors")):
        return
    if any(file for pattern in PICKLES for file in folder.glob(pattern)):
        text = f"The weights of {model} are a pickle, which may run code when it is opened; it is not loaded."
        raise LoomError(
            "pickle_refused", text, "Take the safetensors version of the model, or convert it once elsewhere."
        )
    raise LoomError("caption_model_unusable", f"{model} has no weights (*.safetensors).", "Give the whole model.")


def name_of(model: str) -> str:
    """What a model is called in the record: its hub id, downloads too; of another folder the last part."""
    folder = Path(model).expanduser()
    if not folder.exists():
        return model
    folder = folder.absolute()
    for part in folder.parts:
        if part.startswith("models--"):
            return part.removeprefix("models--").replace("--", "/")
    return folder.name

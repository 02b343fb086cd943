"""Reads a model folder of diffusers or transformers from its small JSON files: family, prediction type, variant."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from loraloom.models.foreign import odd_input
from loraloom.models.prediction import Prediction
from loraloom.models.sniff import PICKLE_HINT, PICKLE_SUFFIXES
from loraloom.spec.errors import LoomError
from loraloom.spec.run import Family, ImageFamily


@dataclass(frozen=True)
class Folder:
    """What a folder holds. `family` is None for anything Loom cannot train; `name` then says what it is."""

    family: Family | None
    layout: str = "diffusers"
    name: str = ""
    prediction: Prediction | None = None
    resolution: int | None = None
    refusal: str = ""
    variant: str | None = None


def detect_folder(path: Path) -> Folder:
    """Say what the folder `path` is.

    Raises LoomError `pickle_refused` (weights only as pickles) and `weights_unreadable` (weights missing, bad JSON).
    """
    if (path / "adapter_config.json").is_file():
        return Folder(None, "peft", "a LoRA in a PEFT folder")
    if (path / "pytorch_lora_weights.safetensors").is_file():
        return Folder(None, "peft", "a folder with a diffusers LoRA")
    index_file = path / "model_index.json"
    if not index_file.is_file():
        _refuse_pickles(path)
        if (path / "config.json").is_file():
            return _language_model(path)
        return Folder(None, "unknown", "", refusal=_no_index(path))
    index = read_json(index_file)
    unet = read_json(path / "unet" / "config.json") if (path / "unet" / "config.json").is_file() else None
    pipeline = str(index.get("_class_name", "an unknown pipeline"))
    if unet is None:
        return Folder(
            None, "diffusers", pipeline, refusal=f"It is a {pipeline}; Loom trains on Stable Diffusion 1.x, 2.x and XL."
        )
    family = family_of_unet(unet)
    if "Refiner" in pipeline or (family == "sdxl" and "text_encoder" not in _parts(index)):
        return Folder(None, "diffusers", "the SDXL refiner", refusal="Loom trains on the SDXL base model.")
    special = odd_input(int(unet.get("in_channels", 4)))
    if special:
        return Folder(family, "diffusers", special, refusal="Loom trains on models with four input channels.")
    parts = [
        part for part in ("unet", "vae", "text_encoder", "text_encoder_2") if part in _parts(index) or part == "unet"
    ]
    variants = [_variant(path / part) for part in parts]
    scheduler = read_json(path / "scheduler" / "scheduler_config.json") if (path / "scheduler").is_dir() else {}
    prediction: Prediction = "v_prediction" if scheduler.get("prediction_type") == "v_prediction" else "epsilon"
    vae = read_json(path / "vae" / "config.json")
    factor = 2 ** (len(vae.get("block_out_channels", [0] * 4)) - 1)
    sample = unet.get("sample_size")
    resolution = sample * factor if isinstance(sample, int) else None
    return Folder(family, "diffusers", "", prediction, resolution, variant="fp16" if "fp16" in variants else None)


def _language_model(path: Path) -> Folder:
    config = read_json(path / "config.json")
    names = [str(name) for name in config.get("architectures") or ()]
    kind = str(config.get("model_type", "unknown"))
    if not any(name.endswith("ForCausalLM") for name in names):
        what = names[0] if names else f"a model of type {kind}"
        return Folder(
            None, "transformers", what, refusal="Of transformers' models Loom trains on causal language models."
        )
    if not any(path.glob("*.safetensors")):
        raise LoomError("weights_unreadable", f"There are no weights in {path}.", "Download the folder again.")
    return Folder("causal_lm", "transformers", f"a language model ({kind})")


def family_of_unet(config: dict[str, Any]) -> ImageFamily:
    """By structure: SDXL adds sizes to the time embedding, SD2 has linear projections around its attention."""
    if config.get("addition_embed_type") == "text_time":
        return "sdxl"
    return "sd2" if config.get("use_linear_projection") else "sd1"


def read_json(path: Path) -> dict[str, Any]:
    """The object in the JSON file `path`. Raises LoomError `weights_unreadable` if it is missing or damaged."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise LoomError(
            "weights_unreadable", f"{path} is missing or cannot be read.", "Download the folder again."
        ) from error
    except (ValueError, RecursionError) as error:
        raise LoomError("weights_unreadable", f"{path} is not valid JSON.", "Download the folder again.") from error
    if not isinstance(found, dict):
        raise LoomError("weights_unreadable", f"{path} does not hold a JSON object.", "Download the folder again.")
    return cast("dict[str, Any]", found)


def _parts(index: dict[str, Any]) -> set[str]:
    return {name for name, value in index.items() if isinstance(value, list) and value and value[0] is not None}


def _variant(part: Path) -> str | None:
    """`fp16` if only that variant of the part's weights is there. Raises if there are none, or only pickles."""
    files = [file.name for file in part.iterdir()] if part.is_dir() else []
    weights = [name for name in files if name.endswith((".safetensors", ".safetensors.index.json"))]
    if not weights:
        if any(name.endswith(PICKLE_SUFFIXES) for name in files):
            raise LoomError("pickle_refused", f"{part} holds its weights only as pickles.", PICKLE_HINT)
        raise LoomError("weights_unreadable", f"There are no weights in {part}.", "Download the folder again.")
    plain = [name for name in weights if ".fp16." not in name]
    return None if plain else "fp16"


def _refuse_pickles(path: Path) -> None:
    files = [file for file in path.iterdir() if file.is_file()]
    if any(file.suffix in PICKLE_SUFFIXES for file in files) and not any(
        file.suffix == ".safetensors" for file in files
    ):
        raise LoomError("pickle_refused", f"{path} holds weights only as pickles.", PICKLE_HINT)


def _no_index(path: Path) -> str:
    single = sorted(file.name for file in path.glob("*.safetensors"))
    if single:
        return f"It has no model_index.json. Name the file itself, such as {single[0]}."
    inner = sorted(folder.parent.name for folder in path.glob("*/model_index.json"))
    if inner:
        return f"It has no model_index.json. Did you mean the folder {inner[0]} inside it?"
    return "A diffusers folder has a model_index.json; this one has none."

"""Reads a LoRA into its layers, whatever layout and kind it is: kohya, diffusers, PEFT, LyCORIS, a checkpoint of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from torch import Tensor

from loraloom.generate.playground.run_checkpoint import checkpoint_files, read_checkpoint
from loraloom.models.diffusers_folder import read_json
from loraloom.models.header import read_header
from loraloom.models.layout import Component
from loraloom.models.lora_alpha import adapter_metadata
from loraloom.models.lora_file import find_layout, is_lora, locate, split_key
from loraloom.models.lora_scale import said_alpha, said_rank
from loraloom.models.peft_folder import CONFIG, WEIGHTS, adapter_file, in_adapter_folder, is_adapter_folder
from loraloom.spec.errors import LoomError

ROLES = {
    **dict.fromkeys((".lora_down.weight", ".lora_A.weight", ".lora_A.default.weight"), "down"),
    **dict.fromkeys((".lora.down.weight", "_lora.down.weight"), "down"),
    **dict.fromkeys((".lora_up.weight", ".lora_B.weight", ".lora_B.default.weight"), "up"),
    **dict.fromkeys((".lora.up.weight", "_lora.up.weight"), "up"),
    ".lora_mid.weight": "mid",
    ".alpha": "alpha",
    ".dora_scale": "dora",
    **dict.fromkeys((".lora_magnitude_vector", ".lora_magnitude_vector.weight"), "magnitude"),
    ".lora_magnitude_vector.default.weight": "magnitude",
}
FOREIGN = (".oft_", ".boft_", ".on_input", ".glora_")
COMPONENTS: tuple[Component, ...] = ("unet", "text_encoder", "text_encoder_2")
_UNET = ("down_blocks.", "mid_block.", "up_blocks.", "conv_in", "conv_out", "time_embedding.", "add_embedding.")


@dataclass(frozen=True)
class LoraLayer:
    """One adapted layer as its file has it. `tensors` by role, on the CPU; `alpha` None is scale 1."""

    component: Component
    path: str
    tensors: Mapping[str, Tensor]
    alpha: float | None
    rank: int | None = None
    """Of the config, where there is one."""


@dataclass(frozen=True)
class LoraFile:
    """A LoRA as it was read. `foreign`: layers of no Stable Diffusion model."""

    name: str
    layers: tuple[LoraLayer, ...]
    foreign: int = 0


def files_of(path: Path) -> tuple[Path, ...]:
    """The files that make the LoRA at `path`. Raises LoomError `lora_unreadable`, `pickle_refused`, `file_not_found`."""
    if not path.is_dir():
        return (path, path.parent / CONFIG) if in_adapter_folder(path) else (path,)
    if is_adapter_folder(path):
        file = adapter_file(path)
        return (file, path / CONFIG) if (path / CONFIG).is_file() else (file,)
    parts = [path / part for part in COMPONENTS if is_adapter_folder(path / part)]
    if parts:
        return tuple(file for part in parts for file in files_of(part))
    found = checkpoint_files(path)
    if found:
        return found
    raise LoomError(
        "lora_unreadable", f"There is no LoRA in the folder {path.name}.", "Name its .safetensors file itself."
    )


def read_lora(path: Path, order: Sequence[str] = ()) -> LoraFile:
    """The LoRA at `path`, a file or a folder. `order` (see `read_checkpoint`) is needed for checkpoints with averages.

    Raises LoomError `file_not_found`, `weights_unreadable`, `pickle_refused`, `lora_unreadable` (no LoRA) and
    `lora_mismatch` (a kind that is not known here).
    """
    if path.is_dir() and not is_adapter_folder(path):
        files_of(path)
        if checkpoint_files(path):
            tensors, alpha = read_checkpoint(path, order)
            return _taken_apart(path.name, tensors, {f"{part}.lora_alpha": alpha for part in COMPONENTS})
        parts = [_read_folder(path / part, part) for part in COMPONENTS if is_adapter_folder(path / part)]
        layers = tuple(layer for part in parts for layer in part.layers)
        return LoraFile(path.name, layers, sum(part.foreign for part in parts))
    if path.is_dir() or in_adapter_folder(path):
        return _read_folder(path if path.is_dir() else path.parent, None)
    header = read_header(path)
    return _taken_apart(path.name, load_file(path), adapter_metadata(header))


def _read_folder(folder: Path, part: Component | None) -> LoraFile:
    """Of diffusers or PEFT. `part` is whose folder it is; None: the names of the modules tell."""
    file = adapter_file(folder)
    header = read_header(file)
    if file.name != WEIGHTS or not (folder / CONFIG).is_file():
        return _taken_apart(folder.name, load_file(file), adapter_metadata(header))
    config = read_json(folder / CONFIG)
    tensors: dict[str, Tensor] = {}
    for name, tensor in load_file(file).items():
        module = name.removeprefix("base_model.model.").removeprefix("base_model.")
        whole = module.startswith(tuple(f"{component}." for component in COMPONENTS))
        guess = part or ("unet" if module.startswith(_UNET) else "text_encoder")
        tensors[module if whole else f"{guess}.{module}"] = tensor
    said: dict[str, Any] = {f"{component}.{key}": value for component in COMPONENTS for key, value in config.items()}
    for component in COMPONENTS:  # LoHa and LoKr call it alpha
        said[f"{component}.lora_alpha"] = config.get("lora_alpha", config.get("alpha"))
    return _taken_apart(folder.name, tensors, said)


def _taken_apart(name: str, tensors: Mapping[str, Tensor], said: dict[str, Any]) -> LoraFile:
    named = {_modern(key): tensor for key, tensor in tensors.items()}
    _refuse(name, named)
    layout = find_layout(named)
    modules: dict[str, dict[str, Tensor]] = {}
    for key, tensor in named.items():
        found = split_key(key)
        if found is not None:
            role = ROLES.get(found.part, found.part.removeprefix(".").removesuffix(".weight"))
            if role == "magnitude":  # PEFT's lie one an output, for convolutions along another axis
                role, tensor = "dora", tensor.flatten()
            modules.setdefault(found.module, {})[role] = tensor
    layers: list[LoraLayer] = []
    for module, parts in modules.items():
        place = locate(module, layout)
        if place is not None:
            layers.append(_layer(*place, parts, said))
    return LoraFile(name, tuple(layers), len(modules) - len(layers))


def _layer(component: Component, path: str, parts: dict[str, Tensor], said: dict[str, Any]) -> LoraLayer:
    tensors = {role: tensor for role, tensor in parts.items() if role != "alpha"}
    rank = said_rank(component, path, said)
    if "alpha" in parts:
        return LoraLayer(component, path, tensors, float(parts["alpha"].flatten()[0]))
    if said.get(f"{component}.lora_alpha") is None:
        return LoraLayer(component, path, tensors, None)
    ranked = next((t.shape[0] for role, t in tensors.items() if role in ("down", "hada_w1_b")), rank or 1)
    return LoraLayer(component, path, tensors, said_alpha(component, path, ranked, said), rank)


def _modern(key: str) -> str:
    """The oldest names of diffusers in those of today."""
    key = key.replace(".lora_linear_layer.", ".lora.").removeprefix("adapter.")
    if key.startswith("text_encoder") and ".self_attn.to_" in key:
        for old, new in (("to_q_", "q_proj_"), ("to_k_", "k_proj_"), ("to_v_", "v_proj_"), ("to_out_", "out_proj_")):
            key = key.replace(f".self_attn.{old}", f".self_attn.{new}")
    return key


def _refuse(name: str, keys: Iterable[str]) -> None:
    names = list(keys)
    foreign = next((mark for mark in FOREIGN if any(mark in key for key in names)), None)
    if foreign is not None:
        kind = {".on_input": "IA3", ".glora_": "GLoRA"}.get(foreign, "OFT")
        raise LoomError(
            "lora_mismatch", f"{name} is {kind}, which Loom does not draw with.", "Try another kind of LoRA."
        )
    if not is_lora(names) and not any(key.endswith((".diff", ".diff_b")) for key in names):
        raise LoomError("lora_unreadable", f"{name} holds no LoRA.", "`loraloom inspect` says what it is.")

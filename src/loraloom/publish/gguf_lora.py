"""A LoRA of a language model as a GGUF file for llama.cpp and Ollama, read back and compared before it is called done.

Follows ggml-org/llama.cpp: what `llama_adapter_lora_init` reads, and what `convert_lora_to_gguf.py` writes.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from loraloom.data.names import safe_stem
from loraloom.models.diffusers_folder import read_json
from loraloom.publish.peft_adapter import MERGE, Factors, PeftAdapter, read_peft
from loraloom.publish.writing import refusal
from loraloom.spec.errors import LoomError

if TYPE_CHECKING:
    import gguf


@dataclass(frozen=True)
class Shape:
    """What of a base's config.json decides names and order: heads, layers, and how llama.cpp calls the architecture."""

    architecture: str
    permuted: bool
    """Whether llama.cpp keeps the rows of queries and keys in another order than transformers does."""
    heads: int
    key_heads: int
    layers: int


ARCHITECTURES: dict[str, tuple[str, bool]] = {
    "LlamaForCausalLM": ("llama", True),
    "MistralForCausalLM": ("llama", True),
    "SmolLM3ForCausalLM": ("smollm3", True),
    "GraniteForCausalLM": ("granite", True),
    "Qwen2ForCausalLM": ("qwen2", False),
    "Qwen3ForCausalLM": ("qwen3", False),
    "GemmaForCausalLM": ("gemma", False),
    "Gemma2ForCausalLM": ("gemma2", False),
    "Gemma3ForCausalLM": ("gemma3", False),
    "PhiForCausalLM": ("phi2", False),
    "Phi3ForCausalLM": ("phi3", False),
    "StableLmForCausalLM": ("stablelm", False),
    "Starcoder2ForCausalLM": ("starcoder2", False),
}
"""transformers' name -> (llama.cpp's name, whether rows are permuted)."""


def write_gguf(lora: Path, base: Path, out: Path) -> Path:
    """Write the PEFT folder `lora` as GGUF; returns the file: `out`, or in the folder `out` a file named like the LoRA.

    `base` is the transformers folder of its base, of which config.json is read. Raises LoomError `lora_unreadable`,
    `lora_mismatch` (DoRA, or an architecture whose names are not known), `lora_not_reproduced`, `not_writable`, `disk_full`,
    `extra_missing` without the package gguf.
    """
    _need_gguf()
    adapter, shape = read_peft(lora), shape_of(base)
    named = {f"{_name(layer.module, shape)}.weight": layer for layer in adapter.layers}
    file = out if out.suffix.lower() == ".gguf" and not out.is_dir() else out / gguf_name(lora.name)
    beside = file.with_name(f".{file.name}.{secrets.token_hex(4)}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            _write(beside, named, adapter, shape, lora.name)
            _compare(beside, named, adapter, shape)
            beside.replace(file)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise refusal(file, error) from error
    return file


def gguf_name(label: str) -> str:
    """What the file of the LoRA called `label` is called: without blanks, as it is typed on command lines."""
    return f"{safe_stem(label).replace(' ', '-')}.gguf"


def shape_of(base: Path) -> Shape:
    """What the base's config.json says. Raises LoomError `lora_mismatch` where llama.cpp's names are not known to Loom."""
    config = read_json(base / "config.json")
    names: list[str] = config.get("architectures") or [""]
    if names[0] not in ARCHITECTURES:
        raise LoomError(
            "lora_mismatch", f"How llama.cpp names the layers of {names[0] or 'this model'} is not known.", MERGE
        )
    try:
        heads, layers = int(config["num_attention_heads"]), int(config["num_hidden_layers"])
        return Shape(*ARCHITECTURES[names[0]], heads, int(config.get("num_key_value_heads") or heads), layers)
    except (KeyError, TypeError, ValueError) as error:
        says = f"The config.json of {base.name} does not say how many heads and layers it has."
        raise LoomError("weights_unreadable", says, "Download the folder again.") from error


def permute(up: np.ndarray, heads: int) -> np.ndarray:
    """Rows [out, rank] of queries or keys in llama.cpp's order: transformers keeps the halves of each head's rotation one
    after the other, llama.cpp side by side."""
    rows, rank = up.shape
    return np.ascontiguousarray(up.reshape(heads, 2, rows // heads // 2, rank).swapaxes(1, 2).reshape(rows, rank))


def unpermute(up: np.ndarray, heads: int) -> np.ndarray:
    """The inverse of `permute`."""
    rows, rank = up.shape
    return np.ascontiguousarray(up.reshape(heads, rows // heads // 2, 2, rank).swapaxes(1, 2).reshape(rows, rank))


def read_gguf(file: Path, base: Path) -> PeftAdapter:
    """The adapter in a GGUF file, rows in transformers' order; modules by llama.cpp's names."""
    import gguf

    shape, reader = shape_of(base), gguf.GGUFReader(file)
    alpha = float(_field(reader, gguf.Keys.Adapter.LORA_ALPHA))
    arrays: dict[str, np.ndarray] = {str(tensor.name): np.array(tensor.data) for tensor in reader.tensors}
    names = sorted({name.rpartition(".")[0] for name in arrays})
    layers = [
        Factors(name, down := arrays[f"{name}.lora_a"], arrays[f"{name}.lora_b"], alpha / down.shape[0])
        for name in names
    ]
    return PeftAdapter(tuple(_back(layer, shape) for layer in layers), alpha)


def _field(reader: gguf.GGUFReader, key: str) -> Any:
    field = reader.get_field(key)
    return None if field is None else field.contents()


def _need_gguf() -> None:
    if find_spec("gguf") is None:
        raise LoomError("extra_missing", "GGUF files need the package gguf.", "pip install 'loraloom[text]'")


def _name(module: str, shape: Shape) -> str:
    import gguf

    kinds = {name: kind for kind, name in gguf.MODEL_ARCH_NAMES.items()}
    found = gguf.get_tensor_name_map(kinds[shape.architecture], shape.layers).get_name(module)
    if found is None:
        raise LoomError("lora_mismatch", f"llama.cpp has no layer for {module}.", MERGE)
    return found


def _heads(name: str, shape: Shape) -> int:
    """By how many heads the rows of the layer `blk.0.attn_q.weight` are permuted; 0 where they are not."""
    kinds = {".attn_q.weight": shape.heads, ".attn_k.weight": shape.key_heads} if shape.permuted else {}
    return next((heads for end, heads in kinds.items() if name.endswith(end)), 0)


def _back(layer: Factors, shape: Shape) -> Factors:
    heads = _heads(layer.module, shape)
    return Factors(layer.module, layer.down, unpermute(layer.up, heads) if heads else layer.up, layer.scale)


def _scaled(layer: Factors, alpha: float) -> np.ndarray:
    """`up` for a reader that scales by alpha / rank: as it is, but where the layer has an alpha of its own."""
    own = layer.scale * layer.rank / alpha
    return layer.up if np.isclose(own, 1, rtol=1e-6) else (layer.up.astype(np.float32) * np.float32(own))


def _write(file: Path, named: dict[str, Factors], adapter: PeftAdapter, shape: Shape, name: str) -> None:
    import gguf

    writer = gguf.GGUFWriter(file, shape.architecture)
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_name(name)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, adapter.alpha)
    for key, layer in named.items():
        up, heads = _scaled(layer, adapter.alpha), _heads(key, shape)
        writer.add_tensor(f"{key}.lora_a", np.ascontiguousarray(layer.down))
        writer.add_tensor(f"{key}.lora_b", permute(up, heads) if heads else np.ascontiguousarray(up))
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()


def _compare(file: Path, named: dict[str, Factors], adapter: PeftAdapter, shape: Shape) -> None:
    """Raises LoomError `lora_not_reproduced` unless the file says what was to be written."""
    import gguf

    reader = gguf.GGUFReader(file)
    found = {str(tensor.name): tensor.data for tensor in reader.tensors}
    same = (
        _field(reader, gguf.Keys.General.ARCHITECTURE) == shape.architecture
        and _field(reader, gguf.Keys.General.TYPE) == gguf.GGUFType.ADAPTER
        and _field(reader, gguf.Keys.Adapter.TYPE) == "lora"
        and np.float32(_field(reader, gguf.Keys.Adapter.LORA_ALPHA)) == np.float32(adapter.alpha)
        and set(found) == {f"{name}.lora_{part}" for name in named for part in "ab"}
    )
    for name, layer in named.items():
        heads = _heads(name, shape)
        up = found.get(f"{name}.lora_b", np.empty((0, 0)))
        same = same and np.array_equal(found[f"{name}.lora_a"], layer.down)
        same = same and np.array_equal(unpermute(up, heads) if heads else up, _scaled(layer, adapter.alpha))
    if not same:
        raise LoomError(
            "lora_not_reproduced", "The GGUF file does not hold what was to be written.", "Please report this."
        )

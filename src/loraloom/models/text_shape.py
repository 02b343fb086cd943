"""What a language model is made of, told from config.json and safetensors headers: widths, layers, parameters, bytes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import prod
from pathlib import Path
from typing import Any, Literal

from loraloom.models.diffusers_folder import read_json
from loraloom.models.header import BITS, read_header
from loraloom.models.layout import Config, Layer
from loraloom.models.totals import Stored, commonest

Usual = Literal["smollm2-135m", "llama-1b", "llama-7b"]
WITH_LOCAL_TURNS = ("gemma3", "gemma3_text")
"""Layers with a window turn queries and keys by angles of their own."""
WITH_NORMS = ("qwen3", "gemma3", "gemma3_text")
"""Norms of queries and keys, head by head."""
GEMMA = ("gemma2", "gemma3", "gemma3_text")
"""A norm before and after attention and feed-forward each, by one and a weight."""
_USUAL: dict[Usual, dict[str, Any]] = {
    "smollm2-135m": {
        "hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 30, "num_attention_heads": 9,
        "num_key_value_heads": 3, "vocab_size": 49152, "tie_word_embeddings": True,
    },
    "llama-1b": {
        "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16, "num_attention_heads": 32,
        "num_key_value_heads": 8, "vocab_size": 128256, "tie_word_embeddings": True,
    },
    "llama-7b": {
        "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_key_value_heads": 32, "vocab_size": 32000, "tie_word_embeddings": False,
    },
}  # fmt: skip
"""As published: SmolLM2-135M, Llama 3.2 1B, Llama 2 7B."""
_BILLIONS = re.compile(r"(\d+(?:\.\d+)?)\s?([bm])\b", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class TextShape:
    """A causal language model of Llama's kind. Sizes are widths in numbers, `heads` and `key_heads` (fewer with grouped
    queries) of `head` numbers each; `parameters` and `file_bytes` of all of it, `stored` the number format of most.

    Shapes are compared by identity: `text_shape` gives the same one as long as the files are the same.
    """

    kind: str
    """`model_type` of config.json: llama, qwen2, qwen3, mistral, gemma2, gemma3_text, phi3 ..."""
    hidden: int
    inner: int
    layers: int
    heads: int
    key_heads: int
    head: int
    vocabulary: int
    window: int | None
    """Tokens that are seen back in the layers of `windowed`."""
    windowed: tuple[bool, ...]
    soft_capped: bool
    """Whether attention is capped (Gemma 2), which no fused attention can do."""
    context: int | None
    """Tokens that it was made for."""
    parameters: int
    file_bytes: int
    stored: Stored
    disk_bytes: int
    """Of the files that the base was given as, by which its number format is chosen."""

    @property
    def fused(self) -> bool:
        """Whether one layer gives queries, keys and values, and one gate and up (Phi 3)."""
        return self.kind == "phi3"

    @property
    def linear_parameters(self) -> int:
        """Weights of all linear layers, without the last one."""
        return self.layers * sum(prod(layer.shape) for layer in decoder_layers(self, 0))


def decoder_layers(shape: TextShape, number: int) -> list[Layer]:
    """The linear layers of decoder layer `number`, with their module paths in transformers' model."""
    start, hidden, inner = f"model.layers.{number}", shape.hidden, shape.inner
    q, kv = shape.heads * shape.head, shape.key_heads * shape.head
    if shape.fused:
        into = [("self_attn.qkv_proj", (q + 2 * kv, hidden)), ("mlp.gate_up_proj", (2 * inner, hidden))]
    else:
        into = [
            *((f"self_attn.{name}_proj", (width, hidden)) for name, width in (("q", q), ("k", kv), ("v", kv))),
            *((f"mlp.{name}_proj", (inner, hidden)) for name in ("gate", "up")),
        ]
    out = [("self_attn.o_proj", (hidden, q)), ("mlp.down_proj", (hidden, inner))]
    return [Layer(f"{start}.{name}", "attention" if "attn" in name else "ff", weight) for name, weight in [*into, *out]]


def text_shape(folder: Path, disk_bytes: int | None = None) -> TextShape:
    """The shape of a transformers folder; `disk_bytes` of the file it was converted from. Raises LoomError
    `weights_unreadable`."""
    files = sorted(folder.glob("*.safetensors"))
    stamps = [(str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in [folder / "config.json", *files]]
    return _read(folder, tuple(stamps), disk_bytes)


@cache
def usual_text_shape(name: Usual) -> TextShape:
    """A published model, in fp16 files; reads no weights."""
    config: dict[str, Any] = {"model_type": "llama", **_USUAL[name]}
    bare = _shape(config, 0, 0, "fp16")
    embeddings = bare.vocabulary * bare.hidden * (1 if config["tie_word_embeddings"] else 2)
    norms = bare.hidden * (2 * bare.layers + 1)
    count = embeddings + norms + bare.linear_parameters
    return _shape(config, count, count * 2, "fp16")


def usual_size(name: str) -> Usual:
    """The usual shape that a model called `name` is nearest to: by the billions in its name, 7 where it has none."""
    said = [float(number) * (1 if unit in "bB" else 1e-3) for number, unit in _BILLIONS.findall(name)]
    billions: dict[Usual, float] = {"smollm2-135m": 0.135, "llama-1b": 1.24, "llama-7b": 6.7}
    wanted = math.log(said[0]) if said and said[0] > 0 else math.log(6.7)
    return min(billions, key=lambda one: abs(math.log(billions[one]) - wanted))


@cache
def _read(folder: Path, stamps: tuple[tuple[str, int, int], ...], disk_bytes: int | None) -> TextShape:
    count, by_format, size = 0, dict[str, int](), 0
    for file, _, _ in stamps[1:]:
        for info in read_header(Path(file)).tensors.values():
            count += info.size
            size += info.size * BITS[info.dtype] // 8
            by_format[info.dtype] = by_format.get(info.dtype, 0) + info.size
    return _shape(read_json(folder / "config.json"), count, size, commonest(by_format), disk_bytes)


def _shape(config: dict[str, Any], count: int, size: int, stored: Stored, disk_bytes: int | None = None) -> TextShape:
    text: Config = config.get("text_config") or config  # models that see as well keep theirs inside
    hidden, heads = int(text["hidden_size"]), int(text["num_attention_heads"])
    kind = str(text.get("model_type", "llama"))
    return TextShape(
        kind=kind,
        hidden=hidden,
        inner=int(text["intermediate_size"]),
        layers=int(text["num_hidden_layers"]),
        heads=heads,
        key_heads=int(text.get("num_key_value_heads") or heads),
        head=int(text.get("head_dim") or hidden // heads),
        vocabulary=int(text["vocab_size"]),
        window=int(text["sliding_window"]) if text.get("sliding_window") else None,
        windowed=_windowed(text, kind),
        soft_capped=bool(text.get("attn_logit_softcapping")),
        context=int(text["max_position_embeddings"]) if text.get("max_position_embeddings") else None,
        parameters=count,
        file_bytes=size,
        stored=stored,
        disk_bytes=size if disk_bytes is None else disk_bytes,
    )


def _windowed(text: Config, kind: str) -> tuple[bool, ...]:
    """Which layers see only the last tokens."""
    layers = int(text["num_hidden_layers"])
    if text.get("layer_types"):
        return tuple(one == "sliding_attention" for one in text["layer_types"])
    every = bool(text.get("sliding_window")) and kind in ("mistral", "phi3")
    return (every,) * layers


def adapted_names(shape: TextShape, targets: str) -> frozenset[str]:
    """Last parts of the paths of layers that `lora.targets` names: `query+value`, `attention` or `all-linear`."""
    return frozenset(_names(shape, targets))


def _names(shape: TextShape, targets: str) -> Iterator[str]:
    for layer in decoder_layers(shape, 0):
        name = layer.path.rpartition(".")[2]
        wanted = name in ("q_proj", "v_proj", "qkv_proj") if targets == "query+value" else layer.kind == "attention"
        if targets == "all-linear" or wanted:
            yield name

"""Captions through a CLIP text encoder on a tape, as transformers' `CLIPTextModel` goes."""

from __future__ import annotations

from loraloom.forecast.tape import Tape, Value
from loraloom.models.layout import Config, Layer, text_layers


def walk(tape: Tape, config: Config, batch: int, adapted: frozenset[str], checkpointing: bool) -> None:
    """Put one pass of `batch` captions of full length on `tape`; `adapted` are the paths of layers that have a LoRA."""
    layers = {layer.path: layer for layer in text_layers(config)}
    width, tokens = int(config["hidden_size"]), int(config["max_position_embeddings"])
    heads, rows = int(config.get("num_attention_heads", max(1, width // 64))), batch * tokens
    x = Value(rows * width, tape.rules.work)
    for n in range(int(config["num_hidden_layers"])):
        with tape.again(x, checkpointing=checkpointing):
            x = _layer(tape, layers, adapted, f"text_model.encoder.layers.{n}", x, (batch, tokens, heads), config)
    tape.norm(x, rows)


def _layer(
    tape: Tape,
    layers: dict[str, Layer],
    adapted: frozenset[str],
    path: str,
    x: Value,
    shape: tuple[int, int, int],
    config: Config,
) -> Value:
    batch, tokens, heads = shape
    rows = batch * tokens

    def linear(name: str, value: Value) -> Value:
        out, into = layers[f"{path}.{name}"].shape
        return tape.linear(value, rows, into, out, f"{path}.{name}" in adapted)

    normed = tape.norm(x, rows)
    q, k, v = (linear(f"self_attn.{name}_proj", normed) for name in ("q", "k", "v"))
    out = tape.attention(q, k, v, batch, tokens, tokens, heads)
    x = tape.add(x, linear("self_attn.out_proj", out))
    inner = linear("mlp.fc1", tape.norm(x, rows))
    if config.get("hidden_act") == "quick_gelu" and inner.grad:
        tape.keep(Value(inner.elements, inner.width))  # x * sigmoid(1.702 x): the sigmoid too
    return tape.add(x, linear("mlp.fc2", tape.activation(inner)))

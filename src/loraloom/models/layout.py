"""Lists the linear and convolution layers of a UNet and of CLIP text encoders from their configs, by arithmetic alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from loraloom.spec.run import Targets

LayerKind = Literal["attention", "ff", "projection", "conv", "other"]
Component = Literal["unet", "text_encoder", "text_encoder_2"]
Config = Mapping[str, Any]

TARGET_KINDS: dict[Targets, frozenset[LayerKind]] = {
    "attention": frozenset({"attention"}),
    "attention+ff": frozenset({"attention", "ff", "projection"}),
    "attention+ff+conv": frozenset({"attention", "ff", "projection", "conv"}),
}
"""Layers behind each value of `lora.targets`. `attention+ff` is what kohya adapts by default."""


@dataclass(frozen=True)
class Layer:
    """One layer a LoRA can be put on: module path in the model, kind, and weight shape (out, in[, k, k])."""

    path: str
    kind: LayerKind
    shape: tuple[int, ...]


def select(layers: list[Layer], targets: Targets) -> list[Layer]:
    """The layers that `lora.targets` names, in the model's order."""
    return [layer for layer in layers if layer.kind in TARGET_KINDS[targets]]


def text_layers(config: Config) -> list[Layer]:
    """Attention and feed-forward layers of a CLIP text encoder, `text_model.encoder.layers.N...` (OpenCLIP alike)."""
    width, inner = int(config["hidden_size"]), int(config["intermediate_size"])
    found: list[Layer] = []
    for n in range(int(config["num_hidden_layers"])):
        start = f"text_model.encoder.layers.{n}"
        found += [Layer(f"{start}.self_attn.{p}", "attention", (width, width)) for p in CLIP_ATTENTION]
        found += [Layer(f"{start}.mlp.fc1", "ff", (inner, width)), Layer(f"{start}.mlp.fc2", "ff", (width, inner))]
    return found


CLIP_ATTENTION = ("q_proj", "k_proj", "v_proj", "out_proj")


def unet_layers(config: Config) -> list[Layer]:
    """Every linear and convolution layer of diffusers' `UNet2DConditionModel` with `config` (its config.json).

    Holds for the block types of Stable Diffusion: (CrossAttn)DownBlock2D, UNetMidBlock2DCrossAttn, (CrossAttn)UpBlock2D.
    """
    return [*_stem(config), *_down(config), *_mid(config), *_up(config), _conv_out(config)]


def _widths(config: Config) -> list[int]:
    return [int(width) for width in config["block_out_channels"]]


def per_block(value: Any, blocks: int) -> list[Any]:
    """A config value that may be one for all blocks or one for each."""
    return list(value) if isinstance(value, (list, tuple)) else [value] * blocks  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def _stem(config: Config) -> Iterator[Layer]:
    first = _widths(config)[0]
    yield Layer("conv_in", "other", (first, int(config.get("in_channels", 4)), 3, 3))
    yield Layer("time_embedding.linear_1", "other", (first * 4, first))
    yield Layer("time_embedding.linear_2", "other", (first * 4, first * 4))
    if config.get("addition_embed_type") == "text_time":
        added = int(config["projection_class_embeddings_input_dim"])
        yield Layer("add_embedding.linear_1", "other", (first * 4, added))
        yield Layer("add_embedding.linear_2", "other", (first * 4, first * 4))


def _conv_out(config: Config) -> Layer:
    return Layer("conv_out", "other", (int(config.get("out_channels", 4)), _widths(config)[0], 3, 3))


def _down(config: Config) -> Iterator[Layer]:
    widths, kinds = _widths(config), config["down_block_types"]
    counts = per_block(config.get("layers_per_block", 2), len(widths))
    depths = per_block(config.get("transformer_layers_per_block", 1), len(widths))
    before = widths[0]
    for i, width in enumerate(widths):
        for j in range(counts[i]):
            yield from _resnet(f"down_blocks.{i}.resnets.{j}", before if j == 0 else width, width, config)
            if "CrossAttn" in kinds[i]:
                depth = per_block(depths[i], counts[i])[j]
                yield from _transformer(f"down_blocks.{i}.attentions.{j}", width, depth, config, i)
        if i < len(widths) - 1:
            yield Layer(f"down_blocks.{i}.downsamplers.0.conv", "conv", (width, width, 3, 3))
        before = width


def _mid(config: Config) -> Iterator[Layer]:
    width, last = _widths(config)[-1], len(_widths(config)) - 1
    if config.get("mid_block_type", "UNetMidBlock2DCrossAttn") is None:
        return
    yield from _resnet("mid_block.resnets.0", width, width, config)
    if config.get("mid_block_type", "UNetMidBlock2DCrossAttn") == "UNetMidBlock2DCrossAttn":
        deepest: Any = per_block(config.get("transformer_layers_per_block", 1), last + 1)[-1]
        depth = int(per_block(deepest, 1)[-1])
        yield from _transformer("mid_block.attentions.0", width, depth, config, last)
        yield from _resnet("mid_block.resnets.1", width, width, config)


def _up(config: Config) -> Iterator[Layer]:
    widths = _widths(config)
    turned, kinds, blocks = widths[::-1], config["up_block_types"], len(widths)
    counts = per_block(config.get("layers_per_block", 2), blocks)[::-1]
    given = config.get("reverse_transformer_layers_per_block")
    depths = per_block(config.get("transformer_layers_per_block", 1), blocks)[::-1] if given is None else list(given)
    before = turned[0]
    for i, width in enumerate(turned):
        deeper = turned[min(i + 1, blocks - 1)]
        for j in range(counts[i] + 1):
            skip = deeper if j == counts[i] else width
            yield from _resnet(f"up_blocks.{i}.resnets.{j}", (before if j == 0 else width) + skip, width, config)
            if "CrossAttn" in kinds[i]:
                depth = per_block(depths[i], counts[i] + 1)[j]
                yield from _transformer(f"up_blocks.{i}.attentions.{j}", width, depth, config, blocks - 1 - i)
        if i < blocks - 1:
            yield Layer(f"up_blocks.{i}.upsamplers.0.conv", "conv", (width, width, 3, 3))
        before = width


def _resnet(path: str, width_in: int, width: int, config: Config) -> Iterator[Layer]:
    yield Layer(f"{path}.conv1", "conv", (width, width_in, 3, 3))
    yield Layer(f"{path}.time_emb_proj", "conv", (width, _widths(config)[0] * 4))  # LoCon adapts resnets whole
    yield Layer(f"{path}.conv2", "conv", (width, width, 3, 3))
    if width_in != width:
        yield Layer(f"{path}.conv_shortcut", "conv", (width, width_in, 1, 1))


def _transformer(path: str, width: int, depth: int, config: Config, block: int) -> Iterator[Layer]:
    cross = int(per_block(config.get("cross_attention_dim", 1280), len(_widths(config)))[block])
    square = (width, width) if config.get("use_linear_projection") else (width, width, 1, 1)
    yield Layer(f"{path}.proj_in", "projection", square)
    for k in range(depth):
        start = f"{path}.transformer_blocks.{k}"
        for name, context in (("attn1", width), ("attn2", cross)):
            yield Layer(f"{start}.{name}.to_q", "attention", (width, width))
            yield Layer(f"{start}.{name}.to_k", "attention", (width, context))
            yield Layer(f"{start}.{name}.to_v", "attention", (width, context))
            yield Layer(f"{start}.{name}.to_out.0", "attention", (width, width))
        yield Layer(f"{start}.ff.net.0.proj", "ff", (width * 8, width))
        yield Layer(f"{start}.ff.net.2", "ff", (width, width * 4))
    yield Layer(f"{path}.proj_out", "projection", square)

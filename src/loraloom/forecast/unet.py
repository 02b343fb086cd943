"""One pass through a Stable Diffusion UNet on a tape, layer by layer as diffusers' `UNet2DConditionModel` goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loraloom.forecast.tape import Tape, Value
from loraloom.models.layout import Config, Layer, per_block, unet_layers


@dataclass(frozen=True)
class Pictures:
    """What goes through: `batch` latents of `width` x `height`, captions of `tokens`. `text_grad`: text encoders train."""

    batch: int
    width: int
    height: int
    tokens: int
    text_grad: bool = False


@dataclass
class _Walk:
    tape: Tape
    config: Config
    at: Pictures
    layers: Mapping[str, Layer]
    adapted: frozenset[str]
    checkpointing: bool
    temb: Value
    text: Value
    spots: int = 0
    side: tuple[int, int] = (0, 0)

    def size(self, side: tuple[int, int]) -> None:
        self.side, self.spots = side, side[0] * side[1]

    def conv(self, path: str, x: Value, spots: int | None = None) -> Value:
        spots = self.spots if spots is None else spots
        return self.tape.conv(x, self.at.batch, spots, self.layers[path].shape, path in self.adapted)

    def linear(self, path: str, x: Value, rows: int) -> Value:
        out, into = self.layers[path].shape[:2]
        return self.tape.linear(x, rows, into, out, path in self.adapted)

    def resnet(self, path: str, x: Value) -> Value:
        tape, groups = self.tape, int(self.config.get("norm_num_groups", 32)) * self.at.batch
        with tape.again(x, self.temb, checkpointing=self.checkpointing):
            tape.held += x.bytes
            hidden = self.conv(f"{path}.conv1", tape.activation(tape.norm(x, groups)))
            time = self.linear(f"{path}.time_emb_proj", tape.activation(self.temb), self.at.batch)
            hidden = tape.activation(tape.norm(tape.add(hidden, time), groups))
            hidden = self.conv(f"{path}.conv2", hidden)
            tape.held -= x.bytes
            skip = self.conv(f"{path}.conv_shortcut", x) if f"{path}.conv_shortcut" in self.layers else x
            return tape.add(skip, hidden)

    def transformer(self, path: str, x: Value, level: int) -> Value:
        tape, rows = self.tape, self.at.batch * self.spots
        tape.held += x.bytes
        hidden = tape.norm(x, int(self.config.get("norm_num_groups", 32)) * self.at.batch)
        linear = len(self.layers[f"{path}.proj_in"].shape) == 2

        def project(name: str, value: Value) -> Value:
            return self.linear(f"{path}.{name}", value, rows) if linear else self.conv(f"{path}.{name}", value)

        hidden = project("proj_in", hidden)
        depth = 0
        while f"{path}.transformer_blocks.{depth}.attn1.to_q" in self.layers:
            with tape.again(hidden, self.text, checkpointing=self.checkpointing):
                hidden = self.block(f"{path}.transformer_blocks.{depth}", hidden, level)
            depth += 1
        hidden = project("proj_out", hidden)
        tape.held -= x.bytes
        return tape.add(hidden, x)

    def block(self, path: str, hidden: Value, level: int) -> Value:
        tape, rows = self.tape, self.at.batch * self.spots
        tape.held += hidden.bytes
        for name in ("attn1", "attn2"):
            normed = tape.norm(hidden, rows)
            hidden = tape.add(self.attention(f"{path}.{name}", normed, level), hidden)
        inner = self.linear(f"{path}.ff.net.0.proj", tape.norm(hidden, rows), rows)
        inner = self.linear(f"{path}.ff.net.2", tape.geglu(inner), rows)
        tape.held -= hidden.bytes
        return tape.add(inner, hidden)

    def attention(self, path: str, normed: Value, level: int) -> Value:
        rows, crossed = self.at.batch * self.spots, path.endswith("attn2")
        context, tokens = (self.text, self.at.tokens) if crossed else (normed, self.spots)
        q = self.linear(f"{path}.to_q", normed, rows)
        k = self.linear(f"{path}.to_k", context, self.at.batch * tokens)
        v = self.linear(f"{path}.to_v", context, self.at.batch * tokens)
        out = self.tape.attention(q, k, v, self.at.batch, self.spots, tokens, self.heads(level))
        return self.linear(f"{path}.to_out.0", out, rows)

    def heads(self, level: int) -> int:
        blocks = len(self.config["block_out_channels"])
        return int(per_block(self.config.get("attention_head_dim", 8), blocks)[level])  # diffusers' name is wrong


def walk(tape: Tape, config: Config, at: Pictures, adapted: frozenset[str], checkpointing: bool) -> None:
    """Put one pass of the UNet with `config` on `tape`; `adapted` are the paths of layers that have a LoRA.

    Sides that do not halve evenly are rounded up, as convolutions of stride two do.
    """
    widths = [int(width) for width in config["block_out_channels"]]
    layers = {layer.path: layer for layer in unet_layers(config)}
    work, first = tape.rules.work, widths[0] * 4
    text = Value(
        at.batch * at.tokens * int(per_block(config.get("cross_attention_dim", 1280), 1)[0]), work, at.text_grad
    )
    go = _Walk(tape, config, at, layers, adapted, checkpointing, Value(at.batch * first, work), text)
    go.size((at.width, at.height))
    x = go.conv("conv_in", Value(at.batch * go.spots * int(config.get("in_channels", 4)), work))
    skips = [(x, go.side)]
    tape.held += x.bytes
    for i, width in enumerate(widths):
        x = _down(go, i, width, x, skips)
    x = _middle(go, x, len(widths) - 1)
    for i in range(len(widths)):
        x = _up(go, i, len(widths) - 1 - i, x, skips)
    x = tape.activation(tape.norm(x, int(config.get("norm_num_groups", 32)) * at.batch))
    x = go.conv("conv_out", x)
    if x.grad:
        tape.keep(Value(x.elements, 4))


def _down(go: _Walk, i: int, width: int, x: Value, skips: list[Any]) -> Value:
    j = 0
    while f"down_blocks.{i}.resnets.{j}.conv1" in go.layers:
        x = go.resnet(f"down_blocks.{i}.resnets.{j}", x)
        if f"down_blocks.{i}.attentions.{j}.proj_in" in go.layers:
            x = go.transformer(f"down_blocks.{i}.attentions.{j}", x, i)
        skips.append((x, go.side))
        go.tape.held += x.bytes
        j += 1
    if f"down_blocks.{i}.downsamplers.0.conv" in go.layers:
        go.size(((go.side[0] + 1) // 2, (go.side[1] + 1) // 2))
        x = go.conv(f"down_blocks.{i}.downsamplers.0.conv", x)
        skips.append((x, go.side))
        go.tape.held += x.bytes
    return x


def _middle(go: _Walk, x: Value, level: int) -> Value:
    if "mid_block.resnets.0.conv1" not in go.layers:
        return x
    checkpointing = go.checkpointing
    go.checkpointing = False  # diffusers never checkpoints the first one
    x = go.resnet("mid_block.resnets.0", x)
    go.checkpointing = checkpointing
    if "mid_block.attentions.0.proj_in" in go.layers:
        x = go.transformer("mid_block.attentions.0", x, level)
    return go.resnet("mid_block.resnets.1", x) if "mid_block.resnets.1.conv1" in go.layers else x


def _up(go: _Walk, i: int, level: int, x: Value, skips: list[Any]) -> Value:
    j = 0
    while f"up_blocks.{i}.resnets.{j}.conv1" in go.layers:
        skip, _ = skips.pop()
        joined = Value(x.elements + skip.elements, x.width, x.grad or skip.grad)
        x = go.resnet(f"up_blocks.{i}.resnets.{j}", joined)
        go.tape.held -= skip.bytes
        if f"up_blocks.{i}.attentions.{j}.proj_in" in go.layers:
            x = go.transformer(f"up_blocks.{i}.attentions.{j}", x, level)
        j += 1
    if f"up_blocks.{i}.upsamplers.0.conv" in go.layers:
        side = skips[-1][1]
        channels = x.elements // (go.at.batch * go.spots)
        go.size(side)
        x = go.conv(f"up_blocks.{i}.upsamplers.0.conv", Value(go.at.batch * go.spots * channels, x.width, x.grad))
    return x

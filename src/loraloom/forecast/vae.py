"""One picture through the VAE on a tape, without gradients, as diffusers' `AutoencoderKL` goes."""

from __future__ import annotations

from dataclasses import dataclass

from loraloom.forecast.tape import Rules, Tape, Value
from loraloom.models.layout import Config

FP32 = 4
"""Bytes an element: Loom runs every VAE in fp32."""


@dataclass
class _Walk:
    tape: Tape
    batch: int
    groups: int
    spots: int

    def conv(self, x: Value, size_in: int, size_out: int, area: int = 9) -> Value:
        side = 3 if area == 9 else 1
        return self.tape.conv(x, self.batch, self.spots, (size_out, size_in, side, side), False)

    def resnet(self, x: Value, size_in: int, size_out: int) -> Value:
        tape, groups = self.tape, self.groups * self.batch
        tape.held += x.bytes
        hidden = self.conv(tape.activation(tape.norm(x, groups)), size_in, size_out)
        hidden = self.conv(tape.activation(tape.norm(hidden, groups)), size_out, size_out)
        tape.held += hidden.bytes - x.bytes
        skip = self.conv(x, size_in, size_out, 1) if size_in != size_out else x
        tape.held -= hidden.bytes
        return tape.add(skip, hidden)

    def middle(self, x: Value, width: int) -> Value:
        tape, rows = self.tape, self.batch * self.spots
        x = self.resnet(x, width, width)
        tape.held += x.bytes
        normed = tape.norm(x, self.groups * self.batch)
        q, k, v = (tape.linear(normed, rows, width, width, False) for _ in range(3))
        out = tape.attention(q, k, v, self.batch, self.spots, self.spots, 1)
        out = tape.linear(out, rows, width, width, False)
        tape.held -= x.bytes
        return self.resnet(tape.add(out, x), width, width)


def encode(config: Config, batch: int, width: int, height: int, copies: bool) -> Tape:
    """A tape of pictures of `width` x `height` pixels that become latents. `copies` as in `Rules`."""
    widths, depth = _widths(config), int(config.get("layers_per_block", 2))
    tape = Tape(Rules(FP32, FP32, grad=False, copies=copies))
    go = _Walk(tape, batch, int(config.get("norm_num_groups", 32)), width * height)
    x = go.conv(Value(batch * width * height * int(config.get("in_channels", 3)), FP32), 3, widths[0])
    before = widths[0]
    for i, size in enumerate(widths):
        for j in range(depth):
            x = go.resnet(x, before if j == 0 else size, size)
        if i < len(widths) - 1:
            width, height = width // 2, height // 2
            go.spots = width * height
            x = go.conv(x, size, size)
        before = size
    x = go.middle(x, before)
    go.conv(tape.activation(tape.norm(x, go.groups * batch)), before, 2 * int(config.get("latent_channels", 4)))
    return tape


def decode(config: Config, batch: int, width: int, height: int, copies: bool) -> Tape:
    """A tape of latents that become pictures of `width` x `height` pixels. `copies` as in `Rules`."""
    widths, depth = _widths(config)[::-1], int(config.get("layers_per_block", 2)) + 1
    factor = 2 ** (len(widths) - 1)
    width, height = width // factor, height // factor
    tape = Tape(Rules(FP32, FP32, grad=False, copies=copies))
    go = _Walk(tape, batch, int(config.get("norm_num_groups", 32)), width * height)
    latent = int(config.get("latent_channels", 4))
    x = go.middle(go.conv(Value(batch * go.spots * latent, FP32), latent, widths[0]), widths[0])
    before = widths[0]
    for i, size in enumerate(widths):
        for j in range(depth):
            x = go.resnet(x, before if j == 0 else size, size)
        if i < len(widths) - 1:
            width, height = width * 2, height * 2
            go.spots = width * height
            x = go.conv(Value(batch * go.spots * size, FP32), size, size)
        before = size
    go.conv(tape.activation(tape.norm(x, go.groups * batch)), before, int(config.get("out_channels", 3)))
    return tape


def _widths(config: Config) -> list[int]:
    return [int(width) for width in config["block_out_channels"]]

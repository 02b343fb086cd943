"""Texts texts through a causal language model on a tape, layer by layer as transformers' Llama and its like go."""

from __future__ import annotations

from dataclasses import dataclass

from loraloom.forecast.tape import Tape, Texts, Value
from loraloom.models.layout import Layer
from loraloom.models.text_shape import GEMMA, WITH_LOCAL_TURNS, WITH_NORMS, TextShape, decoder_layers

ROWS_AT_ONCE = 1024
"""Logits are computed for so many places at once, as in `train.families.causal_lm`."""
LOGITS = 3
"""Copies of a chunk of logits that are there at once: as computed, as probabilities, and their gradient, in fp32."""


@dataclass
class _Walk:
    tape: Tape
    shape: TextShape
    at: Texts
    adapted: frozenset[str]
    masks: bool
    card: bool
    turns: dict[bool, tuple[Value, Value]]
    windowed: bool = False

    def linear(self, layer: Layer, x: Value) -> Value:
        out, into = layer.shape
        with_lora = layer.path in self.adapted
        if with_lora and self.masks:
            self.tape.keep(Value(x.elements, 1))
        return self.tape.linear(x, self.at.tokens, into, out, with_lora)

    def norm(self, x: Value, width: int) -> Value:
        if x.grad and self.shape.kind in GEMMA:
            self.tape.keep(Value(width, 4))  # one and the weight
        return self.tape.rms_norm(x, x.elements // width)

    def layer(self, number: int, x: Value) -> Value:
        layers = {layer.path.rpartition(".")[2]: layer for layer in decoder_layers(self.shape, number)}
        tape, four, hidden = self.tape, self.shape.kind in GEMMA, self.shape.hidden
        self.windowed = self.shape.windowed[number]
        tape.held += x.bytes
        out = self.attention(layers, self.norm(x, hidden))
        tape.held -= x.bytes
        x = tape.add(x, self.norm(out, hidden) if four else out)
        tape.held += x.bytes
        out = self.feed_forward(layers, self.norm(x, hidden))
        tape.held -= x.bytes
        return tape.add(x, self.norm(out, hidden) if four else out)

    def attention(self, layers: dict[str, Layer], x: Value) -> Value:
        tape, shape, at = self.tape, self.shape, self.at
        if shape.fused:
            whole = self.linear(layers["qkv_proj"], x)
            part = whole.elements // (shape.heads + 2 * shape.key_heads)
            q, k = (Value(part * heads, whole.width, whole.grad) for heads in (shape.heads, shape.key_heads))
            v = whole  # values are a view of it
        else:
            q, k, v = (self.linear(layers[f"{name}_proj"], x) for name in ("q", "k", "v"))
        if shape.kind in WITH_NORMS:
            q, k = self.norm(q, shape.head), self.norm(k, shape.head)
        turns = self.turns[self.windowed]
        q, k = tape.rotary(q, turns), tape.rotary(k, turns)
        if shape.soft_capped:
            out = tape.capped_attention(q, k, v, at, shape.heads)
        else:
            far = shape.window is not None and self.windowed and at.squares > at.documents * shape.window**2
            mask = at.squares if far and not self.card else 0
            out = tape.packed_attention(q, k, v, at, shape.heads, mask)
        return self.linear(layers["o_proj"], out)

    def feed_forward(self, layers: dict[str, Layer], x: Value) -> Value:
        if self.shape.fused:
            inner = self.tape.gated(self.linear(layers["gate_up_proj"], x))
        else:
            inner = self.tape.gated(self.linear(layers["gate_proj"], x), self.linear(layers["up_proj"], x))
        return self.linear(layers["down_proj"], inner)


def walk(
    tape: Tape,
    shape: TextShape,
    at: Texts,
    adapted: frozenset[str],
    *,
    masks: bool = False,
    checkpointing: bool = False,
    card: bool = False,
) -> None:
    """Put one pass of `at` on `tape`, up to the loss. `adapted` are the paths of layers with a LoRA; `masks`: whether its
    dropout keeps which inputs it left; `card`: whether attention of all texts is one kernel, which needs no masks."""
    size, width = at.tokens * shape.head, tape.rules.work
    far, near = ((Value(size, width), Value(size, width)) for _ in range(2))
    own = shape.kind in WITH_LOCAL_TURNS
    go = _Walk(tape, shape, at, adapted, masks, card, {True: near if own else far, False: far})
    x = Value(at.tokens * shape.hidden, tape.rules.work)
    for number in range(shape.layers):
        with tape.again(x, checkpointing=checkpointing):
            x = go.layer(number, x)
    go.norm(x, shape.hidden)
    if tape.rules.grad:
        tape.keep(Value(at.trained * shape.hidden, tape.rules.work), Value(at.trained, 8))
    tape.logits(
        min(at.trained, ROWS_AT_ONCE) * shape.vocabulary * LOGITS * 4, at.trained * shape.hidden * shape.vocabulary
    )

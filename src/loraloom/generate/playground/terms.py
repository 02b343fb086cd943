"""What a LoRA adds to the output of one layer, made once from the tensors of its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from loraloom.generate.playground import deltas

Tensors = Mapping[str, Tensor]


@dataclass(frozen=True, eq=False)
class LowRank:
    """`up(mid(down(x)))`, the scale being in `up`; `gain` [out] is what DoRA adds of the base's own output."""

    down: Tensor
    """[r, in(, k, k)]"""
    up: Tensor
    """[out, r(, 1, 1)]"""
    mid: Tensor | None = None
    """[r, r, k, k] of a Tucker decomposition, whose `down` is 1x1."""
    gain: Tensor | None = None

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(t.nbytes for t in (self.down, self.up, self.mid, self.gain) if t is not None)


@dataclass(frozen=True, eq=False)
class Whole:
    """A difference of the weight itself, and of the bias."""

    weight: Tensor | None
    bias: Tensor | None = None

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(t.nbytes for t in (self.weight, self.bias) if t is not None)


Term = LowRank | Whole


def added(term: Term, module: Any, x: Tensor, base: Tensor, out: Tensor, strength: float) -> Tensor:
    """`out` and `strength` times what `term` does to the layer `module` with input `x` and own output `base`."""
    if isinstance(term, Whole):
        if term.weight is not None:
            out = torch.add(out, _apply(module, x, term.weight), alpha=strength)
        return out if term.bias is None else torch.add(out, _per_output(module, term.bias), alpha=strength)
    conv = isinstance(module, nn.Conv2d)
    if term.mid is not None:
        inner = _apply(module, functional.conv2d(x, term.down), term.mid)
    else:
        inner = _apply(module, x, term.down)
    change = functional.conv2d(inner, term.up) if conv else functional.linear(inner, term.up)
    if term.gain is not None:
        weighed = base if module.bias is None else base - _per_output(module, module.bias)
        change = torch.addcmul(change, weighed, _per_output(module, term.gain))
    return torch.add(out, change, alpha=strength)


def _apply(module: Any, x: Tensor, weight: Tensor) -> Tensor:
    if isinstance(module, nn.Conv2d):
        padding: Any = module.padding
        return functional.conv2d(x, weight, None, module.stride, padding, module.dilation)
    return functional.linear(x, weight)


def _per_output(module: Any, values: Tensor) -> Tensor:
    return values[:, None, None] if isinstance(module, nn.Conv2d) else values


@torch.no_grad()
def term_for(module: nn.Linear | nn.Conv2d, tensors: Tensors, alpha: float | None, rank: int | None) -> Term:
    """The term for `module` of the tensors of one layer, by role (`down`, `up`, `mid`, `dora`, `hada_...`, `lokr_...`,
    `diff`, `diff_b`). `alpha` None is scale 1; `rank` is that of a config, for what has none in its shapes.

    Raises ValueError, KeyError or RuntimeError where the tensors do not fit the layer or one another.
    """
    weight = module.weight
    precise = torch.promote_types(weight.dtype, torch.float32)
    given = {name: t.to(weight.device, precise) for name, t in tensors.items()}
    if isinstance(module, nn.Conv2d) and (module.groups != 1 or module.padding_mode != "zeros"):
        raise ValueError("grouped convolutions are not adapted")
    if "down" in given:
        if "mid" in given and not isinstance(module, nn.Conv2d):
            raise ValueError("a middle on a linear layer")
        return _cast(_low_rank(module, given, alpha), weight.dtype)
    bias = given.get("diff_b")
    if bias is not None and bias.shape != (weight.shape[0],):
        raise ValueError("a bias of another size")
    delta = deltas.delta_of(given, alpha, rank)
    if delta is None and bias is None:
        raise ValueError("no known kind")
    delta = None if delta is None else delta.reshape(weight.shape)
    if delta is not None and "dora" in given:
        delta = deltas.decompose(weight.to(precise), delta, given["dora"])
    return _cast(Whole(delta, bias), weight.dtype)


def _low_rank(module: nn.Linear | nn.Conv2d, given: Tensors, alpha: float | None) -> Term:
    weight = module.weight
    out, rank = weight.shape[0], given["down"].shape[0]
    scale = 1.0 if alpha is None else alpha / rank
    mid = given.get("mid")
    ones = (1,) * (weight.dim() - 2)
    down = given["down"].reshape(rank, *(weight.shape[1:] if mid is None else (weight.shape[1], *ones)))
    up = given["up"].reshape(out, rank, *ones) * scale
    if mid is not None and mid.shape != (rank, rank, *weight.shape[2:]):
        raise ValueError("a middle of another size")
    if "dora" not in given:
        return LowRank(down, up, mid)
    delta = deltas.low_rank(down, up, mid).reshape(weight.shape)
    if given["dora"].shape[0] != out:  # LyCORIS' older files weigh the inputs: no low rank is left then
        return Whole(deltas.decompose(weight.to(up.dtype), delta, given["dora"]))
    gain = given["dora"].reshape(out) / (weight.to(up.dtype) + delta).flatten(1).norm(dim=1)
    return LowRank(down, up * gain.reshape(out, 1, *ones), mid, gain - 1)


def _cast(term: Term, dtype: torch.dtype) -> Term:
    """In `dtype`, in memory of its own: what lies in a file is not aligned, and the same sums end in other bits."""
    given: dict[str, Any] = {
        name: t if t is None else t.to(dtype, copy=True, memory_format=torch.contiguous_format)
        for name, t in vars(term).items()
    }
    return type(term)(**given)

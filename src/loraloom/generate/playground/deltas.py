"""The difference of a weight that each kind of adapter stands for: LoHa, LoKr, Tucker, full, and DoRA's decomposition.

Names and formulas are LyCORIS' (Yeh et al. 2023, arXiv:2309.14859), whose files these are.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

Tensors = Mapping[str, Tensor]


def low_rank(down: Tensor, up: Tensor, mid: Tensor | None) -> Tensor:
    """[out, in(, k, k)] of `down` [r, in(, k, k)], `up` [out, r(, 1, 1)] and perhaps `mid` [r, r, k, k]."""
    if mid is not None:
        return torch.einsum("or,rskl,si->oikl", up.flatten(1), mid, down.flatten(1))
    return up.flatten(1) @ down.flatten(1)


def delta_of(given: Tensors, alpha: float | None, rank: int | None) -> Tensor | None:
    """The difference, flat or in its own shape; None where `given` holds only a bias. Raises KeyError for missing parts."""
    if "hada_w1_b" in given:
        return _scaled(_loha(given), alpha, given["hada_w1_b"].shape[0])
    if any(name.startswith("lokr_") for name in given):
        inner = next((given[name].shape[0] for name in ("lokr_w1_b", "lokr_w2_b") if name in given), rank)
        return _scaled(_lokr(given), alpha, inner)
    return given.get("diff")


def _scaled(delta: Tensor, alpha: float | None, rank: int | None) -> Tensor:
    """Times alpha / rank; 1 where either is missing (a LoKr of two whole matrices has no rank)."""
    return delta if alpha is None or rank is None else delta * (alpha / rank)


def _loha(given: Tensors) -> Tensor:
    """(w1_a w1_b) * (w2_a w2_b), element by element."""
    halves = [
        _tucker(given[f"hada_t{n}"], given[f"hada_w{n}_a"], given[f"hada_w{n}_b"])
        if f"hada_t{n}" in given
        else given[f"hada_w{n}_a"] @ given[f"hada_w{n}_b"].flatten(1)
        for n in (1, 2)
    ]
    return halves[0] * halves[1]


def _lokr(given: Tensors) -> Tensor:
    """The Kronecker product of w1 and w2, each whole or of low rank."""
    first = given["lokr_w1"] if "lokr_w1" in given else given["lokr_w1_a"] @ given["lokr_w1_b"]
    if "lokr_w2" in given:
        second = given["lokr_w2"]
    elif "lokr_t2" in given:
        second = _tucker(given["lokr_t2"], given["lokr_w2_a"], given["lokr_w2_b"])
    else:
        right = given["lokr_w2_b"]
        second = (given["lokr_w2_a"] @ right.flatten(1)).reshape(-1, *right.shape[1:])
    return torch.kron(first.reshape(*first.shape, *(1,) * (second.dim() - first.dim())), second.contiguous())


def _tucker(core: Tensor, left: Tensor, right: Tensor) -> Tensor:
    """[out, in, k, k] of a core [r, r, k, k], `left` [r, out] and `right` [r, in]."""
    return torch.einsum("ijkl,jr,ip->prkl", core, right, left)


def decompose(weight: Tensor, delta: Tensor, magnitude: Tensor) -> Tensor:
    """The difference that DoRA makes of `delta` (Liu et al. 2024, arXiv:2402.09353): rows of `weight` + `delta` at the
    lengths in `magnitude` [out, 1, ...], or its columns where that is [1, in, ...] as in LyCORIS' older files.

    Raises ValueError for a magnitude of another size.
    """
    moved = weight + delta
    if magnitude.shape[0] == weight.shape[0] and magnitude.numel() == weight.shape[0]:
        lengths = moved.flatten(1).norm(dim=1)
        return moved * (magnitude.flatten() / lengths).reshape(-1, *(1,) * (weight.dim() - 1)) - weight
    if magnitude.numel() != weight.shape[1]:
        raise ValueError("magnitudes of another size")
    lengths = moved.transpose(0, 1).flatten(1).norm(dim=1)
    return moved * (magnitude.flatten() / lengths).reshape(1, -1, *(1,) * (weight.dim() - 2)) - weight

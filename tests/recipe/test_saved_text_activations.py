"""What autograd keeps of real language models in a packed training pass, against what the forecast reckons."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

import pytest
import torch

from loraloom.data.examples.sequences import Sequence
from loraloom.forecast.language.lora import PART, adapted
from loraloom.forecast.language.walk import walk
from loraloom.forecast.tape import Rules, Tape, Texts
from loraloom.models.text_shape import text_shape
from loraloom.spec.text import TextLora
from loraloom.train.adapters import inject
from loraloom.train.families.causal_lm.head import head_of, token_losses
from loraloom.train.families.causal_lm.load import load
from loraloom.train.families.causal_lm.pack import pack
from loraloom.train.families.causal_lm.targets import choose_targets
from loraloom.train.fused import fuse
from tests.tiny_text import Kind, tiny_text_base

RANK = 4
LENGTHS = (150, 90, 200)
WIDER: dict[str, Any] = {"hidden_size": 96, "intermediate_size": 224, "num_hidden_layers": 3}


def row(lengths: tuple[int, ...] = LENGTHS) -> Any:
    """Texts of which the second half is learned."""
    import numpy as np

    def text(length: int) -> Sequence:
        return Sequence(np.arange(length, dtype=np.int32) % 200, np.arange(length) >= length // 2, 0)

    return pack([text(length) for length in lengths], torch.device("cpu"))


def adapted_model(folder: Path, lora: TextLora, checkpointing: bool, dtype: torch.dtype = torch.float32) -> Any:
    """As `train.families.causal_lm.start` makes it."""
    model = load(folder, dtype, torch.device("cpu"))
    inject(model, choose_targets(model, lora), lora)
    fuse(model)
    if checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    return model.train()


def losses(model: Any, packed: Any) -> torch.Tensor:
    """As `train.families.causal_lm.task` computes them."""
    body = getattr(model, model.base_model_prefix)
    out = body(input_ids=packed.ids, position_ids=packed.positions, use_cache=False, lengths=packed.lengths)
    return token_losses(out.last_hidden_state[0][packed.before], packed.targets, head_of(model))


def kept(model: Any, packed: Any, dtype: torch.dtype = torch.float32) -> int:
    """Bytes of storages that are saved for the way back and still there when the loss is, parameters left out."""
    saved: list[weakref.ref[torch.Tensor]] = []
    fixed = {p.untyped_storage()._cdata for p in (*model.parameters(), *model.buffers())}

    def save(value: torch.Tensor) -> torch.Tensor:
        saved.append(weakref.ref(value))
        return value

    with (
        torch.autograd.graph.saved_tensors_hooks(save, lambda value: value),
        torch.autocast("cpu", dtype, enabled=dtype != torch.float32),
    ):
        loss = losses(model, packed).sum()
    there = [value.untyped_storage() for ref in saved if (value := ref()) is not None]
    del loss
    return sum({one._cdata: one.nbytes() for one in there if one._cdata not in fixed}.values())


def both(
    folder: Path,
    lora: TextLora,
    checkpointing: bool = False,
    dtype: torch.dtype = torch.float32,
    lengths: Any = LENGTHS,
) -> tuple[int, int]:
    """What is kept, as the forecast reckons it and as it is."""
    packed = row(lengths)
    real = kept(adapted_model(folder, lora, checkpointing, dtype), packed, dtype)
    shape, width = text_shape(folder), 4 if dtype == torch.float32 else 2
    at = Texts(sum(lengths), len(packed.targets), len(lengths), sum(length**2 for length in lengths))
    tape = Tape(Rules(width, width, lora.rank))
    walk(tape, shape, at, adapted(shape, lora).paths(PART), masks=bool(lora.dropout), checkpointing=checkpointing)
    assert real > 100_000
    return tape.kept, real


def lora(**settings: Any) -> TextLora:
    return TextLora(**{"rank": RANK, "dropout": 0, **settings})


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_text_base(tmp_path_factory.mktemp("llama"), **WIDER)


@pytest.mark.parametrize(
    ("targets", "dropout", "checkpointing"),
    [
        ("query+value", 0, False),
        ("query+value", 0.1, False),
        ("query+value", 0.1, True),
        ("attention", 0, False),
        ("all-linear", 0.1, False),
        ("all-linear", 0, True),
    ],
)
def test_a_small_llama(llama: Path, targets: Any, dropout: float, checkpointing: bool) -> None:
    """To the byte: the rules are autograd's own."""
    reckoned, real = both(llama, lora(targets=targets, dropout=dropout), checkpointing)
    assert reckoned == real


@pytest.mark.parametrize("checkpointing", [False, True])
def test_half_precision(llama: Path, checkpointing: bool) -> None:
    reckoned, real = both(llama, lora(targets="all-linear"), checkpointing, torch.bfloat16)
    assert reckoned == real


def test_one_text_alone_and_layers_left_out(llama: Path) -> None:
    reckoned, real = both(llama, lora(include_blocks=("layers.1.",)), lengths=(300,))
    assert reckoned == real


@pytest.mark.parametrize(
    ("kind", "targets"),
    [
        ("qwen2", "query+value"),
        ("qwen3", "all-linear"),
        ("mistral", "query+value"),
        ("gemma2", "query+value"),
        ("gemma3", "all-linear"),
        ("phi3", "all-linear"),
    ],
)
def test_other_kinds(tmp_path: Path, kind: Kind, targets: Any) -> None:
    """Of Gemma 3 all but a few numbers that its embeddings keep."""
    reckoned, real = both(tiny_text_base(tmp_path / kind, kind), lora(targets=targets))
    assert reckoned == pytest.approx(real, rel=1e-3)

"""Whatever was on before leaves no trace: 200 random sequences of LoRAs put on, changed and taken off, bitwise, on Thimble."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from loraloom.generate.parts import load_parts
from loraloom.generate.playground.fitting import Wardrobe
from loraloom.generate.playground.swap import Swap, Use
from loraloom.models.resolve import resolve
from loraloom.publish.formats import convert
from loraloom.spec.run import Lora
from tests.recipe.test_exports import kohya_tensors, trained


class Stage(NamedTuple):
    parts: Any
    wardrobe: Wardrobe
    swap: Swap
    files: list[Path]
    base: torch.Tensor
    weights: dict[str, torch.Tensor]


class _Pipeline(NamedTuple):
    unet: Any
    text_encoder: Any


KINDS = (
    Lora(rank=4, alpha=8, targets="attention+ff+conv", text_encoder=True),
    Lora(rank=2, alpha=1, targets="attention"),
    Lora(rank=4, alpha=4, targets="attention+ff+conv", dora=True),
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    parts = load_parts(resolve("thimble"), "sd1", torch.float32)
    models = {"unet": parts.unet, **parts.text_encoders}
    folder = tmp_path_factory.mktemp("loras")
    files: list[Path] = []
    for number, lora in enumerate(KINDS):
        file = folder / f"{number}.safetensors"
        pipeline = _Pipeline(parts.unet, parts.text_encoders["text_encoder"])
        save_file(kohya_tensors(trained(pipeline, lora), "sd1", lora), file, {"ss_base_model_version": "test"})
        files.append(convert(file, folder / "diffusers", "diffusers") if number == 1 else file)
    weights = copy.deepcopy({f"{name}.{k}": v for name, model in models.items() for k, v in model.state_dict().items()})
    yield Stage(parts, Wardrobe(models, 1 << 30), Swap(), files, predict(parts), weights)
    torch.set_num_threads(before)


@torch.no_grad()
def predict(parts: Any) -> torch.Tensor:
    """One small prediction, through the text encoder."""
    noisy = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(3))
    hidden = parts.text_encoders["text_encoder"](torch.tensor([[1726, 5, 9, 1727]]))[0]
    return parts.unet(noisy, torch.tensor([500]), hidden, return_dict=False)[0]


STRENGTH = st.sampled_from([0.0, 0.0, 0.5, 1.0, -1.5])
BLOCKS = st.sampled_from(["unet", "unet.up_blocks.1", "text_encoder"])
USE = st.tuples(st.integers(0, 2), STRENGTH, st.dictionaries(BLOCKS, STRENGTH))
SEQUENCE = st.lists(st.lists(USE, max_size=3), min_size=1, max_size=6)
SEEN: dict[Any, torch.Tensor] = {}


@settings(max_examples=200, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sequence=SEQUENCE)
def test_no_trace_is_left(stage: Stage, sequence: list[list[tuple[int, float, dict[str, float]]]]) -> None:
    """The last state alone counts: the same LoRAs make the same bits however they got there, and none make the base's."""
    for uses in sequence:
        stage.swap.put_on(used(stage, uses))
    key = repr([(i, strength, sorted(blocks.items())) for i, strength, blocks in sequence[-1]])
    found = predict(stage.parts)
    if key not in SEEN:  # from the bare base
        stage.swap.put_on([])
        stage.swap.put_on(used(stage, sequence[-1]))
        SEEN[key] = predict(stage.parts)
    assert torch.equal(found, SEEN[key])
    off = all(use.at(layer.name) == 0 for use in used(stage, sequence[-1]) for layer in use.lora.layers)
    assert torch.equal(found, stage.base) == off
    stage.swap.put_on([])
    assert torch.equal(predict(stage.parts), stage.base)


def used(stage: Stage, uses: list[tuple[int, float, dict[str, float]]]) -> list[Use]:
    return [Use(stage.wardrobe.fit(stage.files[i]), strength, blocks) for i, strength, blocks in uses]


def test_no_weight_was_ever_changed(stage: Stage) -> None:
    """After all of the above, and while everything is on."""
    stage.swap.put_on([Use(stage.wardrobe.fit(file), 1.0, {}) for file in stage.files])
    models = {"unet": stage.parts.unet, **stage.parts.text_encoders}
    now = {f"{name}.{k}": v for name, model in models.items() for k, v in model.state_dict().items()}
    assert now.keys() == stage.weights.keys()
    assert all(torch.equal(now[name], weight) for name, weight in stage.weights.items())
    assert not torch.equal(predict(stage.parts), stage.base)
    stage.swap.put_on([])
    assert torch.equal(predict(stage.parts), stage.base)

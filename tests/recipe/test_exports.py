"""A LoRA in Loom's file layouts does in diffusers exactly what the trained PEFT layers did, and says nothing about it."""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, inject_adapter_in_model
from safetensors.torch import save_file

from loraloom.models.configs import TEXT_ENCODERS
from loraloom.models.layout import select, text_layers, unet_layers
from loraloom.models.lora_keys import module_table, to_kohya
from loraloom.models.lora_metadata import written_alpha
from loraloom.publish.formats import convert
from loraloom.spec.run import Family, Lora
from tests.tiny_models import tiny_pipeline

FAMILIES: tuple[Family, ...] = ("sd1", "sd2", "sdxl")
RANK = 4
NAME = "default"


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Layers this small are slower on several threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def pipelines() -> dict[Family, Any]:
    return {family: tiny_pipeline(family, text_layers=3, depth=2) for family in FAMILIES}


def family_of(pipeline: Any) -> Family:
    if getattr(pipeline, "text_encoder_2", None) is not None:
        return "sdxl"
    return "sd2" if pipeline.unet.config.use_linear_projection else "sd1"


def components(pipeline: Any) -> dict[str, Any]:
    return {part: getattr(pipeline, part) for part in ("unet", *TEXT_ENCODERS[family_of(pipeline)])}


def trained(pipeline: Any, lora: Lora) -> dict[str, Any]:
    """Copies of the pipeline's models with a LoRA as training leaves it: every B filled."""
    found: dict[str, Any] = {}
    torch.manual_seed(7)
    for part, module in components(pipeline).items():
        if not (lora.unet if part == "unet" else lora.text_encoder):
            found[part] = module
            continue
        config = dict(module.config.items()) if part == "unet" else module.config.to_dict()
        layers = select(unet_layers(config) if part == "unet" else text_layers(config), lora.targets)
        wrapped = hasattr(module, "text_model")
        targets = [layer.path if wrapped else layer.path.removeprefix("text_model.") for layer in layers]
        peft = LoraConfig(
            r=lora.rank,
            lora_alpha=lora.alpha,
            use_rslora=lora.rslora,
            use_dora=lora.dora,
            target_modules=targets,  # type: ignore[arg-type]
        )
        model = inject_adapter_in_model(peft, copy.deepcopy(module), adapter_name=NAME)
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=0.05)
            elif "magnitude" in name:
                parameter.data *= 1 + 0.2 * torch.rand_like(parameter)
        found[part] = model.eval()
    return found


def kohya_tensors(models: Mapping[str, Any], family: Family, lora: Lora) -> dict[str, torch.Tensor]:
    """What Loom writes: kohya's names, alpha / rank as the scale in use."""
    found: dict[str, torch.Tensor] = {}
    for part, model in models.items():
        for path, layer in model.named_modules():
            if not hasattr(layer, "lora_A"):
                continue
            name = to_kohya(part, path, family)  # type: ignore[arg-type]
            found[f"{name}.lora_down.weight"] = layer.lora_A[NAME].weight.detach().clone()
            found[f"{name}.lora_up.weight"] = layer.lora_B[NAME].weight.detach().clone()
            found[f"{name}.alpha"] = torch.tensor(written_alpha(lora))
            if lora.dora:
                magnitude = layer.lora_magnitude_vector[NAME].weight.detach()
                found[f"{name}.dora_scale"] = magnitude.reshape(-1, *[1] * (layer.base_layer.weight.dim() - 1)).clone()
    return found


@torch.no_grad()
def effect(models: Mapping[str, Any], family: Family) -> torch.Tensor:
    """One prediction of the UNet, through the text encoders."""
    generator = torch.Generator().manual_seed(3)
    noisy = torch.randn(1, 4, 8, 8, generator=generator)
    ids = torch.randint(0, 49000, (1, 77), generator=generator)
    more: dict[str, Any] = {}
    if family == "sdxl":
        first, second = (models[part](ids, output_hidden_states=True) for part in ("text_encoder", "text_encoder_2"))
        hidden = torch.cat([first.hidden_states[-2], second.hidden_states[-2]], dim=-1)
        more = {"added_cond_kwargs": {"text_embeds": second[0], "time_ids": torch.tensor([[64.0, 64, 0, 0, 64, 64]])}}
    else:
        hidden = models["text_encoder"](ids)[0]
    return models["unet"](noisy, torch.tensor([500]), hidden, return_dict=False, **more)[0]


@contextmanager
def heard() -> Iterator[list[str]]:
    """Everything that diffusers, transformers, peft and Python warn of meanwhile."""
    messages: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    listener = Listener(logging.WARNING)
    loggers = [logging.getLogger(name) for name in ("diffusers", "transformers", "peft", "")]
    levels = [logger.level for logger in loggers]  # trainings in this process have silenced them
    for logger in loggers:
        logger.addHandler(listener)
        logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield messages
        messages += [str(warning.message) for warning in caught]
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.removeHandler(listener)
            logger.setLevel(level)


def loaded_effect(pipeline: Any, file: Path) -> tuple[torch.Tensor, list[str]]:
    with heard() as messages:
        pipeline.load_lora_weights(file.parent, weight_name=file.name)
    try:
        return effect(components(pipeline), family_of(pipeline)), messages
    finally:
        pipeline.unload_lora_weights()


LORAS = {
    "attention": Lora(rank=RANK, alpha=8, targets="attention", text_encoder=True),
    "ff": Lora(rank=RANK, alpha=2, targets="attention+ff", text_encoder=True),
    "conv": Lora(rank=RANK, alpha=4, targets="attention+ff+conv", text_encoder=True),
    "rslora": Lora(rank=8, alpha=3, rslora=True, text_encoder=True),
    "unet_only": Lora(rank=RANK, alpha=4),
    "text_only": Lora(rank=RANK, alpha=4, unet=False, text_encoder=True),
}


CASES = [
    *(("sd1", kind) for kind in LORAS),
    ("sd2", "conv"),
    ("sd2", "unet_only"),
    ("sdxl", "conv"),
    ("sdxl", "rslora"),
    ("sdxl", "unet_only"),
]


@pytest.mark.parametrize(("family", "kind"), CASES)
def test_diffusers_reproduces_the_file(pipelines: dict[Family, Any], family: Family, kind: str, tmp_path: Path) -> None:
    lora, pipeline = LORAS[kind], pipelines[family]
    models = trained(pipeline, lora)
    base, wanted = effect(components(pipeline), family), effect(models, family)
    assert (wanted - base).abs().max() > 1e-3, "the LoRA does nothing: the comparison would prove nothing"
    file = tmp_path / "kohya.safetensors"
    save_file(kohya_tensors(models, family, lora), file, {"ss_base_model_version": "test"})

    for path in (file, convert(file, tmp_path / "folder", "diffusers")):
        got, messages = loaded_effect(pipeline, path)
        assert (got - wanted).abs().max() < 1e-4, path.name
        assert [m for m in messages if not expected_silence(m, lora, family)] == []


def expected_silence(message: str, lora: Lora, family: Family) -> bool:
    """diffusers says so of every LoRA that leaves a component alone, whoever wrote it."""
    absent = [part for part in TEXT_ENCODERS[family] if not lora.text_encoder] + ([] if lora.unet else ["unet"])
    return any(f"prefix='{part}'" in message and "No LoRA keys" in message for part in absent)


def test_true_depth_of_sdxl(tmp_path: Path) -> None:
    """All 722 UNet modules of the true layout, at kohya's default targets, are the architecture's and load."""
    pipeline, lora = tiny_pipeline("sdxl", text_layers=3), Lora(rank=1, alpha=1)
    models = trained(pipeline, lora)
    tensors = kohya_tensors(models, "sdxl", lora)
    names = {key.split(".")[0] for key in tensors}
    table = module_table("sdxl", {"unet": dict(pipeline.unet.config.items())})
    assert len(names) == 722
    assert names <= set(table["unet"].values())
    file = tmp_path / "kohya.safetensors"
    save_file(tensors, file)
    got, _ = loaded_effect(pipeline, file)
    assert (got - effect(models, "sdxl")).abs().max() < 1e-4


@pytest.mark.parametrize("family", ["sd1", "sdxl"])
def test_dora(pipelines: dict[Family, Any], family: Family, tmp_path: Path) -> None:
    """diffusers drops the magnitudes of a kohya file, with a warning; in its own layout it takes them."""
    lora, pipeline = Lora(rank=RANK, alpha=4, dora=True, targets="attention+ff+conv"), pipelines[family]
    models = trained(pipeline, lora)
    wanted = effect(models, family)
    file = tmp_path / "kohya.safetensors"
    save_file(kohya_tensors(models, family, lora), file)

    got, messages = loaded_effect(pipeline, file)
    assert any("DoRA checkpoint that is not compatible" in message for message in messages)
    assert (got - wanted).abs().max() > 1e-3

    got, messages = loaded_effect(pipeline, convert(file, tmp_path / "folder", "diffusers"))
    assert (got - wanted).abs().max() < 1e-4
    assert [m for m in messages if not expected_silence(m, lora, family)] == []

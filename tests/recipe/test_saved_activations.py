"""What autograd keeps of the real models, without weights, against what the forecast reckons."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import pytest
import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from transformers.models.clip.configuration_clip import CLIPTextConfig
from transformers.models.clip.modeling_clip import CLIPTextModel

from loraloom.forecast import text, unet
from loraloom.forecast.tape import Rules, Tape
from loraloom.models.configs import true_config
from loraloom.models.layout import select, text_layers, unet_layers
from loraloom.models.resolve import thimble_path
from loraloom.spec.run import Lora, Targets
from loraloom.train.adapters import add_lora
from loraloom.train.fused import fuse

RANK = 16
EVERY: tuple[Targets, ...] = ("attention", "attention+ff", "attention+ff+conv")
NEAR = 0.02
"""Far below the 10 % that forecasts need: the rules are autograd's own."""


class CardAutocast(TorchFunctionMode):
    """Autocast to bf16 as CUDA does it, by its published lists: norms in fp32, products in bf16. For a machine without one."""

    NORMS = (F.group_norm, F.layer_norm, torch.group_norm, torch.layer_norm)
    PRODUCTS = (F.linear, F.conv2d, torch.conv2d, F.scaled_dot_product_attention)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        wanted = torch.float32 if func in self.NORMS else torch.bfloat16 if func in self.PRODUCTS else None
        if wanted is not None:
            args = tuple(a.to(wanted) if isinstance(a, torch.Tensor) and a.is_floating_point() else a for a in args)
            kwargs = {
                k: v.to(wanted) if isinstance(v, torch.Tensor) and v.is_floating_point() else v
                for k, v in (kwargs or {}).items()
            }
        return func(*args, **(kwargs or {}))


def kept(model: Any, inputs: Any, dtype: torch.dtype, card: bool = False, loss: bool = True) -> int:
    """Bytes of storages that a forward pass of `model` saves for the way back, parameters left out. Nothing is computed."""
    seen: dict[int, torch.Tensor] = {}
    with FakeTensorMode(allow_non_fake_inputs=True):
        for module in model.modules():
            for name, p in list(module._parameters.items()):
                if p is not None:
                    fake = torch.empty(p.shape, dtype=p.dtype)
                    module._parameters[name] = torch.nn.Parameter(fake, requires_grad=p.requires_grad)
            for name, buffer in list(module._buffers.items()):
                module._buffers[name] = torch.zeros(buffer.shape, dtype=buffer.dtype)
        fixed = {p.untyped_storage()._cdata for p in (*model.parameters(), *model.buffers())}

        def pack(value: torch.Tensor) -> torch.Tensor:
            if value.untyped_storage()._cdata not in fixed:
                seen.setdefault(value.untyped_storage()._cdata, value)
            return value

        autocast: Any = CardAutocast() if card else torch.autocast("cpu", dtype, enabled=dtype != torch.float32)
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda value: value), autocast:
            out = model(**inputs())[0]
            out.float().pow(2).mean() if loss else out.sum()
    return sum(value.untyped_storage().nbytes() for value in seen.values())


def config_of(base: str) -> dict[str, Any]:
    """Config of the UNet of `thimble`, `sd1` or `sdxl`."""
    if base == "thimble":
        return json.loads((thimble_path() / "unet" / "config.json").read_text("utf-8"))
    return true_config(base, "unet")  # pyright: ignore[reportArgumentType]


@lru_cache(1)
def adapted_unet(base: str, targets: Targets, dtype: torch.dtype) -> Any:
    """A UNet on the meta device with Loom's LoRA on it, as `train.setup` makes it."""
    torch.set_default_dtype(dtype)
    try:
        with torch.device("meta"):
            model: Any = UNet2DConditionModel.from_config(config_of(base))
            torch.set_default_dtype(torch.float32)
            model.requires_grad_(False).eval()
            add_lora(model, "unet", Lora(rank=RANK, targets=targets))
    finally:
        torch.set_default_dtype(torch.float32)
    fuse(model)
    return model.train()


def difference(
    base: str,
    targets: Targets,
    at: unet.Pictures,
    checkpointing: bool,
    dtype: torch.dtype = torch.float32,
    card: bool = False,
) -> float:
    """How far the forecast's count is off, as a part of the real one."""
    config, model = config_of(base), adapted_unet(base, targets, dtype)
    (model.enable_gradient_checkpointing if checkpointing else model.disable_gradient_checkpointing)()

    def inputs() -> dict[str, Any]:
        given: dict[str, Any] = {
            "sample": torch.randn(at.batch, 4, at.height, at.width, dtype=dtype),
            "timestep": torch.zeros(at.batch, dtype=torch.long),
            "encoder_hidden_states": torch.randn(at.batch, at.tokens, config["cross_attention_dim"], dtype=dtype),
            "return_dict": False,
        }
        if config.get("addition_embed_type") == "text_time":
            pooled = config["projection_class_embeddings_input_dim"] - 6 * config["addition_time_embed_dim"]
            sizes = torch.zeros(at.batch, 6, dtype=dtype)
            given["added_cond_kwargs"] = {"text_embeds": torch.randn(at.batch, pooled, dtype=dtype), "time_ids": sizes}
        return given

    real = kept(model, inputs, dtype, card)
    width = 4 if dtype == torch.float32 else 2
    tape = Tape(Rules(width, 4 if card else width, RANK))
    paths = frozenset(layer.path for layer in select(unet_layers(config), targets))
    unet.walk(tape, config, at, paths, checkpointing)
    assert real > 1_000_000
    return tape.kept / real - 1


@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("size", [(16, 16), (24, 20)])
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("targets", EVERY)
def test_the_embedded_base(targets: Targets, checkpointing: bool, size: tuple[int, int], batch: int) -> None:
    assert abs(difference("thimble", targets, unet.Pictures(batch, *size, 16), checkpointing)) < NEAR


@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize(
    ("size", "batch", "targets"), [*(((64, 64), 1, targets) for targets in EVERY), ((96, 72), 2, EVERY[-1])]
)
def test_stable_diffusion(targets: Targets, checkpointing: bool, size: tuple[int, int], batch: int) -> None:
    assert abs(difference("sd1", targets, unet.Pictures(batch, *size, 77), checkpointing)) < NEAR


@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("targets", EVERY[1:2])
def test_stable_diffusion_xl(targets: Targets, checkpointing: bool) -> None:
    assert abs(difference("sdxl", targets, unet.Pictures(1, 128, 128, 77), checkpointing)) < NEAR


@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("card", [False, True])
@pytest.mark.parametrize("targets", EVERY[1:])
def test_half_precision(targets: Targets, card: bool, checkpointing: bool) -> None:
    """With the CPU's autocast, and with a card's as its lists say (an imitation: no card takes part)."""
    at = unet.Pictures(2, 64, 64, 77)
    off = difference("sd1", targets, at, checkpointing, torch.bfloat16, card)
    assert abs(off) < NEAR


@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("targets", ["attention", "attention+ff"])
def test_text_encoders(targets: Targets, checkpointing: bool) -> None:
    config = true_config("sd1", "text_encoder")
    with torch.device("meta"):
        model: Any = CLIPTextModel(CLIPTextConfig(**config)).requires_grad_(False).eval()
        add_lora(model, "text_encoder", Lora(rank=RANK, targets=targets))
    fuse(model)
    model.train()
    if checkpointing:
        model.gradient_checkpointing_enable()
    real = kept(model, lambda: {"input_ids": torch.zeros(2, 77, dtype=torch.long)}, torch.float32, loss=False)
    tape = Tape(Rules(4, 4, RANK))
    text.walk(tape, config, 2, frozenset(layer.path for layer in select(text_layers(config), targets)), checkpointing)
    assert abs(tape.kept / real - 1) < NEAR

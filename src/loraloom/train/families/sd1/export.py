"""What of this family can be adapted and how its LoRA modules are named in kohya's format."""

from __future__ import annotations

from torch import nn

from loraloom.generate.parts import Parts
from loraloom.models.lora_keys import to_kohya
from loraloom.train.adapters import lora_layers


def components(parts: Parts) -> dict[str, nn.Module]:
    """UNet and text encoders by diffusers' names."""
    return {"unet": parts.unet, **parts.text_encoders}


def lora_names(parts: Parts) -> dict[str, dict[str, str]]:
    """Component -> module path -> kohya name, for every adapted layer."""
    depth: int = parts.unet.config.layers_per_block
    return {
        component: {
            path: to_kohya(component, path, parts.family, depth)  # pyright: ignore[reportArgumentType]
            for path, _ in lora_layers(module)
        }
        for component, module in components(parts).items()
    }

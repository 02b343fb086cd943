"""A base model taken apart: UNet, VAE, text encoders, tokenizers and the noise schedule, from a folder or a single file."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from loraloom.models.resolve import BaseModel
from loraloom.spec.errors import LoomError
from loraloom.spec.run import Family

TEXT_ENCODERS: dict[Family, tuple[str, ...]] = {
    "sd1": ("text_encoder",),
    "sd2": ("text_encoder",),
    "sdxl": ("text_encoder", "text_encoder_2"),
}


@dataclass
class Parts:
    """What a picture family trains and samples with. `unet` and text encoders are frozen when loaded.

    `scheduler_config` is diffusers' dict; `alphas_cumprod` [T] is made from it where it is needed.
    """

    family: Family
    unet: Any
    vae: Any
    text_encoders: dict[str, nn.Module]
    tokenizers: dict[str, Any]
    scheduler_config: dict[str, Any]
    prediction: str
    force_zeros: bool = True
    extra: dict[str, Any] = field(default_factory=dict)


def load_parts(base: BaseModel, family: Family, dtype: torch.dtype, vae_dtype: torch.dtype = torch.float32) -> Parts:
    """Load `base` on the CPU, everything frozen and in eval mode; weights are read from safetensors only.

    Raises LoomError `base_model_not_found`, `weights_unreadable` or `pickle_refused`.
    """
    if base.layout == "single_file":
        from loraloom.generate.single_file import load_single_file

        assert base.path is not None
        loaded = load_single_file(base.path, family, dtype)
        vae = loaded["vae"].to(vae_dtype)
    else:
        loaded = _load_folder(base, family, dtype, vae_dtype)
        vae = loaded["vae"]
    parts = Parts(
        family=family,
        unet=loaded["unet"],
        vae=vae,
        text_encoders={name: loaded[name] for name in TEXT_ENCODERS[family]},
        tokenizers={name: loaded[name.replace("text_encoder", "tokenizer")] for name in TEXT_ENCODERS[family]},
        scheduler_config=dict(loaded["scheduler_config"]),
        prediction=base.prediction or loaded["scheduler_config"].get("prediction_type", "epsilon"),
        force_zeros=bool(loaded.get("force_zeros", True)),
    )
    for module in (parts.unet, parts.vae, *parts.text_encoders.values()):
        module.requires_grad_(False).eval()
    return parts


def _load_folder(base: BaseModel, family: Family, dtype: torch.dtype, vae_dtype: torch.dtype) -> dict[str, Any]:
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
    from transformers.models.clip.modeling_clip import CLIPTextModel, CLIPTextModelWithProjection
    from transformers.models.clip.tokenization_clip import CLIPTokenizer

    folder = base.path if base.path is not None else _fetch(base)
    kinds = {"text_encoder": CLIPTextModel, "text_encoder_2": CLIPTextModelWithProjection}
    try:
        loaded: dict[str, Any] = {
            "unet": _from_folder(UNet2DConditionModel, folder / "unet", torch_dtype=dtype),
            "vae": _from_folder(AutoencoderKL, folder / "vae", torch_dtype=vae_dtype),
            "scheduler_config": json.loads((folder / "scheduler" / "scheduler_config.json").read_text("utf-8")),
        }
        for name in TEXT_ENCODERS[family]:
            loaded[name] = _from_folder(kinds[name], folder / name, dtype=dtype)
            loaded[name.replace("text_encoder", "tokenizer")] = CLIPTokenizer.from_pretrained(
                folder / name.replace("text_encoder", "tokenizer")
            )
        index = json.loads((folder / "model_index.json").read_text("utf-8"))
        loaded["force_zeros"] = index.get("force_zeros_for_empty_prompt", True)
    except (OSError, ValueError, KeyError) as error:
        raise LoomError(
            "weights_unreadable",
            f"The base model in {folder} cannot be loaded: {error}",
            "Check that the folder is a whole diffusers model (model_index.json, unet, vae, text_encoder, tokenizer).",
        ) from error
    return loaded


def _from_folder(kind: Any, folder: Path, **options: Any) -> Any:
    variant = "fp16" if not any(folder.glob("*model.safetensors*")) and any(folder.glob("*.fp16.safetensors")) else None
    return kind.from_pretrained(folder, use_safetensors=True, local_files_only=True, variant=variant, **options)


def _fetch(base: BaseModel) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(
            snapshot_download(
                str(base.hub_id),
                allow_patterns=["*.json", "*.txt", "*.safetensors", "tokenizer*/*"],
                ignore_patterns=["*.bin", "*.ckpt", "*.onnx*", "*.msgpack", "*nonema*", "safety_checker/*"],
            )
        )
    except Exception as error:
        raise LoomError(
            "base_model_not_found",
            f"{base.hub_id} could not be fetched from the hub: {error}",
            "Check the name and the connection, or give a folder or a .safetensors file.",
        ) from error

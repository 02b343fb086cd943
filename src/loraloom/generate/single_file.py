"""Loads a single-file base in the original layout, offline: configs from its header, keys by diffusers' converters."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict, cast

import torch
from accelerate import init_empty_weights
from safetensors import safe_open

from loraloom.models.clip_vocab import END, START, clip_vocabulary
from loraloom.models.configs import Part
from loraloom.models.family import detect_header, require_base
from loraloom.models.header import read_header
from loraloom.models.prediction import Prediction
from loraloom.models.single_file import UNET, VAE, clip_prefix, configs_for
from loraloom.spec.errors import LoomError
from loraloom.spec.run import Family

Weights = dict[str, torch.Tensor]
OPENCLIP_PAD = "!"
"""OpenCLIP pads prompts with token 0, which is spelt `!`; CLIP-L with its end token."""


class SingleFile(TypedDict):
    """Modules on the CPU in evaluation mode, and what goes with them; the second encoder is None before SDXL."""

    unet: Any
    vae: Any
    text_encoder: Any
    text_encoder_2: Any | None
    tokenizer: Any
    tokenizer_2: Any | None
    scheduler_config: dict[str, Any]


def load_single_file(
    path: Path, family: Family, dtype: torch.dtype = torch.float32, vae_dtype: torch.dtype = torch.float32
) -> SingleFile:
    """Read the original-layout `.safetensors` at `path` into diffusers and transformers modules of `dtype`.

    Nothing is downloaded. `scheduler_config["prediction_type"]` is what the file says, or is measured where it is
    silent. Raises LoomError `weights_unreadable` (tensors missing or of the wrong shape), `base_model_mismatch` (another
    family), `base_model_unknown`.
    """
    header = read_header(path)
    found = detect_header(header, path.stem)
    if require_base(found, path.name) != family:
        raise LoomError(
            "base_model_mismatch", f"{path.name} is {found.name}, not {family}.", f"Set family to {found.family}."
        )
    configs = configs_for(header, family)
    names = list(header.tensors)
    unet = _load_part(path, names, family, "unet", configs, dtype)
    second = family == "sdxl"
    scheduler = dict(configs["scheduler"])
    scheduler["prediction_type"] = found.prediction or measure_prediction(unet)
    return SingleFile(
        unet=unet,
        vae=_load_part(path, names, family, "vae", configs, vae_dtype),
        text_encoder=_load_part(path, names, family, "text_encoder", configs, dtype),
        text_encoder_2=_load_part(path, names, family, "text_encoder_2", configs, dtype) if second else None,
        tokenizer=clip_tokenizer(OPENCLIP_PAD if family == "sd2" else END, configs["text_encoder"]),
        tokenizer_2=clip_tokenizer(OPENCLIP_PAD, configs["text_encoder_2"]) if second else None,
        scheduler_config=scheduler,
    )


@torch.no_grad()
def measure_prediction(unet: Any) -> Prediction:
    """Whether an SD2 UNet predicts noise or velocity, from one tiny forward pass.

    At the last step the input is nearly all noise: a noise predictor answers with about its input, a velocity predictor
    with about minus the picture. The threshold is AUTOMATIC1111's.
    """
    parameter = next(unet.parameters())
    grey = torch.full((1, 4, 8, 8), 0.5, dtype=torch.float32, device=parameter.device)
    text = torch.full((1, 2, unet.config.cross_attention_dim), 0.5, dtype=parameter.dtype, device=parameter.device)
    out = unet(grey.to(parameter.dtype), torch.tensor([999], device=parameter.device), text, return_dict=False)[0]
    return "v_prediction" if float((out.float() - grey).mean()) < -1 else "epsilon"


def clip_tokenizer(pad: str = END, config: Mapping[str, Any] | None = None) -> Any:
    """CLIP's tokenizer without a download. `pad` fills up short prompts; `config` (of the text encoder) sets the length,
    77 tokens by default."""
    from transformers.models.clip.tokenization_clip import CLIPTokenizer

    vocabulary, merges = clip_vocabulary()
    length = int(config["max_position_embeddings"]) if config else 77
    return CLIPTokenizer(
        vocab=vocabulary,
        merges=cast(Any, merges),
        bos_token=START,
        eos_token=END,
        unk_token=END,
        pad_token=pad,
        model_max_length=length,
    )


def _load_part(
    path: Path, names: list[str], family: Family, part: Part, configs: Mapping[Part, dict[str, Any]], dtype: torch.dtype
) -> Any:
    config = configs[part]
    prefix = "" if part in ("unet", "vae") else clip_prefix(names, family, part)
    starts = {"unet": (UNET,), "vae": VAE}.get(part, (prefix,))
    with safe_open(path, framework="pt", device="cpu") as file:
        weights = {name: file.get_tensor(name).to(dtype) for name in names if name.startswith(starts)}
    with init_empty_weights():
        model = _empty(part, config)
    if part == "unet":
        from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint

        weights = convert_ldm_unet_checkpoint(weights, config)
    elif part == "vae":
        from diffusers.loaders.single_file_utils import convert_ldm_vae_checkpoint

        weights = convert_ldm_vae_checkpoint(weights, config)
    else:
        weights = _text_weights(model, weights, prefix, config)
    _fill(model, weights, path.name, part)
    return model.eval()


def _empty(part: Part, config: dict[str, Any]) -> Any:
    if part == "unet":
        from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

        return UNet2DConditionModel.from_config(config)
    if part == "vae":
        from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

        return AutoencoderKL.from_config(config)
    from transformers.models.clip.configuration_clip import CLIPTextConfig
    from transformers.models.clip.modeling_clip import CLIPTextModel, CLIPTextModelWithProjection

    kind = CLIPTextModelWithProjection if part == "text_encoder_2" else CLIPTextModel
    return kind(CLIPTextConfig(**config))


def _text_weights(model: Any, weights: Weights, prefix: str, config: dict[str, Any]) -> Weights:
    if not prefix.endswith(".model."):
        found = {"text_model." + name.removeprefix(prefix): tensor for name, tensor in weights.items()}
    else:
        from diffusers.loaders.single_file_utils import convert_open_clip_checkpoint

        found: Weights = convert_open_clip_checkpoint(model, weights, prefix=prefix)
    if not hasattr(model, "text_model"):  # CLIPTextModel is flat since transformers 5.6
        found = {name.removeprefix("text_model."): tensor for name, tensor in found.items()}
        found.pop("text_projection.weight", None)
    kept = int(config["num_hidden_layers"])
    return {name: tensor for name, tensor in found.items() if _layer(name) < kept and "position_ids" not in name}


def _layer(name: str) -> int:
    _, found, rest = name.partition("encoder.layers.")
    return int(rest.split(".")[0]) if found else -1


def _fill(model: Any, weights: Mapping[str, torch.Tensor], file: str, part: Part) -> None:
    try:
        missing, unexpected = model.load_state_dict(weights, strict=False, assign=True)
    except (RuntimeError, AttributeError) as error:
        raise LoomError(
            "weights_unreadable", f"The {part} in {file} has tensors that do not fit.", str(error)[:300]
        ) from error
    if missing or unexpected:
        names = ", ".join([*missing, *unexpected][:3])
        counts = f"{len(missing)} tensors are missing, {len(unexpected)} are unknown ({names})"
        raise LoomError(
            "weights_unreadable",
            f"The {part} in {file} does not match its layout: {counts}.",
            "Use the original file of the model, or its diffusers folder.",
        )

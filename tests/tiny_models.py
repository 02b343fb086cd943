"""Random-weight Stable Diffusion models of true layout and small width: as diffusers folders and as single files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from safetensors.torch import load_file, save_file
from transformers.models.clip.configuration_clip import CLIPTextConfig
from transformers.models.clip.modeling_clip import CLIPTextModel, CLIPTextModelWithProjection

from loraloom.generate.single_file import clip_tokenizer
from loraloom.models.configs import TEXT_ENCODERS, true_config
from loraloom.spec.run import Family

TEXT_WIDTHS = {"text_encoder": 64, "text_encoder_2": 128}
"""Multiples of 64, a head's width. They differ, because diffusers tells SDXL's two encoders apart by width."""
UNET_WIDTHS: dict[Family, list[int]] = {"sd1": [32, 64, 64, 64], "sd2": [32, 64, 64, 64], "sdxl": [32, 64, 64]}
HEADS: dict[Family, Any] = {"sd1": 8, "sd2": [1, 1, 1, 1], "sdxl": [1, 1, 1]}


PARTS: dict[Family, tuple[str, ...]] = {family: ("unet", "vae", *parts) for family, parts in TEXT_ENCODERS.items()}


def tiny_configs(family: Family, text_layers: int | None = None, depth: int | None = None) -> dict[str, dict[str, Any]]:
    """The published configs with small widths; blocks, layers and attention as they are.

    `text_layers` cuts the text encoders (12, 23 and 32 layers), `depth` SDXL's deepest transformers (10), for speed.
    """
    configs = {part: true_config(family, part) for part in ("unet", "vae", *TEXT_ENCODERS[family])}
    context = sum(TEXT_WIDTHS[part] for part in TEXT_ENCODERS[family])
    unet = configs["unet"]
    unet |= {
        "block_out_channels": UNET_WIDTHS[family],
        "cross_attention_dim": context,
        "attention_head_dim": HEADS[family],
    }
    unet["sample_size"] = 8
    if family == "sdxl":
        unet["transformer_layers_per_block"] = [1, 2, depth or 10]
        unet |= {
            "addition_time_embed_dim": 16,
            "projection_class_embeddings_input_dim": TEXT_WIDTHS["text_encoder_2"] + 6 * 16,
        }
    configs["vae"] |= {"block_out_channels": [32, 32, 64, 64], "sample_size": 64}
    for part in TEXT_ENCODERS[family]:
        width = TEXT_WIDTHS[part]
        text = {"hidden_size": width, "intermediate_size": 4 * width, "projection_dim": width}
        configs[part] |= text | {"num_attention_heads": width // 64}
        configs[part] |= {"num_hidden_layers": text_layers} if text_layers else {}
    return configs


def tiny_parts(
    family: Family, seed: int = 0, text_layers: int | None = None, depth: int | None = None
) -> dict[str, Any]:
    """Modules, tokenizers and scheduler of a random model, on the CPU, fp32, in evaluation mode."""
    configs = tiny_configs(family, text_layers, depth)
    torch.manual_seed(seed)
    parts: dict[str, Any] = {
        "unet": UNet2DConditionModel.from_config(configs["unet"]).eval(),
        "vae": AutoencoderKL.from_config(configs["vae"]).eval(),
        "text_encoder": CLIPTextModel(CLIPTextConfig(**configs["text_encoder"])).eval(),
        "tokenizer": clip_tokenizer("!" if family == "sd2" else "<|endoftext|>"),
    }
    if family == "sdxl":
        parts["text_encoder_2"] = CLIPTextModelWithProjection(CLIPTextConfig(**configs["text_encoder_2"])).eval()
        parts["tokenizer_2"] = clip_tokenizer("!")
    known = true_config(family, "scheduler") | {"_class_name": "DDIMScheduler"}
    parts["scheduler"] = DDIMScheduler.from_config(known)
    return parts


def tiny_pipeline(family: Family, seed: int = 0, text_layers: int | None = None, depth: int | None = None) -> Any:
    """A StableDiffusion(XL)Pipeline around `tiny_parts`, without progress bars."""
    from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
    from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import StableDiffusionXLPipeline

    parts = tiny_parts(family, seed, text_layers, depth)
    if family == "sdxl":
        pipeline = StableDiffusionXLPipeline(**parts, add_watermarker=False)
    else:
        pipeline = StableDiffusionPipeline(
            **parts, safety_checker=None, feature_extractor=None, requires_safety_checker=False
        )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def build_folder(
    family: Family, folder: Path, seed: int = 0, text_layers: int | None = None, depth: int | None = None
) -> Path:
    """Write a random model as a diffusers folder, with the tensor names of published ones; returns `folder`."""
    tiny_pipeline(family, seed, text_layers, depth).save_pretrained(folder, safe_serialization=True)
    for part in TEXT_ENCODERS[family]:
        file = folder / part / "model.safetensors"
        named = {"text_model." + k.removeprefix("text_model."): v for k, v in load_file(file).items()}
        projection = {k.removeprefix("text_model."): v for k, v in named.items() if "text_projection" in k}
        save_file({k: v for k, v in named.items() if "text_projection" not in k} | projection, file, {"format": "pt"})
    return folder


def build_single_file(
    folder: Path, file: Path, metadata: dict[str, str] | None = None, dtype: torch.dtype | None = None
) -> Path:
    """Write the diffusers folder `folder` as one file in the original (LDM / SGM) layout; returns `file`."""
    family: Family = "sdxl" if (folder / "text_encoder_2").is_dir() else "sd1"
    if family == "sd1" and json.loads((folder / "unet" / "config.json").read_text("utf-8")).get(
        "use_linear_projection"
    ):
        family = "sd2"
    files = {part: "diffusion_pytorch_model" if part in ("unet", "vae") else "model" for part in PARTS[family]}
    found = original_layout(
        family, {part: load_file(folder / part / f"{name}.safetensors") for part, name in files.items()}
    )
    found = {
        name: (t.to(dtype) if dtype and t.is_floating_point() else t).contiguous().clone() for name, t in found.items()
    }
    save_file(found, file, {"modelspec.prediction_type": "v"} | (metadata or {}) if family == "sd2" else metadata)
    return file


def original_layout(family: Family, parts: dict[str, dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """All tensors of a model under their original names, from the state dicts of its parts."""
    found = original_unet(parts["unet"], family == "sdxl") | original_vae(parts["vae"])
    text = parts["text_encoder"]
    if family == "sd2":
        return found | _with_last_layer(original_openclip(text, "cond_stage_model.model."), "cond_stage_model.model.")
    start = "conditioner.embedders.0.transformer." if family == "sdxl" else "cond_stage_model.transformer."
    found |= {start + "text_model." + k.removeprefix("text_model."): v for k, v in text.items()}
    found[start + "text_model.embeddings.position_ids"] = torch.arange(77)[None]
    if family == "sdxl":
        found |= original_openclip(parts["text_encoder_2"], "conditioner.embedders.1.model.")
    return found


def original_unet(weights: dict[str, torch.Tensor], attention_above: bool) -> dict[str, torch.Tensor]:
    """UNet tensors under their LDM names. `attention_above`: SDXL's first up block has attention, SD1's has none."""
    return {"model.diffusion_model." + _unet_name(name, attention_above): tensor for name, tensor in weights.items()}


_OUTER = {
    "conv_in.": "input_blocks.0.0.",
    "conv_norm_out.": "out.0.",
    "conv_out.": "out.2.",
    "time_embedding.linear_1.": "time_embed.0.",
    "time_embedding.linear_2.": "time_embed.2.",
    "add_embedding.linear_1.": "label_emb.0.0.",
    "add_embedding.linear_2.": "label_emb.0.2.",
}
_RESNET = {
    "norm1.": "in_layers.0.",
    "conv1.": "in_layers.2.",
    "time_emb_proj.": "emb_layers.1.",
    "norm2.": "out_layers.0.",
    "conv2.": "out_layers.3.",
    "conv_shortcut.": "skip_connection.",
}


def _renamed(name: str, table: dict[str, str]) -> str:
    return next((new + name.removeprefix(old) for old, new in table.items() if name.startswith(old)), name)


def _unet_name(name: str, attention_above: bool) -> str:
    words = name.split(".")
    if words[0] == "mid_block":
        rest = ".".join(words[3:])
        return (
            f"middle_block.1.{rest}"
            if words[1] == "attentions"
            else f"middle_block.{2 * int(words[2])}." + _renamed(rest, _RESNET)
        )
    if words[0] not in ("down_blocks", "up_blocks"):
        return _renamed(name, _OUTER)
    block, kind, layer, rest = int(words[1]), words[2], int(words[3]), ".".join(words[4:])
    if kind == "downsamplers":
        return f"input_blocks.{3 * block + 3}.0.op." + words[-1]
    if kind == "upsamplers":
        inner = 1 if block == 0 and not attention_above else 2
        return f"output_blocks.{3 * block + 2}.{inner}.conv." + words[-1]
    start = (
        f"input_blocks.{3 * block + layer + 1}" if words[0] == "down_blocks" else f"output_blocks.{3 * block + layer}"
    )
    return f"{start}.1.{rest}" if kind == "attentions" else f"{start}.0." + _renamed(rest, _RESNET)


def original_vae(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """VAE tensors under their LDM names; attention projections become 1x1 convolutions."""
    found: dict[str, torch.Tensor] = {}
    for name, tensor in weights.items():
        words = name.split(".")
        new = name
        if len(words) > 3 and words[1] in ("down_blocks", "up_blocks"):
            level = int(words[2]) if words[1] == "down_blocks" else 3 - int(words[2])
            inner = {"resnets": f"block.{words[4]}", "downsamplers": "downsample", "upsamplers": "upsample"}[words[3]]
            new = ".".join([words[0], words[1].removesuffix("_blocks"), str(level), inner, *words[5:]])
        elif len(words) > 3 and words[1] == "mid_block":
            inner = f"block_{int(words[3]) + 1}" if words[2] == "resnets" else "attn_1"
            new = ".".join([words[0], "mid", inner, *words[4:]])
        new = new.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
        if "attn_1" in new:
            new = new.replace("group_norm", "norm").replace("to_out.0", "proj_out")
            new = new.replace("to_q", "q").replace("to_k", "k").replace("to_v", "v")
            tensor = tensor[:, :, None, None] if tensor.ndim == 2 else tensor
        found[f"first_stage_model.{new}"] = tensor
    return found


def original_openclip(weights: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    """CLIP tensors under OpenCLIP's names, query, key and value merged into one `in_proj`."""
    plain = {name.removeprefix("text_model."): tensor for name, tensor in weights.items()}
    width = plain["final_layer_norm.weight"].shape[0]
    found = {
        "token_embedding.weight": plain["embeddings.token_embedding.weight"],
        "positional_embedding": plain["embeddings.position_embedding.weight"],
        "ln_final.weight": plain["final_layer_norm.weight"],
        "ln_final.bias": plain["final_layer_norm.bias"],
        "text_projection": plain.get("text_projection.weight", torch.eye(width)).T,
        "logit_scale": torch.tensor(4.6052),
    }
    layers = sum(name.endswith("layer_norm1.weight") for name in plain)
    for n in range(layers):
        old, new = f"encoder.layers.{n}.", f"transformer.resblocks.{n}."
        for end in ("weight", "bias"):
            merged = [plain[f"{old}self_attn.{p}_proj.{end}"] for p in "qkv"]
            found[f"{new}attn.in_proj_{end}"] = torch.cat(merged)
            found[f"{new}attn.out_proj.{end}"] = plain[f"{old}self_attn.out_proj.{end}"]
            found[f"{new}ln_1.{end}"] = plain[f"{old}layer_norm1.{end}"]
            found[f"{new}ln_2.{end}"] = plain[f"{old}layer_norm2.{end}"]
            found[f"{new}mlp.c_fc.{end}"] = plain[f"{old}mlp.fc1.{end}"]
            found[f"{new}mlp.c_proj.{end}"] = plain[f"{old}mlp.fc2.{end}"]
    return {prefix + name: tensor for name, tensor in found.items()}


def _with_last_layer(weights: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    """The file of SD2 has one layer more than is used: it is put there with other values, so that using it would show."""
    start = f"{prefix}transformer.resblocks."
    last = max(int(name.removeprefix(start).split(".")[0]) for name in weights if name.startswith(start))
    more = {
        name.replace(f"{start}{last}.", f"{start}{last + 1}."): torch.randn_like(tensor)
        for name, tensor in weights.items()
        if name.startswith(f"{start}{last}.")
    }
    return weights | more

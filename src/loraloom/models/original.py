"""Names of a whole Stable Diffusion model in the original (LDM / SGM) layout, from diffusers' and transformers' names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loraloom.models.sgm import to_original

_NORMS = {"norm1": ("conv1", ".in_layers.2", ".in_layers.0"), "norm2": ("conv2", ".out_layers.3", ".out_layers.0")}
_VAE_ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}
_VAE_KINDS = {"resnets": "block", "downsamplers": "downsample", "upsamplers": "upsample"}
_OPENCLIP = {
    "embeddings.token_embedding.weight": "token_embedding.weight",
    "embeddings.position_embedding.weight": "positional_embedding",
    "final_layer_norm.weight": "ln_final.weight",
    "final_layer_norm.bias": "ln_final.bias",
    "text_projection.weight": "text_projection",
}
_OPENCLIP_LAYER = {
    "self_attn.out_proj": "attn.out_proj",
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
}


def unet_tensor(name: str, config: Mapping[str, Any]) -> str:
    """Original name, without `model.diffusion_model.`, of the UNet tensor `name`. `config` is the UNet's own. Raises
    KeyError for one that no Stable Diffusion UNet has."""
    path, _, end = name.rpartition(".")
    if path == "conv_norm_out":
        return f"out.0.{end}"
    parts = path.split(".")
    above = parts[0] == "up_blocks" and str(config["up_block_types"][int(parts[1])]).startswith("CrossAttn")
    per_block = int(config["layers_per_block"])
    if "resnets" in parts and parts[-1] in _NORMS:
        beside, old, new = _NORMS[parts[-1]]
        found = to_original(".".join((*parts[:-1], beside)), per_block, above)
        return f"{found.removesuffix(old)}{new}.{end}"
    return f"{to_original(path, per_block, above)}.{end}"


def vae_tensor(name: str, levels: int) -> str:
    """Original name, without `first_stage_model.`, of the VAE tensor `name`; `levels` is the number of its blocks. Weights
    of attention are 1x1 convolutions there."""
    path, _, end = name.rpartition(".")
    parts = path.split(".")
    if len(parts) > 3 and parts[1] in ("down_blocks", "up_blocks"):
        level = int(parts[2]) if parts[1] == "down_blocks" else levels - 1 - int(parts[2])
        kind = _VAE_KINDS[parts[3]]
        inner = [kind, parts[4]] if kind == "block" else [kind]
        parts = [parts[0], parts[1].removesuffix("_blocks"), str(level), *inner, *parts[5:]]
    elif len(parts) > 3 and parts[1] == "mid_block":
        if parts[2] == "attentions":
            rest = ".".join(parts[4:])
            return f"{parts[0]}.mid.attn_1.{_VAE_ATTENTION[rest]}.{end}"
        parts = [parts[0], "mid", f"block_{int(parts[3]) + 1}", *parts[4:]]
    renamed = ".".join(parts).replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
    return f"{renamed}.{end}"


def openclip_tensor(name: str) -> str | None:
    """OpenCLIP's name of the tensor `name` of a CLIP text encoder (without `text_model.`); None for query, key and value,
    which lie in one tensor there. `text_projection` is turned on its side."""
    if name in _OPENCLIP:
        return _OPENCLIP[name]
    _, _, rest = name.partition("encoder.layers.")
    number, _, inner = rest.partition(".")
    module, _, end = inner.rpartition(".")
    if module in ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"):
        return None
    return f"transformer.resblocks.{number}.{_OPENCLIP_LAYER[module]}.{end}"

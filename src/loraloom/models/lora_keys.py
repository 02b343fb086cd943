"""Names of LoRA modules: kohya's flat names and module paths, both ways, and the full lists of each architecture."""

from __future__ import annotations

import re
from collections.abc import Mapping

from loraloom.models.layout import Component, Config, text_layers, unet_layers
from loraloom.models.sgm import from_original, to_original
from loraloom.spec.run import Family

TEXT_PREFIX: dict[Family, dict[Component, str]] = {
    "sd1": {"text_encoder": "lora_te_"},
    "sd2": {"text_encoder": "lora_te_"},
    "sdxl": {"text_encoder": "lora_te1_", "text_encoder_2": "lora_te2_"},
}
_COMPONENTS: dict[str, Component] = {
    "lora_unet_": "unet",
    "lora_te_": "text_encoder",
    "lora_te1_": "text_encoder",
    "lora_te2_": "text_encoder_2",
}


def to_kohya(component: Component, path: str, family: Family, layers_per_block: int = 2) -> str:
    """Kohya name of the module `path` of `component`, without `.lora_down.weight` and the like.

    `path` is the diffusers / transformers module path; text encoders may or may not have the leading `text_model.`
    (transformers dropped it from CLIPTextModel in 5.6; the file always has it). UNet names are diffusers' for SD1 and
    SD2 and the original ones for SDXL. Raises KeyError for a component the family has not, or an unknown module.
    """
    if component == "unet":
        name = to_original(path, layers_per_block) if family == "sdxl" else path
        return "lora_unet_" + name.replace(".", "_")
    return TEXT_PREFIX[family][component] + canonical_text_path(path).replace(".", "_")


def canonical_text_path(path: str) -> str:
    """`path` of a text encoder module with the leading `text_model.`, as LoRA files have it."""
    return path if path.startswith(("text_model.", "text_projection")) else f"text_model.{path}"


def from_kohya(name: str, layers_per_block: int = 2) -> tuple[Component, str]:
    """(component, module path) of a kohya name without its suffix: the inverse of `to_kohya`, for every family.

    Text encoder paths come with `text_model.`. Raises KeyError for a name outside the known architectures.
    """
    prefix = next((p for p in _COMPONENTS if name.startswith(p)), None)
    if prefix is None:
        raise KeyError(name)
    component, flat = _COMPONENTS[prefix], name.removeprefix(prefix)
    path = unflatten(flat)
    if component == "unet" and path.startswith(
        ("input_blocks", "middle_block", "output_blocks", "out.", "time_embed.", "label_emb")
    ):
        path = from_original(path, layers_per_block)
    if (component == "unet") == path.startswith("text_"):
        raise KeyError(name)
    return component, path


_TRANSFORMER = r"proj_in|proj_out|transformer_blocks_\d+_(?:attn[12]_to_(?:q|k|v|out_0)|ff_net_(?:0_proj|2))"
_RESNET = r"conv1|conv2|time_emb_proj|conv_shortcut"
_SGM_RESNET = r"in_layers_2|emb_layers_1|out_layers_3|skip_connection"
_NAMES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:(?:down|up)_blocks_\d+|mid_block)_(?:attentions_\d+_(?:{_TRANSFORMER})|resnets_\d+_(?:{_RESNET}))",
        r"(?:down_blocks_\d+_downsamplers|up_blocks_\d+_upsamplers)_0_conv",
        r"conv_in|conv_out|(?:time|add)_embedding_linear_[12]",
        rf"(?:(?:input|output)_blocks_\d+|middle_block)_(?:\d+_(?:{_TRANSFORMER})|\d+_(?:{_SGM_RESNET}))",
        r"input_blocks_\d+_0_op|output_blocks_\d+_[12]_conv|input_blocks_0_0|out_2|time_embed_[02]|label_emb_0_[02]",
        r"text_model_encoder_layers_\d+_(?:self_attn_(?:q|k|v|out)_proj|mlp_fc[12])",
        r"text_projection",
    )
)
"""All module names of the architectures, dots written as underscores: what cannot be matched is not one of theirs."""
_WORDS = re.compile(
    r"(?:down|up|input|output|transformer)_blocks|(?:mid|middle)_block|time_emb_proj|conv_shortcut|conv_in|conv_out"
    r"|proj_in|proj_out|to_[qkv]|to_out|in_layers|out_layers|emb_layers|skip_connection|time_embed(?:ding)?|add_embedding"
    r"|linear_[12]|label_emb|text_model|self_attn|[qkv]_proj|out_proj|text_projection"
)
"""Underscores inside these belong to the name; all others stand for dots."""


def unflatten(flat: str) -> str:
    """`down_blocks_0_attentions_0_proj_in` to `down_blocks.0.attentions.0.proj_in`. Raises KeyError for foreign names."""
    if not any(pattern.fullmatch(flat) for pattern in _NAMES):
        raise KeyError(flat)
    kept = _WORDS.sub(lambda word: word[0].replace("_", "\0"), flat)
    return kept.replace("_", ".").replace("\0", "_")


def module_table(family: Family, configs: Mapping[Component, Config]) -> dict[Component, dict[str, str]]:
    """Module path to kohya name for every layer the architecture with `configs` (unet, text_encoder, ...) has."""
    unet = configs.get("unet", {})
    per_block = unet.get("layers_per_block", 2)
    table: dict[Component, dict[str, str]] = {}
    for component, config in configs.items():
        layers = unet_layers(config) if component == "unet" else text_layers(config)
        table[component] = {layer.path: to_kohya(component, layer.path, family, int(per_block)) for layer in layers}
    return table

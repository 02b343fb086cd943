"""Names of LoRA modules against what kohya's scripts write for the published models."""

from __future__ import annotations

import pytest

from loraloom.models.configs import TEXT_ENCODERS, true_configs
from loraloom.models.layout import select, text_layers, unet_layers
from loraloom.models.lora_keys import from_kohya, module_table, to_kohya
from loraloom.models.sgm import from_original, to_original
from loraloom.spec.run import Family, Targets
from tests.fake_weights import lora_layers

FAMILIES: tuple[Family, ...] = ("sd1", "sd2", "sdxl")
TABLE = """
sd1 unet down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q
    lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q
sd1 unet mid_block.attentions.0.transformer_blocks.0.attn2.to_out.0
    lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_out_0
sd1 unet up_blocks.1.attentions.2.proj_in
    lora_unet_up_blocks_1_attentions_2_proj_in
sd1 unet up_blocks.0.upsamplers.0.conv
    lora_unet_up_blocks_0_upsamplers_0_conv
sd2 unet down_blocks.1.resnets.0.conv_shortcut
    lora_unet_down_blocks_1_resnets_0_conv_shortcut
sd1 text_encoder text_model.encoder.layers.11.self_attn.q_proj
    lora_te_text_model_encoder_layers_11_self_attn_q_proj
sd1 text_encoder encoder.layers.0.mlp.fc1
    lora_te_text_model_encoder_layers_0_mlp_fc1
sd2 text_encoder encoder.layers.22.self_attn.out_proj
    lora_te_text_model_encoder_layers_22_self_attn_out_proj
sdxl unet down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q
    lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q
sdxl unet down_blocks.2.attentions.1.transformer_blocks.9.ff.net.0.proj
    lora_unet_input_blocks_8_1_transformer_blocks_9_ff_net_0_proj
sdxl unet mid_block.attentions.0.proj_out
    lora_unet_middle_block_1_proj_out
sdxl unet mid_block.resnets.1.conv2
    lora_unet_middle_block_2_out_layers_3
sdxl unet up_blocks.0.attentions.2.transformer_blocks.9.attn2.to_v
    lora_unet_output_blocks_2_1_transformer_blocks_9_attn2_to_v
sdxl unet up_blocks.1.upsamplers.0.conv
    lora_unet_output_blocks_5_2_conv
sdxl unet up_blocks.2.resnets.2.conv_shortcut
    lora_unet_output_blocks_8_0_skip_connection
sdxl unet down_blocks.0.downsamplers.0.conv
    lora_unet_input_blocks_3_0_op
sdxl unet down_blocks.1.resnets.0.conv1
    lora_unet_input_blocks_4_0_in_layers_2
sdxl unet down_blocks.1.resnets.0.time_emb_proj
    lora_unet_input_blocks_4_0_emb_layers_1
sdxl unet conv_in
    lora_unet_input_blocks_0_0
sdxl unet conv_out
    lora_unet_out_2
sdxl unet time_embedding.linear_2
    lora_unet_time_embed_2
sdxl unet add_embedding.linear_1
    lora_unet_label_emb_0_0
sdxl text_encoder encoder.layers.0.mlp.fc2
    lora_te1_text_model_encoder_layers_0_mlp_fc2
sdxl text_encoder_2 text_model.encoder.layers.31.self_attn.k_proj
    lora_te2_text_model_encoder_layers_31_self_attn_k_proj
"""
"""Family, component, module path, and below it the name."""
WORDS = TABLE.split()
NAMES = [tuple(WORDS[n : n + 4]) for n in range(0, len(WORDS), 4)]


@pytest.mark.parametrize(
    ("family", "counts"),
    [
        ("sd1", {"unet": 192, "text_encoder": 72}),
        ("sd2", {"unet": 192, "text_encoder": 138}),
        ("sdxl", {"unet": 722, "text_encoder": 72, "text_encoder_2": 192}),
    ],
)
def test_kohyas_default_targets(family: Family, counts: dict[str, int]) -> None:
    assert {component: len(found) for component, found in lora_layers(family).items()} == counts


@pytest.mark.parametrize(("family", "component", "path", "name"), NAMES)
def test_names(family: Family, component: str, path: str, name: str) -> None:
    assert to_kohya(component, path, family) == name  # type: ignore[arg-type]
    found = from_kohya(name)
    assert found == (component, path if component == "unet" or path.startswith("text_model.") else f"text_model.{path}")


@pytest.mark.parametrize("family", FAMILIES)
def test_every_layer_has_one_name_and_comes_back(family: Family) -> None:
    table = module_table(family, true_configs(family))
    assert set(table) == {"unet", *TEXT_ENCODERS[family]}
    for component, names in table.items():
        assert len(set(names.values())) == len(names) > 70
        for path, name in names.items():
            assert from_kohya(name) == (component, path)


@pytest.mark.parametrize("per_block", [1, 2, 3])
def test_original_names_come_back(per_block: int) -> None:
    config = true_configs("sdxl")["unet"] | {"layers_per_block": per_block}
    layers = unet_layers(config)
    assert len(layers) > 300
    for layer in layers:
        assert from_original(to_original(layer.path, per_block), per_block) == layer.path


@pytest.mark.parametrize(
    "name",
    [
        "lora_unet_double_blocks_0_img_attn_qkv",
        "lora_unet_single_blocks_0_linear1",
        "lora_te3_encoder_block_0_layer_0_SelfAttention_q",
        "lora_unet_",
        "lora_unet_text_model_encoder_layers_0_mlp_fc1",
        "lora_te_down_blocks_0_attentions_0_proj_in",
        "lora_unet_down_blocks_x_attentions_0_proj_in",
        "lora_unet_input_blocks_4_0_transformer",
        "something",
    ],
)
def test_foreign_names(name: str) -> None:
    with pytest.raises(KeyError):
        from_kohya(name)


def test_a_family_has_only_its_text_encoders() -> None:
    with pytest.raises(KeyError):
        to_kohya("text_encoder_2", "encoder.layers.0.mlp.fc1", "sd1")
    with pytest.raises(KeyError):
        to_original("down_blocks.0.motion_modules.0.proj_in")


@pytest.mark.parametrize(("targets", "count"), [("attention", 128), ("attention+ff", 192), ("attention+ff+conv", 278)])
def test_targets_grow(targets: Targets, count: int) -> None:
    assert len(select(unet_layers(true_configs("sd1")["unet"]), targets)) == count


def test_text_shapes() -> None:
    shapes = {layer.path: layer.shape for layer in text_layers(true_configs("sdxl")["text_encoder_2"])}
    assert shapes["text_model.encoder.layers.31.mlp.fc1"] == (5120, 1280)
    assert shapes["text_model.encoder.layers.0.self_attn.q_proj"] == (1280, 1280)

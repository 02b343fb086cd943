"""A language model's folder with everything but trained weights, made without torch: for servers that never train."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from tests.chat_templates import STYLES, save

CONFIG: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "vocab_size": 300,
    "tie_word_embeddings": True,
}


def text_folder(folder: Path, style: str = "chatml") -> Path:
    """`folder` as transformers would save a small Llama; its tokens are bytes."""
    save(STYLES[style], folder)
    (folder / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    layer = "model.layers.0"
    shapes = {
        "model.embed_tokens.weight": (300, 16),
        "model.norm.weight": (16,),
        f"{layer}.input_layernorm.weight": (16,),
        f"{layer}.post_attention_layernorm.weight": (16,),
        f"{layer}.self_attn.q_proj.weight": (16, 16),
        f"{layer}.self_attn.k_proj.weight": (8, 16),
        f"{layer}.self_attn.v_proj.weight": (8, 16),
        f"{layer}.self_attn.o_proj.weight": (16, 16),
        f"{layer}.mlp.gate_proj.weight": (32, 16),
        f"{layer}.mlp.up_proj.weight": (32, 16),
        f"{layer}.mlp.down_proj.weight": (16, 32),
    }
    save_file({name: np.zeros(shape, np.float32) for name, shape in shapes.items()}, folder / "model.safetensors")
    return folder

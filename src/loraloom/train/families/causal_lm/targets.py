"""Which layers of a language model get a LoRA."""

from __future__ import annotations

import re

from torch import nn

from loraloom.spec.errors import LoomError
from loraloom.spec.text import TextLora, TextTargets

_QUERY_VALUE = re.compile(r"(\.|^)(q_proj|v_proj|qkv_proj|query_key_value|c_attn|Wqkv)$")
_ATTENTION = re.compile(
    r"(\.|^)(q_proj|k_proj|v_proj|o_proj|out_proj|qkv_proj|query_key_value|c_attn|Wqkv|(self_attn|attention|attn)\.dense)$"
)
_ALL = re.compile(r"")
PATTERNS: dict[TextTargets, re.Pattern[str]] = {
    "query+value": _QUERY_VALUE,
    "attention": _ATTENTION,
    "all-linear": _ALL,
}
"""Models that keep query, key and value in one layer get it whole. `all-linear` is every linear layer but the head."""


def choose_targets(model: nn.Module, lora: TextLora) -> list[str]:
    """Paths of the layers that get a LoRA. Raises LoomError `config_invalid` when the filters leave none."""
    head = model.get_output_embeddings()  # pyright: ignore[reportCallIssue]
    found = [
        path
        for path, layer in model.named_modules()
        if isinstance(layer, nn.Linear)
        and layer is not head
        and PATTERNS[lora.targets].search(path)
        and (not lora.include_blocks or any(part in path for part in lora.include_blocks))
        and not any(part in path for part in lora.exclude_blocks)
    ]
    if not found:
        raise LoomError(
            "config_invalid",
            "No layer of the model matches lora.targets, include_blocks and exclude_blocks.",
            "Set lora.targets to all-linear, or widen the filters; paths look like `model.layers.0.self_attn.q_proj`.",
        )
    return found

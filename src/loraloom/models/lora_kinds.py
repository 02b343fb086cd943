"""Tells from a module's name what kind of layer it is: attention, feed-forward, convolution, projection."""

from __future__ import annotations

import re

from loraloom.models.layout import LayerKind

_KINDS: tuple[tuple[LayerKind, re.Pattern[str]], ...] = (
    (
        "attention",
        re.compile(
            r"(?:^|[._])(?:to_[qkv]|to_out[._]0|to_out|[qkv]_proj|o_proj|out_proj|qkv|add_[qkv]_proj|to_add_out)$"
        ),
    ),
    (
        "ff",
        re.compile(
            r"(?:^|[._])(?:ff[._]net[._]0[._]proj|ff[._]net[._]2|fc[12]|gate_proj|up_proj|down_proj|(?:img|txt)_mlp[._]\d)$"
        ),
    ),
    ("projection", re.compile(r"(?:^|[._])proj_(?:in|out)$")),
    (
        "conv",
        re.compile(
            r"(?:^|[._])(?:conv[12]?|conv_shortcut|time_emb_proj|emb_layers[._]1|in_layers[._]2|out_layers[._]3|skip_connection|op)$"
        ),
    ),
)


def kind_of(module: str) -> LayerKind:
    """Kind of the layer called `module`, a module path or a kohya name; `other` where nothing fits."""
    for kind, pattern in _KINDS:
        if pattern.search(module):
            return kind
    return "other"

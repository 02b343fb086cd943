"""Summarises a LoRA file from its header: family, ranks, scales, modules, kinds of layers, variants."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from loraloom.models.header import Header
from loraloom.models.lora_alpha import read_alphas
from loraloom.models.lora_file import locate, read_lora_family, split_key
from loraloom.models.lora_kinds import kind_of
from loraloom.spec.lora import FileSummary

VARIANTS = {
    "dora": (".dora_scale", ".lora_magnitude_vector"),
    "loha": (".hada_",),
    "lokr": (".lokr_",),
    "oft": (".oft_", ".boft_"),
    "ia3": (".on_input",),
    "full": (".diff",),
    "tucker": (".lora_mid", ".hada_t1", ".lokr_t2"),
}
RANKED = (
    ".lora_down.weight",
    ".lora_A.weight",
    ".lora_A.default.weight",
    ".lora.down.weight",
    ".hada_w1_b",
    ".lokr_w2_b",
    ".lokr_w1_b",
)


def summarise_lora(path: Path, header: Header) -> FileSummary:
    """Summary of the LoRA file at `path` whose header is read."""
    family, layout = read_lora_family(header)
    parts: dict[str, set[str]] = {}
    kinds: Counter[str] = Counter()
    ranks: set[int] = set()
    extras: set[str] = set()
    for name, info in header.tensors.items():
        key = split_key(name)
        if key is None:
            continue
        extras |= {variant for variant, marks in VARIANTS.items() if key.part.startswith(marks)}
        if key.part in RANKED and info.shape:
            ranks.add(info.shape[0])
        place = locate(key.module, layout)
        component = place[0] if place else _part(key.module)
        if key.module not in parts.setdefault(component, set()):
            parts[component].add(key.module)
            kinds[kind_of(place[1] if place else key.module)] += 1
    return FileSummary(
        path=str(path),
        kind="lora",
        family=family,
        layout=layout,
        size_bytes=path.stat().st_size,
        rank=tuple(sorted(ranks)),
        alpha=read_alphas(path, header),
        modules={part: len(modules) for part, modules in sorted(parts.items(), reverse=True)},
        targets=tuple(kind for kind, _ in kinds.most_common()),
        extras=tuple(sorted(extras)),
        metadata=dict(header.metadata),
        **counts_of(header),
    )


def counts_of(header: Header) -> dict[str, Any]:
    """Numbers of tensors and parameters, and the dtypes, as fields of a summary."""
    infos = header.tensors.values()
    return {
        "tensors": len(header.tensors),
        "parameters": sum(info.size for info in infos),
        "dtypes": tuple(sorted({info.dtype for info in infos})),
    }


def _part(module: str) -> str:
    """The part of a foreign model that a module belongs to, as far as its name says."""
    for start, part in _STARTS.items():
        if module.startswith(start):
            return part
    return "other"


_STARTS = {
    "lora_unet_": "unet",
    "lora_te3_": "text_encoder_3",
    "lora_te": "text_encoder",
    "transformer.": "transformer",
    "diffusion_model.": "transformer",
    "lora_transformer_": "transformer",
    "base_model.model.": "model",
}

"""`loraloom inspect`: what a LoRA or a base model is, from its header alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loraloom.cli.show import print_json
from loraloom.cli.words import number, size

if TYPE_CHECKING:
    from loraloom.spec.lora import FileSummary

LONGEST = 160
"""Metadata values are cut here; --json has them whole."""


def inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .safetensors file or a model folder.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Tell family, rank, alpha, targets, metadata and size of a LoRA or a base model. No weights are read."""
    from loraloom.models.inspect import inspect as look

    found = look(file)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    for head, text in _lines(found):
        if text:
            print(f"{head:<12} {text}")
    if found.metadata:
        print("metadata")
        for key, value in sorted(found.metadata.items()):
            text = " ".join(str(value).split())
            print(f"  {key}: {text if len(text) <= LONGEST else text[:LONGEST] + ' ...'}")


def _lines(found: FileSummary) -> list[tuple[str, str]]:
    kinds = {"lora": "LoRA", "base_model": "base model", "unknown": "unknown"}
    modules = ", ".join(f"{count} {part}" for part, count in found.modules.items())
    return [
        ("file", found.path),
        ("kind", kinds[found.kind]),
        ("family", found.family or "unknown"),
        ("layout", found.layout),
        ("size", size(found.size_bytes)),
        ("tensors", f"{number(found.tensors)}, {number(found.parameters)} numbers ({', '.join(found.dtypes)})"),
        ("rank", ", ".join(str(rank) for rank in found.rank)),
        ("alpha", ", ".join(f"{alpha:g}" for alpha in found.alpha)),
        ("modules", modules),
        ("targets", ", ".join(found.targets)),
        ("variants", ", ".join(found.extras)),
    ]

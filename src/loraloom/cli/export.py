"""`loraloom export`: the same LoRA in the layout of another tool."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from loraloom.cli.show import print_json


class To(StrEnum):
    """Layouts that can be written."""

    KOHYA = "kohya"
    DIFFUSERS = "diffusers"


def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The LoRA: a .safetensors file or a diffusers folder.")],
    to: Annotated[
        To, typer.Option("--to", help="kohya: one file for most programs; diffusers: a folder for diffusers.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="PATH", help="File or folder to write.")],
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object on stdout.")] = False,
) -> None:
    """Write a LoRA in another layout. Nothing is lost on the way there and back."""
    from loraloom.publish.formats import convert

    written = convert(file, out, to.value)
    path = str(Path(written or out).absolute())
    if as_json:
        print_json({"file": path, "layout": to.value})
    else:
        print(path)

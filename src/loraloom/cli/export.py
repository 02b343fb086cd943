"""`loraloom export`: the same LoRA in the layout of another tool."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loraloom.cli.show import note, print_json

if TYPE_CHECKING:
    from loraloom.jobs.text_export import Program


class To(StrEnum):
    """Layouts that can be written."""

    KOHYA = "kohya"
    DIFFUSERS = "diffusers"
    GGUF = "gguf"
    OLLAMA = "ollama"
    MERGED = "merged"


def export(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="The LoRA: a .safetensors file, or a folder of diffusers or PEFT."),
    ],
    to: Annotated[
        To,
        typer.Option(
            "--to",
            "--format",
            help="Pictures: kohya, one file for most programs; diffusers, a folder for diffusers. Texts: gguf, one file for "
            "llama.cpp; ollama, a folder with a Modelfile; merged, a model of its own.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="PATH", help="File or folder to write.")],
    base: Annotated[
        str | None,
        typer.Option("--base", metavar="B", help="Texts: the base model, where the LoRA does not name it."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object on stdout.")] = False,
) -> None:
    """Write a LoRA in another layout. Nothing is lost on the way there and back."""
    if to.value in ("kohya", "diffusers"):
        from loraloom.publish.formats import convert

        written = convert(file, out, to.value)
    else:
        written = _text(file, out, to.value, base)
    path = str(Path(written or out).absolute())
    if as_json:
        print_json({"file": path, "layout": to.value})
    else:
        print(path)


def _text(file: Path, out: Path, to: Program, base: str | None) -> Path:
    from loraloom.jobs.text_export import export_text, lora_folder

    return export_text(lora_folder(file), out, to, base, note)

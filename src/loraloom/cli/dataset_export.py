"""`loraloom dataset export`: a data set in the layout of another program."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from loraloom.cli.show import note, print_json, print_text
from loraloom.cli.words import counted


class Form(StrEnum):
    """Layouts that can be written."""

    KOHYA = "kohya"
    IMAGEFOLDER = "imagefolder"
    LORA_SCRIPTS = "lora-scripts"
    FLAT = "flat"


class Crops(StrEnum):
    """Whether pictures are cut."""

    AUTO = "auto"
    CUT = "cut"
    KEEP = "keep"


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder or zip of pictures.")],
    form: Annotated[
        Form,
        typer.Option(
            "--format",
            help="kohya: folders with repeats; imagefolder: metadata.jsonl; lora-scripts: metadata.csv; "
            "flat: a .txt beside each picture.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="PLACE", help="New folder, or a file that ends in .zip.")],
    crops: Annotated[
        Crops, typer.Option("--crops", help="Cut pictures to their crops; auto: where the format cannot say them.")
    ] = Crops.AUTO,
    words: Annotated[
        str, typer.Option("--words", help="Name of the kohya folder of pictures that lie in no folder.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object on stdout.")] = False,
) -> None:
    """Write a data set for another program. Pictures that are not cut stay as they are, byte for byte."""
    from loraloom.data.exporting.from_report import pictures_of
    from loraloom.data.exporting.unsaid import unsaid
    from loraloom.data.exporting.write import entries, to_folder, zip_to
    from loraloom.data.importer import scan
    from loraloom.spec.dataset import Dataset

    report = scan(Dataset(path=str(folder.expanduser().absolute()), min_side=1))
    pictures = pictures_of(report)
    cut = None if crops is Crops.AUTO else crops is Crops.CUT
    files = entries(pictures, form.value, words, cut)
    target = out.expanduser().absolute()
    if target.suffix.lower() == ".zip":
        zip_to(files, target)
    else:
        to_folder(files, target)
    lost = unsaid(pictures, form.value)
    for says in lost:
        note(says)
    if report.skipped:
        note(f"{counted(len(report.skipped), 'file')} skipped; `loraloom dataset check` says why.")
    if as_json:
        result = {"path": str(target), "format": form.value, "images": len(pictures)}
        print_json(result | {"skipped": len(report.skipped), "notes": lost})
    else:
        print_text(f"{counted(len(pictures), 'picture')} in {target}")

"""`loraloom publish`: give a LoRA to people, without the page."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loraloom.cli.database import session
from loraloom.cli.show import note, print_json

if TYPE_CHECKING:
    from loraloom.store.tables import Publication


class To(StrEnum):
    """Where it can go."""

    FOLDER = "folder"
    ZIP = "zip"
    HUB = "hub"
    GALLERY = "gallery"


class Form(StrEnum):
    """Formats of the weights."""

    KOHYA = "kohya"
    DIFFUSERS = "diffusers"
    PEFT = "peft"
    MERGED = "merged"
    GGUF = "gguf"


def publish(
    lora: Annotated[Path, typer.Argument(metavar="LORA", help="A .safetensors file, a PEFT folder, or a run folder.")],
    to: Annotated[To, typer.Option("--to", help="A folder of WebUI or ComfyUI, a zip, a model hub, or the gallery.")],
    place: Annotated[
        str,
        typer.Option(
            "--place",
            help="folder: webui, forge, comfyui or a path. hub: owner/name. zip, gallery: a folder to copy it to.",
        ),
    ] = "",
    formats: Annotated[
        list[Form] | None, typer.Option("--format", help="More than the usual one; may be said several times.")
    ] = None,
    untested: Annotated[
        bool, typer.Option("--untested", help="Publish although no finished experiment has it in it.")
    ] = False,
    name: Annotated[str, typer.Option("--name", help="What to call it; versions of a name follow each other.")] = "",
    description: Annotated[str, typer.Option("--description", help="One paragraph for the card.")] = "",
    licence: Annotated[str, typer.Option("--license", help="Of the LoRA, such as cc0-1.0.")] = "",
    data_licence: Annotated[
        str, typer.Option("--data-license", help="Where the data came from and who may use it.")
    ] = "",
    changes: Annotated[str, typer.Option("--changes", help="What is new since the version before.")] = "",
    captions: Annotated[bool, typer.Option("--captions", help="Leave words of captions in the file's header.")] = False,
    public: Annotated[bool, typer.Option("--public", help="hub: a repository that everybody sees.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object on stdout.")] = False,
) -> None:
    """Publish a LoRA with a card made from what is known of it. The next version of its name where that was published."""
    from loraloom.data.home import home
    from loraloom.jobs.publish_local import publish_path
    from loraloom.spec.publication import Publish

    asked = Publish.model_validate(
        {
            "target": to.value,
            "place": place if to in (To.FOLDER, To.HUB) else "",
            "formats": [form.value for form in formats or ()],
            "description": description,
            "changes": changes,
            "license": licence,
            "data_license": data_licence,
            "captions": captions,
            "private": not public,
            "untested": untested,
        }
    )
    with session() as opened:
        row = publish_path(opened, home(), lora, asked, name)
        at = _copied(row, home(), place) if place and to in (To.ZIP, To.GALLERY) else _where(row, home())
    if not row.tested:
        note("It goes out untested: nothing in its card speaks for it but how it was trained.")
    if as_json:
        known = {"id": row.id, "name": row.name, "version": row.version, "target": row.target, "place": at}
        print_json(known | {"files": row.files, "sha256": row.sha256, "tested": row.tested})
    else:
        print(at)


def _where(row: Publication, home: Path) -> str:
    """What the person opens: the file, the folder, the address."""
    if row.target == "zip":
        return str(home / "publications" / row.id / str(row.files[0]))
    if row.target == "gallery":
        return str(home / "gallery" / "index.html")
    if row.target == "folder":
        weights = next((str(name) for name in row.files if str(name).endswith(".safetensors")), "")
        return str(Path(row.place) / weights)
    return str(row.details.get("address", row.place))


def _copied(row: Publication, home: Path, place: str) -> str:
    """A copy of the zip, or of the whole gallery, where the person wants it."""
    import shutil

    from loraloom.publish.writing import refusal

    out = Path(place).expanduser().absolute()
    source = Path(_where(row, home))
    try:
        if row.target == "gallery":
            shutil.copytree(source.parent, out, dirs_exist_ok=True)
            return str(out / source.name)
        out.mkdir(parents=True, exist_ok=True)
        return str(shutil.copyfile(source, out / source.name))
    except OSError as error:
        raise refusal(out, error) from error

"""`loraloom presets`: the settings that ship with Loom, and who each is for."""

from __future__ import annotations

from typing import Annotated

import typer

from loraloom.cli.show import print_json

HEADS = {"images": "For pictures:", "texts": "For texts:"}

app = typer.Typer(help="List the presets, or show one.", invoke_without_command=True)


@app.callback()
def presets(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False
) -> None:
    """List the presets, or show one."""
    if context.invoked_subcommand is None:
        list_(as_json)


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """List the presets with who each is for."""
    from loraloom import presets as packaged

    found = {kind: packaged.of_kind(kind) for kind in HEADS}
    if as_json:
        every = [preset for some in found.values() for preset in some]
        print_json({"presets": [preset.model_dump(mode="json") for preset in every]})
        return
    for kind, some in found.items():
        print(f"{HEADS[kind]}\n" if kind == "images" else f"\n{HEADS[kind]}\n")
        for preset in some:
            print(f"{preset.name}  ({', '.join(preset.families)})")
            print(f"    {preset.who}")
    print("\nUse one with `preset: NAME` in a config, or `loraloom config new --preset NAME`.")


@app.command("show")
def show(name: Annotated[str, typer.Argument(help="Name of the preset.")]) -> None:
    """Print one preset as YAML, with its comments."""
    from loraloom import presets as packaged

    packaged.read(name)
    print((packaged.FOLDER / f"{name}.yaml").read_text(encoding="utf-8").rstrip())

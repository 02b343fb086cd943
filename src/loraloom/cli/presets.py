"""`loraloom presets`: the settings that ship with Loom, and who each is for."""

from __future__ import annotations

from typing import Annotated

import typer

from loraloom.cli.show import print_json

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

    found = [packaged.read(name) for name in packaged.names()]
    if as_json:
        print_json({"presets": [preset.model_dump(mode="json") for preset in found]})
        return
    for preset in found:
        print(f"{preset.name}  ({', '.join(preset.families)})")
        print(f"    {preset.who}")
    print("\nUse one with `preset: NAME` in a config, or `loraloom config new --preset NAME`.")


@app.command("show")
def show(name: Annotated[str, typer.Argument(help="Name of the preset.")]) -> None:
    """Print one preset as YAML, with its comments."""
    from loraloom import presets as packaged

    packaged.read(name)
    print((packaged.FOLDER / f"{name}.yaml").read_text(encoding="utf-8").rstrip())

"""`loraloom train`: start a run from a config, or go on with one that stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loraloom.cli.show import note, print_json


def train(
    target: Annotated[Path, typer.Argument(metavar="CONFIG.yaml|RUN_DIR", help="A config, or a run folder to resume.")],
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Lay a setting over the config; may be given again."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Put the run folder into DIR, not into the data home.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object on stdout.")] = False,
) -> None:
    """Train a LoRA. Ctrl-C stops with a checkpoint; `loraloom train RUN_DIR` goes on from it."""
    from loraloom.cli.carry_out import carry_out, tell

    if target.is_dir():
        run_dir = _existing(target, set_, out)
    else:
        run_dir = _new(target, set_, out)
    done = carry_out(run_dir, as_json)
    if as_json:
        print_json(done.model_dump(mode="json"))
    else:
        tell(done)


def _existing(target: Path, sets: list[str] | None, out: Path | None) -> Path:
    from loraloom.jobs import folder
    from loraloom.spec.errors import LoomError

    folder.read(target)
    if sets or out:
        hint = f"Start a run with other settings from its config: loraloom train {target / folder.CONFIG} --set ..."
        raise LoomError("config_invalid", "A run that is resumed keeps its settings and its folder.", hint)
    return folder.absolute(target)


def _new(target: Path, sets: list[str] | None, out: Path | None) -> Path:
    from loraloom.jobs import yaml_file
    from loraloom.jobs.bases import prepare_base
    from loraloom.jobs.prepare import place
    from loraloom.jobs.resolve import resolve

    resolved = resolve(yaml_file.read(target), sets or (), name=target.stem)
    for text in resolved.notes:
        note(text)
    prepare_base(resolved.run.base_model, note)
    if resolved.auto:
        from dataclasses import replace

        from loraloom.cli.plan import settle
        from loraloom.jobs import plans

        resolved = replace(resolved, run=settle(resolved, plans.read(resolved.run)))
    return place(resolved, out)

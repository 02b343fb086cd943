"""`loraloom demo`: the whole path on this machine, with pictures and a base model that ship with Loom."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Put the run folder into DIR, not into the data home.")
    ] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a setting.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object on stdout.")] = False,
) -> None:
    """Teach the built-in base a style from 24 pictures, and show subjects it never saw, before and after."""
    from loraloom.cli.carry_out import carry_out, tell
    from loraloom.cli.show import print_json, print_text
    from loraloom.jobs.demo import SHEET, compare, demo_config
    from loraloom.jobs.prepare import place
    from loraloom.jobs.resolve import resolve

    run_dir = place(resolve(demo_config(), set_ or ()), out)
    done = carry_out(run_dir, as_json)
    print_text(f"Drawing subjects that were not among the pictures, before and after: {SHEET}", as_json)
    result = compare(run_dir, done.lora)
    sheet = result.files[0]
    if as_json:
        near = None if result.distances is None else result.distances.model_dump(mode="json")
        print_json(done.model_dump(mode="json") | {"sheet": sheet, "distances": near})
        return
    tell(done)
    print(f"Before and after: {sheet}")
    if result.distances is not None:
        far = result.distances
        print(f"Distance to the demo pictures: {far.before:.3f} before, {far.after:.3f} after ({far.measure}).")

"""`loraloom plan`: what a run will take, measured by a few of its own steps before it starts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loraloom.cli.show import note, print_json

if TYPE_CHECKING:
    from loraloom.spec.dataset import Plan
    from loraloom.spec.forecast import Forecast


def plan(
    config: Annotated[Path, typer.Argument(metavar="CONFIG.yaml", help="The config of the run.")],
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Lay a setting over the config; may be given again."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object on stdout.")] = False,
) -> None:
    """Measure a few real steps, and say how long the run will take and how much memory and disk it needs."""
    from loraloom.cli.interrupts import counting
    from loraloom.data.importer import scan
    from loraloom.data.plan import plan as make_plan
    from loraloom.forecast.combine import forecast
    from loraloom.jobs import devices, yaml_file
    from loraloom.jobs.follow import Wish
    from loraloom.jobs.probe import probe
    from loraloom.jobs.resolve import resolve

    resolved = resolve(yaml_file.read(config), set_ or (), name=config.stem)
    for text in resolved.notes:
        note(text)
    run = resolved.run
    report = scan(run.dataset)
    counted = make_plan(report, run)
    free = {device.id: device.memory_free for device in devices.devices()}
    wish = Wish()
    with counting(wish):
        measured = probe(run, report, wish)
    found = forecast(run, counted, measured, free.get(measured.device, free[devices.CPU]))
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        _tell(counted, found)


def _tell(plan: Plan, found: Forecast) -> None:
    from loraloom.cli.words import counted, duration

    pictures = counted(plan.batch_size * plan.accumulation, "picture")
    print(f"{counted(found.steps, 'step')} of {pictures}, {plan.epochs:.1f} epochs")
    low, high = duration(found.seconds.p10), duration(found.seconds.p90)
    print(
        f"time    {duration(found.seconds.p50)} ({low} to {high}), {found.step_seconds:.3g} s a step on {found.device}"
    )
    print("        " + ", ".join(f"{one.stage} {duration(one.seconds)}" for one in found.stages if one.seconds >= 0.5))
    need, free = found.peak_memory_bytes.p90 / 1e9, found.free_memory_bytes / 1e9
    print(f"memory  {found.peak_memory_bytes.p50 / 1e9:.2f} GB, at most {need:.2f} GB; {free:.1f} GB are free")
    print(f"disk    {found.disk_bytes / 1e9:.2f} GB")
    if not found.fits:
        note("It does not fit: lower training.batch_size (raise training.accumulation as much), or dataset.resolution.")

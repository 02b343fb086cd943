"""`loraloom plan`: what a run will take, before it starts: measured, learned from finished runs, or computed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loraloom.cli.show import note, print_json

if TYPE_CHECKING:
    from loraloom.jobs.foresee import Case
    from loraloom.jobs.plans import AnyReport
    from loraloom.jobs.resolve import Resolved
    from loraloom.spec.forecast import Advice, Forecast, Measured, ProbeLine
    from loraloom.spec.run import Run

SOURCES = {
    "probe": "measured on this device",
    "history": "from {runs} on this device",
    "model": "computed, not measured here: the first run, or --probe, will tell",
}


def plan(
    config: Annotated[Path, typer.Argument(metavar="CONFIG.yaml", help="The config of the run.")],
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Lay a setting over the config; may be given again."),
    ] = None,
    probe: Annotated[bool, typer.Option("--probe", help="Measure a few real steps first (seconds).")] = False,
    fit: Annotated[
        bool, typer.Option("--fit", help="Say which settings would make it fit, and forecast those.")
    ] = False,
    device: Annotated[
        str | None,
        typer.Option(metavar="DEVICE", help="Forecast for cpu, cuda:0, or a card by name, such as 'RTX 3060'."),
    ] = None,
    watts: Annotated[float | None, typer.Option(help="What the device draws, for energy.")] = None,
    price_kwh: Annotated[float | None, typer.Option(help="Price of a kilowatt hour.")] = None,
    price_hour: Annotated[float | None, typer.Option(help="Price of an hour of the device.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object on stdout.")] = False,
) -> None:
    """Say how long a run will take and how much memory and disk it needs, before it starts, and what to mind."""
    from loraloom.forecast.ladder import applied
    from loraloom.forecast.spending import with_spending
    from loraloom.jobs import advise, bases, foresee, plans, yaml_file
    from loraloom.jobs.facts import facts_of
    from loraloom.jobs.resolve import resolve
    from loraloom.spec.example import TextReport

    resolved = resolve(yaml_file.read(config), set_ or (), name=config.stem)
    for text in resolved.notes:
        note(text)
    bases.prepare_base(resolved.run.base_model, note)
    report = plans.read(resolved.run)
    run = settle(resolved, report, trying=probe)
    case = foresee.case_of(run, plans.plan_for(run, report), facts_of(run, device))
    if fit:
        fitted = foresee.fitted(case)
        for change in fitted.changes:
            note(f"{change.key}: {change.old} -> {change.new}. {change.message}")
        run = applied(run, {change.key: change.new for change in fitted.changes})
        case = foresee.case_of(run, plans.plan_for(run, report), case.device)
    measured = _measure(run, report, case) if probe else None
    found = with_spending(foresee.foresee(case, measured), watts, price_kwh, price_hour)
    advice = advise.advise(case, texts=report if isinstance(report, TextReport) else None)
    if as_json:
        said = [one.model_dump(mode="json") for one in advice]
        print_json(found.model_dump(mode="json") | {"advice": said})
    else:
        _tell(case, found, advice)


def settle(resolved: Resolved, report: AnyReport, trying: bool = True) -> Run:
    """The run with numbers for `auto`: a batch is found by trying, or by the model."""
    from loraloom.cli.interrupts import counting
    from loraloom.jobs import auto
    from loraloom.jobs.follow import Wish

    if not resolved.auto:
        return resolved.run
    run = auto.settle(resolved.run, resolved.auto, report)
    if trying and auto.BATCH in resolved.auto:
        wish = Wish()
        with counting(wish):
            run = auto.search(run, report, wish, _say)
    for key in sorted(resolved.auto):
        group, leaf = key.split(".")
        note(f"{key} is {getattr(getattr(run, group), leaf)}.")
    return run


def _measure(run: Run, report: AnyReport, case: Case) -> Measured:
    from loraloom.cli.interrupts import counting
    from loraloom.jobs import at_work, probes
    from loraloom.jobs.follow import Wish
    from loraloom.jobs.probe import probe

    at_work.refuse_if_held(case.device.id)
    if case.device.id != "cpu" and not case.device.id.startswith("cuda:"):
        from loraloom.spec.errors import LoomError

        raise LoomError("device_unavailable", "Only a device of this machine can be measured.", "Leave --probe out.")
    wish = Wish()
    with counting(wish):
        measured = probe(run, report, wish)
    probes.remember(run, case.plan, case.device, measured)
    return measured


def _say(line: ProbeLine) -> None:
    batch = line.batch_size
    if line.event == "measured" and line.peak_memory_bytes is not None:
        note(f"batch {batch}: {line.peak_memory_bytes / 1e9:.2f} GB, {line.step_seconds:.3g} s a step")
    elif line.event == "failed":
        note(f"batch {batch}: memory ran out")


def _length(case: Case, found: Forecast) -> str:
    """Steps, what each sees, and epochs; of texts their tokens too."""
    from loraloom.cli.words import counted
    from loraloom.spec.example import TextPlan

    plan = case.plan
    each = plan.batch_size * plan.accumulation
    if isinstance(plan, TextPlan):
        learned = 100 * plan.trained_tokens / plan.tokens
        return (
            f"{counted(found.steps, 'step')} of {counted(each, 'text')}, {plan.epochs:.1f} epochs\n"
            f"texts   {plan.examples} of {counted(plan.tokens, 'token')}, {learned:.0f} % learned; "
            f"{plan.held_out} held out, {plan.cut} cut"
        )
    return f"{counted(found.steps, 'step')} of {counted(each, 'picture')}, {plan.epochs:.1f} epochs"


def _tell(case: Case, found: Forecast, advice: Sequence[Advice]) -> None:
    from loraloom.cli.words import counted, duration

    print(_length(case, found))
    low, high = duration(found.seconds.p10), duration(found.seconds.p90)
    print(
        f"time    {duration(found.seconds.p50)} ({low} to {high}), {found.step_seconds:.3g} s a step on {found.device}"
    )
    print("        " + ", ".join(f"{one.stage} {duration(one.seconds)}" for one in found.stages if one.seconds >= 0.5))
    need, free = found.peak_memory_bytes.p90 / 1e9, found.free_memory_bytes / 1e9
    print(f"memory  {found.peak_memory_bytes.p50 / 1e9:.2f} GB, at most {need:.2f} GB; {free:.1f} GB are free")
    if found.memory:
        peak = max(found.memory, key=lambda stage: stage.bytes)
        parts = sorted(peak.parts.items(), key=lambda part: -part[1])
        print(f"        {peak.stage}: " + ", ".join(f"{name} {size / 1e9:.2f}" for name, size in parts if size >= 5e6))
    print(f"disk    {found.disk_bytes / 1e9:.2f} GB")
    if found.spending is not None and found.spending.kilowatt_hours is not None:
        print(f"energy  {found.spending.kilowatt_hours:.3g} kWh")
    if found.spending is not None and found.spending.money is not None:
        print(f"cost    {found.spending.money:.2f}")
    print(f"source  {SOURCES[found.source].format(runs=counted(found.runs, 'finished run'))}")
    if not found.fits:
        note("It does not fit; --fit says what would.")
    for one in advice:
        note(f"{one.message} {one.hint}")

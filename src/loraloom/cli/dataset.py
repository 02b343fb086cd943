"""`loraloom dataset`: what of pictures or texts can be trained on and how many steps that makes; data for other programs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loraloom.cli.dataset_draft import draft
from loraloom.cli.dataset_export import export
from loraloom.cli.show import print_json, table
from loraloom.cli.words import counted

if TYPE_CHECKING:
    from loraloom.spec.dataset import DatasetReport, FileNote, Plan

app = typer.Typer(help="Look at a data set, draft one, or write it for other programs.", no_args_is_help=True)


@app.callback()
def dataset() -> None:
    """Look at a data set, draft one, or write it for other programs."""


app.command("export")(export)
app.command("draft")(draft)


@app.command("check")
def check(
    place: Annotated[Path, typer.Argument(metavar="PLACE", help="Pictures: a folder or zip. Texts: also a file.")],
    batch: Annotated[int, typer.Option("--batch", min=1, help="Pictures or texts at once.")] = 1,
    epochs: Annotated[int, typer.Option("--epochs", min=1, help="Passes over the data set.")] = 1,
    accumulation: Annotated[int, typer.Option("--accumulation", min=1, help="Batches a step.")] = 1,
    repeats: Annotated[int, typer.Option("--repeats", min=1, help="How often each counts in an epoch.")] = 1,
    resolution: Annotated[
        int | None, typer.Option("--resolution", min=32, help="Pictures: training resolution in pixels.")
    ] = None,
    base: Annotated[
        str | None, typer.Option("--base", metavar="B", help="Take the resolution from this base; count its tokens.")
    ] = None,
    max_length: Annotated[int, typer.Option("--max-length", min=16, help="Texts: longest example in tokens.")] = 1024,
    everything: Annotated[
        bool, typer.Option("--everything", help="Texts: learn questions too, not answers alone.")
    ] = False,
    held_out: Annotated[
        float, typer.Option("--held-out", min=0, max=0.5, help="Texts: share that is held out for validation.")
    ] = 0.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say what was taken, skipped and why, and count the steps. Nothing is changed."""
    from loraloom.data.examples.kind import holds_texts

    if holds_texts(place.expanduser()):
        from loraloom.cli.dataset_texts import check_texts

        training = {"epochs": epochs, "batch_size": batch, "accumulation": accumulation}
        dataset = {"repeats": repeats, "max_length": max_length}
        loss = {"train_on": "everything" if everything else "answers"}
        settings = {"dataset": dataset, "training": training, "loss": loss, "validation": {"share": held_out}}
        taken = check_texts(place, base, settings, as_json)
    else:
        taken = _check_pictures(place, base, resolution, batch, epochs, accumulation, repeats, as_json)
    if not taken:
        raise typer.Exit(1)


def _check_pictures(
    folder: Path,
    base: str | None,
    resolution: int | None,
    batch: int,
    epochs: int,
    accumulation: int,
    repeats: int,
    as_json: bool,
) -> bool:
    from loraloom.jobs.data_check import check_data

    checked = check_data(folder, base, resolution, batch, epochs, accumulation, repeats)
    report, plan = checked.report, checked.plan
    if as_json:
        counts = None if plan is None else plan.model_dump(mode="json", exclude={"images", "held_out", "sizes"})
        print_json({"report": report.model_dump(mode="json"), "plan": counts})
    else:
        _tell_files(report)
        if plan is not None:
            _tell_plan(plan, epochs)
    return plan is not None


def _tell_files(report: DatasetReport) -> None:
    captions = sum(bool(image.captions) for image in report.images)
    masks = sum(image.mask is not None for image in report.images)
    held_out = sum(image.held_out for image in report.images)
    print(report.path)
    print(
        f"{counted(len(report.images), 'picture')} taken, {captions} with a caption, {masks} with a mask"
        f"{f', {held_out} held out' if held_out else ''}; "
        f"{counted(len(report.skipped), 'file')} skipped, {counted(len(report.warnings), 'warning')}"
    )
    _tell_notes("skipped", report.skipped)
    _tell_notes("warnings", report.warnings)


def _tell_notes(head: str, notes: list[FileNote]) -> None:
    if not notes:
        return
    kinds = ", ".join(f"{count} {reason}" for reason, count in Counter(n.reason for n in notes).most_common())
    print(f"\n{head}: {kinds}")
    table(["file", "reason", "what"], [[n.file, n.reason, n.message] for n in notes])


def _tell_plan(plan: Plan, epochs: int) -> None:
    print()
    rows = [[f"{b.width} x {b.height}", str(b.images), str(b.samples), str(b.steps)] for b in plan.buckets]
    table(["bucket", "pictures", "with repeats", "batches an epoch"], rows, right={1, 2, 3})
    terms = " + ".join(f"ceil({b.samples}/{plan.batch_size})" for b in plan.buckets[:6])
    more = " + ..." if len(plan.buckets) > 6 else ""
    accumulated = f", {plan.accumulation} to a step" if plan.accumulation > 1 else ""
    print(f"\nbatches an epoch: {terms}{more} = {plan.batches_per_epoch}{accumulated}")
    print(f"steps: {plan.total_steps} in {counted(epochs, 'epoch')}")

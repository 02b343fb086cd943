"""`loraloom dataset check` of texts: what was taken and what was not, line by line, and how it looks to a base model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loraloom.cli.show import note, print_json, table
from loraloom.cli.words import counted

if TYPE_CHECKING:
    from loraloom.spec.example import LineNote, TextCheck, TextPlan, TextReport

_WIDTH = 40
"""Letters of the longest bar."""
_SHOWN = 10
"""Groups and leaks that are listed."""


def check_texts(place: Path, base: str | None, settings: dict[str, Any], as_json: bool) -> bool:
    """Print what `jobs.data_check.check_texts` finds; whether there is anything to train on."""
    from loraloom.jobs.data_check import check_texts as look

    checked = look(place, base, settings)
    report, looked, plan = checked.report, checked.check, checked.plan
    if as_json:
        counts = (
            None if plan is None else plan.model_dump(mode="json", exclude={"lengths", "trained", "held_out_lengths"})
        )
        about = None if looked is None else looked.model_dump(mode="json")
        print_json({"report": report.model_dump(mode="json"), "check": about, "plan": counts})
        return bool(report.examples)
    _tell_report(report)
    if looked is not None and plan is not None:
        _tell_lengths(looked, settings["dataset"]["max_length"])
        _tell_doubles(looked, report)
        _tell_plan(plan)
    elif report.examples:
        note("With --base their tokens and the steps are counted.")
    return bool(report.examples)


def _tell_report(report: TextReport) -> None:
    held_out = sum(example.held_out for example in report.examples)
    shapes = f" ({', '.join(report.formats)})" if report.formats else ""
    print(report.path)
    print(
        f"{counted(len(report.examples), 'example')} taken{shapes}{f', {held_out} held out' if held_out else ''}; "
        f"{counted(len(report.skipped), 'line')} skipped, {counted(len(report.warnings), 'warning')}"
    )
    _tell_notes("skipped", report.skipped)
    _tell_notes("warnings", report.warnings)


def _tell_notes(head: str, notes: Sequence[LineNote]) -> None:
    if not notes:
        return
    kinds = ", ".join(f"{count} {reason}" for reason, count in Counter(n.reason for n in notes).most_common())
    print(f"\n{head}: {kinds}")
    table(["file", "reason", "what"], [[n.file, n.reason, n.message] for n in notes])


def _tell_lengths(check: TextCheck, max_length: int) -> None:
    print(f"\n{check.tokens:,} tokens, {check.trained_tokens:,} of them learned; median {check.median:,}", end="")
    print(f", longest {check.longest:,}")
    most = max(bin.examples for bin in check.histogram)
    for bin in check.histogram:
        bar = "#" * max(bin.examples > 0, round(_WIDTH * bin.examples / most))
        print(f"{bin.low:>9,} to {bin.high - 1:>7,}  {bin.examples:>7,}  {bar}".rstrip())
    if check.cut:
        cut = f"{counted(check.cut, 'example')} longer than {max_length:,} tokens"
        print(f"{cut}: {check.cut_share:.1%} of all tokens are lost")


def _tell_doubles(check: TextCheck, report: TextReport) -> None:
    def place(index: int) -> str:
        example = report.examples[index]
        return f"{example.file}:{example.line}" if example.line else example.file

    if check.groups:
        print(f"\n{counted(len(check.groups), 'group')} that say nearly the same:")
        for group in check.groups[:_SHOWN]:
            print(f"  {', '.join(place(i) for i in group[:6])}{', ...' if len(group) > 6 else ''}")
    if check.leaks:
        print(f"\n{counted(len(check.leaks), 'held-out example')} nearly the same as one that is trained on:")
        for held, trained in check.leaks[:_SHOWN]:
            print(f"  {place(held)} like {place(trained)}")


def _tell_plan(plan: TextPlan) -> None:
    accumulated = f", {plan.accumulation} to a step" if plan.accumulation > 1 else ""
    items = "pairs of answers" if plan.preference else "sequences"
    print(
        f"\n{counted(plan.examples, 'example')} trained on as {len(plan.lengths):,} {items}, {plan.held_out} held out"
    )
    print(f"batches an epoch: ceil({plan.samples:,}/{plan.batch_size}) = {plan.batches_per_epoch:,}{accumulated}")
    print(f"steps: {plan.total_steps:,}")

"""`loraloom demo`: the whole path on this machine, with pictures or texts and a base model that ship with Loom."""

from __future__ import annotations

from pathlib import Path
from textwrap import shorten
from typing import Annotated

import typer

SHOWN = 3
"""Answers printed."""
WIDTH = 100
"""Letters of each."""


def demo(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Put the run folder into DIR, not into the data home.")
    ] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a setting.")] = None,
    text: Annotated[bool, typer.Option("--text", help="Teach a language model facts instead of a style.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object on stdout.")] = False,
) -> None:
    """Teach the built-in base a style from 24 pictures, or a language model a company's facts; show before and after."""
    (_text if text else _pictures)(out, set_ or [], as_json)


def _pictures(out: Path | None, sets: list[str], as_json: bool) -> None:
    from loraloom.cli.carry_out import carry_out, tell
    from loraloom.cli.show import print_json, print_text
    from loraloom.jobs.demo import SHEET, compare, demo_config
    from loraloom.jobs.prepare import place
    from loraloom.jobs.resolve import resolve

    run_dir = place(resolve(demo_config(), sets), out)
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


def _text(out: Path | None, sets: list[str], as_json: bool) -> None:
    from loraloom.cli.carry_out import carry_out, tell
    from loraloom.cli.show import note, print_json, print_text
    from loraloom.jobs.bases import prepare_base
    from loraloom.jobs.demo_text import REPORT, compare, text_demo_config
    from loraloom.jobs.prepare import place
    from loraloom.jobs.resolve import resolve

    resolved = resolve(text_demo_config(), sets)
    prepare_base(resolved.run.base_model, note)
    run_dir = place(resolved, out)
    done = carry_out(run_dir, as_json)
    print_text("Asking in words that were not among the pairs, before and after.", as_json)
    result = compare(run_dir, done.lora, note)
    right = {"before": result.right_before, "after": result.right_after, "questions": len(result.answers)}
    if as_json:
        perplexity = {"before": result.perplexity_before, "after": result.perplexity_after}
        answers = [answer.model_dump(mode="json") for answer in result.answers]
        more = {"report": str(run_dir / REPORT), "right": right, "perplexity": perplexity, "answers": answers}
        print_json(done.model_dump(mode="json") | more)
        return
    tell(done)
    for answer in [one for one in result.answers if one.right_after and not one.right_before][:SHOWN]:
        print(
            f"  {answer.question}\n    before: {shorten(answer.before, WIDTH)}\n    after:  {shorten(answer.after, WIDTH)}"
        )
    print(f"Before and after: {run_dir / REPORT}")
    print("Right answers to {questions} questions: {before} before, {after} after.".format(**right))
    before, after = (f"{value:.2f}" for value in (result.perplexity_before or 0, result.perplexity_after or 0))
    print(f"Perplexity of unrelated text: {before} before, {after} after.")

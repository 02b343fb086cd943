"""`loraloom config`: write a config to begin with, check one, or print the schema."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loraloom.cli.show import note, print_json
from loraloom.cli.words import counted

if TYPE_CHECKING:
    from loraloom.spec.dataset import Plan
    from loraloom.spec.example import TextPlan
    from loraloom.spec.run import Run

app = typer.Typer(help="Write, check and describe configs.", no_args_is_help=True)


@app.command("new")
def new(
    data: Annotated[
        str | None, typer.Option("--data", metavar="PATH", help="Folder or zip of pictures, or texts.")
    ] = None,
    base: Annotated[str | None, typer.Option("--base", metavar="B", help="Base model (default: thimble).")] = None,
    family: Annotated[
        str | None, typer.Option("--family", help="sd1, sd2, sdxl or causal_lm (texts); told from the base without it.")
    ] = None,
    preset: Annotated[str | None, typer.Option("--preset", metavar="NAME", help="See `loraloom presets`.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Name of the run and of the LoRA file.")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write here, not to stdout.")] = None,
) -> None:
    """Write a config with the keys most people touch, each with what it trades."""
    from loraloom.jobs.new_config import new_config, save

    text = new_config(data=data, base=base, family=family, preset=preset, name=name or (out.stem if out else None))
    if out is None:
        print(text, end="")
        return
    save(out, text)
    print(f"{out}\nNext: loraloom config validate {out}, then loraloom train {out}")


@app.command("validate")
def validate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The config.")],
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Lay a setting over it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Name every problem of a config and of its surroundings at once, without starting anything."""
    from loraloom.jobs import yaml_file
    from loraloom.jobs.bases import prepare_base
    from loraloom.jobs.plans import plan_for, read
    from loraloom.jobs.resolve import resolve

    resolved = resolve(yaml_file.read(file), set_ or (), name=file.stem)
    for text in resolved.notes:
        note(text)
    prepare_base(resolved.run.base_model, note)
    run = resolved.run
    plan = plan_for(run, read(run))
    if as_json:
        counts = _count(plan) | {"steps_per_epoch": plan.steps_per_epoch, "steps": plan.total_steps}
        about = {"valid": True, "source": resolved.source, "notes": list(resolved.notes), **counts}
        print_json(about | {"run": run.model_dump(mode="json")})
        return
    print(f"{file} can run.")
    print(f"base: {run.base_model} ({run.family}), rank {run.lora.rank}, alpha {run.lora.alpha:g}, {run.lora.targets}")
    print(f"data: {run.dataset.path}, {_data(run, plan)}")
    epochs = f"{plan.epochs:.3g}".removesuffix(".0")
    print(f"steps: {plan.total_steps} = {plan.steps_per_epoch} an epoch x {epochs} epochs, batch {plan.batch_size}")


def _count(plan: Plan | TextPlan) -> dict[str, int]:
    """What is trained on, for `--json`."""
    from loraloom.spec.example import TextPlan

    if isinstance(plan, TextPlan):
        return {"examples": plan.examples, "tokens": plan.tokens, "trained_tokens": plan.trained_tokens}
    return {"images": len(plan.images)}


def _data(run: Run, plan: Plan | TextPlan) -> str:
    """`24 pictures at 512 px`, `40 examples of 1,204 tokens`."""
    from loraloom.spec.example import TextPlan
    from loraloom.spec.text import TextRun

    if isinstance(plan, TextPlan):
        return f"{counted(plan.examples, 'example')} of {counted(plan.tokens, 'token')}"
    assert not isinstance(run, TextRun)
    return f"{counted(len(plan.images), 'picture')} at {run.dataset.resolution} px"


@app.command("schema")
def schema() -> None:
    """Print the JSON schema of a config, with units and what each key trades."""
    import json

    from loraloom.jobs.schema import config_schema

    print(json.dumps(config_schema(), indent=2, ensure_ascii=False))

"""`loraloom sample`: draw pictures with a base model and LoRAs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loraloom.cli.show import note, print_json


def sample(
    prompts: Annotated[list[str], typer.Option("--prompt", metavar="TEXT", help="What to draw; may be given again.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Picture to write (.png, .jpg or .webp).")],
    base: Annotated[
        str | None,
        typer.Option(
            "--base", metavar="B", help="Base model; without it the one the LoRA was trained on, else thimble."
        ),
    ] = None,
    loras: Annotated[
        list[Path] | None, typer.Option("--lora", metavar="F", help="LoRA file; may be given again.")
    ] = None,
    strengths: Annotated[
        list[float] | None,
        typer.Option("--strength", metavar="S", help="Strength of the LoRA; one for each, or columns with --grid."),
    ] = None,
    negative: Annotated[str, typer.Option("--negative", metavar="TEXT", help="What the picture should not show.")] = "",
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**32 - 1, help="Seed of the first prompt.")] = 0,
    steps: Annotated[int | None, typer.Option("--steps", min=1, max=1000, help="Denoising steps.")] = None,
    guidance: Annotated[float | None, typer.Option("--guidance", min=0, max=50, help="How strictly to follow.")] = None,
    width: Annotated[int | None, typer.Option("--width", help="Width in pixels.")] = None,
    height: Annotated[int | None, typer.Option("--height", help="Height in pixels.")] = None,
    grid: Annotated[bool, typer.Option("--grid", help="One sheet: a row a prompt, a column a strength.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object on stdout.")] = False,
) -> None:
    """Draw pictures with a base model, with or without LoRAs."""
    from loraloom.jobs.draw import draw

    used = [_lora(path) for path in loras or []]
    applied, columns = _strengths(len(used), strengths or [], grid)
    result = draw(
        {
            "base_model": base or _trained_on(used) or "thimble",
            "loras": [(str(path), strength) for path, strength in zip(used, applied, strict=True)],
            "prompts": prompts,
            "negative_prompt": negative,
            "seed": seed,
            "steps": steps,
            "guidance": guidance,
            "width": width,
            "height": height,
            "grid": grid,
            "strengths": columns,
            "out": str(_picture(out)),
        }
    )
    for warning in result.warnings:
        note(warning)
    for file in result.files:
        print(file)
    if as_json:
        print_json({"files": list(result.files), "seconds": result.seconds})


def _strengths(count: int, given: list[float], grid: bool) -> tuple[list[float], list[float]]:
    """Strength of each LoRA, and the factors that are a grid's columns."""
    if grid and len(given) != count:
        if given and not count:
            raise typer.BadParameter("a strength needs a --lora", param_hint="--strength")
        return [1.0] * count, given
    if len(given) > count or 1 < len(given) < count:
        raise typer.BadParameter(f"{len(given)} given for {count} --lora", param_hint="--strength")
    return (given * count if len(given) == 1 else given or [1.0] * count), []


def _lora(path: Path) -> Path:
    from loraloom.spec.errors import LoomError

    path = path.expanduser().absolute()
    if not path.exists():
        raise LoomError("file_not_found", f"There is no LoRA {path}.", f"Looked from {Path.cwd()}.")
    return path


def _picture(out: Path) -> Path:
    from loraloom.jobs.folder import refusal

    if out.suffix.lower() not in (".png", ".jpg", ".jpeg", ".webp"):
        raise typer.BadParameter(f"{out.name!r} does not end in .png, .jpg or .webp", param_hint="--out")
    out = out.expanduser().absolute()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refusal(out.parent, error) from error
    return out


def _trained_on(loras: list[Path]) -> str | None:
    """The base model of the run that made the first LoRA, when it still lies in its run folder."""
    from loraloom.jobs import folder

    for path in loras[:1]:
        run_dir = path.parent.parent
        if path.parent.name == "lora" and folder.is_run(run_dir):
            return folder.read(run_dir).base_model
    return None

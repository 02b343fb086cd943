"""`loraloom caption`: captions for a data set by one of the engines, beside the pictures or in a CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from loraloom.cli.show import note, print_json

ENGINES = "clip, tagger, caption, vlm or photo"


def caption(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="Folder or zip of pictures.")],
    engine: Annotated[str, typer.Option("--engine", metavar="E", help=f"{ENGINES}; see docs/captions.md.")],
    model: Annotated[
        str | None, typer.Option("--model", metavar="M", help="Folder, hub id, or name at the URL.")
    ] = None,
    labels: Annotated[
        str | None, typer.Option("--labels", metavar="A,B,C", help="clip: labels to choose from.")
    ] = None,
    label_set: Annotated[
        list[str] | None,
        typer.Option(
            "--label-set", metavar="NAME", help="clip: subjects.en, styles.zh, ... or a file; may be given again."
        ),
    ] = None,
    prompt: Annotated[str | None, typer.Option("--prompt", help="caption, vlm: what is asked.")] = None,
    url: Annotated[str | None, typer.Option("--url", help="vlm: address, its key in LORALOOM_VLM_KEY.")] = None,
    threshold: Annotated[
        float | None, typer.Option("--threshold", min=0, max=1, help="clip, tagger, photo: probability needed.")
    ] = None,
    max_labels: Annotated[
        int | None, typer.Option("--max-labels", min=1, help="clip, tagger, photo: labels (of a group) at most.")
    ] = None,
    template: Annotated[
        str | None, typer.Option("--template", metavar="T", help="Such as 'a photo of {labels}, {trigger}'.")
    ] = None,
    trigger: Annotated[str | None, typer.Option("--trigger", metavar="W", help="Trigger word, once a caption.")] = None,
    existing: Annotated[
        str | None,
        typer.Option(
            "--existing",
            metavar="HOW",
            help="keep, append, prepend or replace captions that are there (keep; new CSV: replace).",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.csv", help="Write filename,prompt rows there.")
    ] = None,
    batch: Annotated[int | None, typer.Option("--batch", min=1, help="Pictures at once.")] = None,
    device: Annotated[str | None, typer.Option("--device", help="auto, cpu, cuda, cuda:1 or mps.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Any other setting of the engine; may be given again."),
    ] = None,
    job: Annotated[
        Path | None, typer.Option("--job", metavar="FOLDER", help="Keep the work there; a second call goes on with it.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object on stdout.")] = False,
) -> None:
    """Caption pictures: zero-shot labels, tags, sentences, or a vision model. Ctrl-C stops; --job goes on later."""
    from loraloom.cli.caption_run import Wanted, carry_out, tell

    given: dict[str, Any] = {
        "model": model,
        "labels": labels,
        "label_sets": label_set,
        "prompt": prompt,
        "url": url,
        "threshold": threshold,
        "max_labels": max_labels,
        "template": template,
        "trigger": trigger,
        "existing": existing,
        "batch_size": batch,
        "device": device,
    }
    fields = {name: value for name, value in given.items() if value is not None}
    wanted = Wanted(dataset, engine, fields, tuple(set_ or ()), out, job)
    done = carry_out(wanted, as_json, note)
    if as_json:
        print_json(done)
    else:
        tell(done)

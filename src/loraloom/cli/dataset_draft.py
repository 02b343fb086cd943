"""`loraloom dataset draft`: questions and answers about one's own documents, written by an endpoint, for review."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from loraloom.cli.show import note, print_json, print_text
from loraloom.cli.words import counted
from loraloom.spec.captioning import KEY_VARIABLE


def draft(
    documents: Annotated[Path, typer.Argument(metavar="DOCS", help="A .txt or .md file, or a folder or zip of them.")],
    url: Annotated[str, typer.Option("--url", help=f"OpenAI-compatible address; its key in {KEY_VARIABLE}.")],
    model: Annotated[str, typer.Option("--model", metavar="M", help="The model's name there.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE.jsonl", help="New file of examples.")],
    pairs: Annotated[int, typer.Option("--pairs", min=1, max=20, help="Questions for each passage.")] = 3,
    passage: Annotated[int, typer.Option("--passage", min=200, help="Characters of a passage at most.")] = 3_000,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object on stdout.")] = False,
) -> None:
    """Have questions and answers written about your documents. Read them before you train on them."""
    from loraloom.data.examples.drafting import Endpoint, draft
    from loraloom.data.examples.read import read
    from loraloom.data.examples.write import to_jsonl
    from loraloom.spec.errors import LoomError

    target = out.expanduser().absolute()
    if target.exists():
        raise LoomError("name_taken", f"{out} is there already.", "Name a new file.")
    report = read(str(documents.expanduser().absolute()))
    texts = [example.text for example in report.examples if example.text]
    if not texts:
        raise LoomError("dataset_empty", f"There are no documents in {documents}.", "Give .txt or .md files.")
    endpoint = Endpoint(url=url, model=model, key=os.environ.get(KEY_VARIABLE, "").strip())
    count = 0
    try:
        with target.open("xb") as file:
            for example in draft(texts, endpoint, pairs, chunk=passage, problem=note):
                file.write(to_jsonl([example]))
                file.flush()
                count += 1
    finally:
        if not count:
            target.unlink(missing_ok=True)
    if as_json:
        print_json({"path": str(target), "examples": count, "documents": len(texts)})
    else:
        print_text(f"{counted(count, 'example')} from {counted(len(texts), 'document')} in {target}")
        note("Read them before training: what a model writes may be wrong.")

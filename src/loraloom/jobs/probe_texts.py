"""What is measured of a run on texts: those of its fullest batch."""

from __future__ import annotations

from pathlib import Path

from loraloom.data.examples.write import to_jsonl
from loraloom.forecast.language.measured import measured_items
from loraloom.forecast.language.size import size_of
from loraloom.jobs.laid import Laid, short
from loraloom.jobs.plans import prepared
from loraloom.models.resolve import resolve
from loraloom.models.text_base import folder_of
from loraloom.spec.example import Example, TextReport
from loraloom.spec.text import TextRun

TOKENS = 16
"""Of an answer."""
FILE = "examples.jsonl"


def lay_out(run: TextRun, report: TextReport, data: Path, steps: int) -> Laid:
    """Fill `data`, and say with which config it is trained. A document is there with the piece that is measured."""
    from loraloom.data.examples.words import Words

    words, made = Words.of(folder_of(resolve(run.base_model))), prepared(run, report)
    some, repeats = measured_items(size_of(made.plan, run), run)
    examples: list[Example] = []
    for item in some:
        first = made.items[item][0]
        example = report.examples[first.example].model_copy(update={"held_out": False})
        if example.text:
            text = words.tokenizer.decode(first.ids.tolist(), skip_special_tokens=True)
            example = example.model_copy(update={"text": text or example.text})
        examples.append(example)
    (data / FILE).write_bytes(to_jsonl(examples))
    tokens = min(TOKENS, run.sample.max_tokens)
    return Laid(short(run, steps, {"path": f"data/{FILE}", "repeats": repeats}, {"max_tokens": tokens}), tokens)

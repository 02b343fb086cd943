"""The text demo's config and what is measured after it: packaged questions on the base smollm2, no download."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from loraloom.jobs import folder
from loraloom.jobs.answered import RESULT, answered
from loraloom.jobs.bases import prepare_base
from loraloom.models.smollm2 import SMOLLM2
from loraloom.models.text_base import folder_of
from loraloom.spec.errors import LoomError
from loraloom.spec.evaluation import Asked, EvaluationRequest, EvaluationResult
from loraloom.spec.text import TextRun

ASSETS = Path(__file__).parents[1] / "assets" / "demo_text"
PAIRS = ASSETS / "pairs.jsonl"
HELD_OUT = ASSETS / "paraphrases.jsonl"
UNRELATED = ASSETS / "unrelated.txt"
REPORT = "before-after.md"
LONGEST = 32
"""Tokens of an answer; the base says more than is asked."""
EVALUATE = (sys.executable, "-m", "loraloom.generate.evaluate")


def text_demo_config() -> dict[str, Any]:
    """A config as a user would write it. Raises LoomError `dataset_not_found`."""
    if not PAIRS.is_file():
        raise LoomError("dataset_not_found", "The demo texts are missing from the installation.", "Install again.")
    return {"preset": "text-demo", "name": "demo-text", "base_model": SMOLLM2, "dataset": {"path": str(PAIRS)}}


def held_out() -> list[Asked]:
    """Questions whose wording is not among the pairs, each with what a right answer says."""
    return [Asked.model_validate(json.loads(line)) for line in HELD_OUT.read_text(encoding="utf-8").splitlines()]


def unrelated() -> list[str]:
    """Paragraphs that have nothing to do with the pairs."""
    return [part.strip() for part in UNRELATED.read_text(encoding="utf-8").split("\n\n") if part.strip()]


def compare(run_dir: Path, lora: str, say: Callable[[str], None] | None = None) -> EvaluationResult:
    """Ask the held-out questions and read the unrelated text, without and with `lora`; written into `run_dir` as REPORT.

    Raises LoomError, also of `prepare_base`, which tells `say` what is waited for.
    """
    run = folder.read(run_dir)
    assert isinstance(run, TextRun)
    with tempfile.TemporaryDirectory(prefix="loraloom-") as name:
        place = Path(name)
        request = EvaluationRequest(
            base=str(folder_of(prepare_base(run.base_model, say)).absolute()),
            lora=str(Path(lora).absolute().parent),
            questions=tuple(held_out()),
            texts=tuple(unrelated()),
            system=run.dataset.system,
            max_tokens=LONGEST,
            device=run.training.device,
            threads=run.training.threads,
            result=str(place / RESULT),
        )
        result = answered(EVALUATE, request, EvaluationResult, place, "evaluating process")
    (run_dir / REPORT).write_text(report(result), encoding="utf-8", newline="\n")
    return result


def report(result: EvaluationResult) -> str:
    """The figures, then every answer, in Markdown."""
    count = len(result.answers)
    lines = [
        "# Before and after",
        "",
        "| | before | after |",
        "|---|---|---|",
        f"| questions answered right, of {count} | {result.right_before} | {result.right_after} |",
        f"| perplexity of unrelated text | {_figure(result.perplexity_before)} | {_figure(result.perplexity_after)} |",
        "",
        "| question | before | after | right |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {_cell(one.question)} | {_cell(one.before)} | {_cell(one.after)} | {'yes' if one.right_after else 'no'} |"
        for one in result.answers
    ]
    return "\n".join(lines) + "\n"


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")

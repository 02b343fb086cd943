"""`python -m bench.text [--steps N] [--rounds N] [--threads N]`: Loom on texts against two usual trainers, interleaved.

The same conversations of mixed lengths in the same order, the same LoRA, fp32, AdamW with a cosine: transformers' `Trainer`
(the reference) pads each batch to its longest; trl's `SFTTrainer` stands as it comes, which is with gradient checkpointing,
and once without. What counts is the time from the end of one step to the end of the next, over the tokens that are learned.
Losses are compared step by step. The machine must have nothing else to do.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from bench.machine import machine
from loraloom.data.examples.plan import prepare
from loraloom.data.examples.read import read
from loraloom.data.examples.sampler import batch
from loraloom.data.examples.words import Words
from loraloom.jobs.bases import prepare_base
from loraloom.jobs.demo_text import unrelated
from loraloom.jobs.runners.local import environment
from loraloom.models.text_base import folder_of
from loraloom.spec.run import RUN, TextRun

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results" / "text"
REFERENCE = "Trainer"
AIMS = {REFERENCE: 0.60, "SFTTrainer": 0.40}
"""Loom's seconds a learned token, as a share of each of these."""
SKIP = 2
"""First steps that do not count: kernels and allocators warm up."""
EXAMPLES, SHORTEST, LONGEST = 64, 10, 200
"""Conversations, and words of their answers, of which every order of size is as frequent."""


def main() -> None:
    """Measure, print the table, write `bench/results/text.json` and `text.md`."""
    parser = argparse.ArgumentParser(prog="bench.text")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--base", default="smollm2")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    base = folder_of(prepare_base(options.base, print))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        data = place / "conversations.jsonl"
        data.write_text("".join(json.dumps(row) + "\n" for row in conversations()), encoding="utf-8")
        run = config(options.base, data, options.steps, options.threads)
        rows = work(run, base)
        settings = place / "settings.json"
        settings.write_text(json.dumps({"run": run, "base": str(base), "rows": rows}), encoding="utf-8")
        taken: dict[str, list[dict[str, Any]]] = {}
        for number in range(options.rounds):
            for name in (REFERENCE, "Loom", "SFTTrainer", "SFTTrainer, no checkpointing"):
                one = _loom(run, place / f"loom-{number}") if name == "Loom" else _other(name, settings)
                taken.setdefault(name, []).append(one)
                print(f"{name}: {_seconds(one, rows):.5f} s a learned token", flush=True)
    write(taken, rows, run, options.out)


def conversations() -> list[dict[str, Any]]:
    """Questions and answers of mixed lengths, made of words of the demo's general text; always the same."""
    lot = random.Random(0)
    words = " ".join(unrelated()).split()

    def some(count: int) -> str:
        first = lot.randrange(len(words) - count)
        return " ".join(words[first : first + count])

    rows: list[dict[str, Any]] = []
    for _ in range(EXAMPLES):
        asked = some(lot.randint(5, 40))
        answer = some(round(SHORTEST * (LONGEST / SHORTEST) ** lot.random()))
        rows.append({"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]})
    return rows


def config(base: str, data: Path, steps: int, threads: int) -> dict[str, Any]:
    """Batch 4, rank 16 on all linear layers, no dropout: losses can be compared."""
    return {
        "family": "causal_lm",
        "name": "bench",
        "base_model": base,
        "dataset": {"path": str(data)},
        "lora": {"rank": 16, "alpha": 16, "dropout": 0, "targets": "all-linear"},
        "training": {"steps": steps, "batch_size": 4, "threads": threads, "precision": "fp32", "device": "cpu"},
        "optimizer": {"learning_rate": 2e-4, "scheduler": "cosine"},
    }


def work(run: dict[str, Any], base: Path) -> list[list[dict[str, list[int]]]]:
    """What Loom will train on, batch by batch: token ids, and which of them are learned."""
    text_run = RUN.validate_python(run)
    assert isinstance(text_run, TextRun)
    prepared = prepare(read(text_run.dataset.path), text_run, Words.of(base))
    return [
        [
            {"ids": tokens.ids.tolist(), "learned": tokens.trained.astype(int).tolist()}
            for item in batch(prepared.plan, text_run.training.seed, step)
            for tokens in prepared.items[item]
        ]
        for step in range(prepared.plan.total_steps)
    ]


def _loom(run: dict[str, Any], run_dir: Path) -> dict[str, Any]:
    run_dir.mkdir()
    (run_dir / "run.yaml").write_text(yaml.safe_dump(run), encoding="utf-8")
    command = [sys.executable, "-m", "loraloom.train", str(run_dir)]
    subprocess.run(command, check=True, capture_output=True, env=environment())  # as users get it
    events = [json.loads(line) for line in (run_dir / "events.jsonl").open(encoding="utf-8")]
    steps = [event for event in events if event["payload"]["type"] == "StepLogged"]
    return {
        "ends": [datetime.fromisoformat(event["time"]).timestamp() for event in steps],
        "losses": [event["payload"]["loss"] for event in steps],
        "peak": events[-1]["payload"]["peak_memory_bytes"],
    }


def _other(name: str, settings: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.text_trainers", name, str(settings)]
    out = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=environment()).stdout
    return json.loads(out.splitlines()[-1])


def _seconds(one: dict[str, Any], rows: list[list[dict[str, list[int]]]]) -> float:
    """Seconds a learned token, from the end of step SKIP to the end."""
    learned = sum(sum(row["learned"]) for batch_ in rows[SKIP:] for row in batch_)
    return (one["ends"][-1] - one["ends"][SKIP - 1]) / learned


def write(
    taken: dict[str, list[dict[str, Any]]], rows: list[list[dict[str, list[int]]]], run: dict[str, Any], out: Path
) -> None:
    """Medians over rounds; a ratio is the median of the rounds' own, as neighbours share the machine's mood."""
    each = {name: [_seconds(one, rows) for one in some] for name, some in taken.items()}
    found = [
        {
            "what": name,
            "seconds_per_learned_token": median(each[name]),
            "of_trainer": median(a / b for a, b in zip(each[name], each[REFERENCE], strict=True)),
            "loom_of_this": median(a / b for a, b in zip(each["Loom"], each[name], strict=True)),
            "aim": AIMS.get(name),
            "peak_megabytes": round(median(one["peak"] for one in some) / 2**20),
            "first_loss": some[0]["losses"][0],
            "last_loss": some[0]["losses"][-1],
            "largest_loss_difference": max(
                abs(a - b) / b for a, b in zip(some[0]["losses"], taken[REFERENCE][0]["losses"], strict=True)
            ),
        }
        for name, some in taken.items()
    ]
    facts = machine() | {"trl": version("trl"), "threads": str(run["training"]["threads"]), **_facts(rows)}
    result = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": facts, "run": run | {"dataset": {}}, "rows": found}
    text = "\n".join(f"- {key}: {value}" for key, value in facts.items())
    out.parent.mkdir(parents=True, exist_ok=True)
    out.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    out.with_suffix(".md").write_text(f"# Training on texts, {result['date']}\n\n{_table(found)}\n\n{text}\n", "utf-8")
    print(_table(found))


def _facts(rows: list[list[dict[str, list[int]]]]) -> dict[str, str]:
    lengths = [[len(row["ids"]) for row in batch_] for batch_ in rows]
    tokens, padded = sum(map(sum, lengths)), sum(max(some) * len(some) for some in lengths)
    learned = sum(sum(row["learned"]) for batch_ in rows for row in batch_)
    return {
        "work": f"{len(rows)} steps of {len(rows[0])} conversations, {tokens:,} tokens, {learned:,} of them learned",
        "padding": f"{1 - tokens / padded:.0%} of what the Trainer computes",
    }


def _table(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| what | ms a learned token | of the Trainer | Loom takes of it | aim | peak memory | first loss | last loss | "
        "losses differ by |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        aim = "" if row["aim"] is None else f"{row['aim']:.2f}"
        lines.append(
            f"| {row['what']} | {row['seconds_per_learned_token'] * 1000:.2f} | {row['of_trainer']:.3f} | "
            f"{row['loom_of_this']:.3f} | {aim} | {row['peak_megabytes']} MiB | {row['first_loss']:.5f} | "
            f"{row['last_loss']:.5f} | {row['largest_loss_difference']:.1e} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()

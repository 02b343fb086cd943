"""`python -m bench [--steps N] [--rounds N]`: Loom against `bench.reference`, interleaved, with one thread and with two."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from bench.machine import machine
from loraloom.jobs.runners.local import environment

ROOT = Path(__file__).resolve().parents[1]
ASSETS = ROOT / "src" / "loraloom" / "assets"
SKIP = 3
"""First steps that do not count: kernels and allocators warm up."""


def main() -> None:
    """Measure, print the table, write `bench/results/training.json` and `training.md`."""
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "results")
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for threads in (1, 2):
        taken: dict[str, list[dict[str, Any]]] = {"reference": [], "loom": [], "loom, busy": []}
        for _ in range(options.rounds):
            taken["reference"].append(_reference(_config(options.steps, threads)))
            taken["loom"].append(_loom(_config(options.steps, threads)))
            taken["loom, busy"].append(_loom(_config(options.steps, threads, busy=True)))
        rows += [_row(name, threads, some, taken["reference"]) for name, some in taken.items()]
    table = _table(rows)
    print(table)
    options.out.mkdir(parents=True, exist_ok=True)
    result = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine(), "steps": options.steps, "rows": rows}
    (options.out / "training.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    facts = "\n".join(f"- {key}: {value}" for key, value in result["machine"].items())
    (options.out / "training.md").write_text(f"# Training, {result['date']}\n\n{table}\n\n{facts}\n", "utf-8")


def _config(steps: int, threads: int, busy: bool = False) -> dict[str, Any]:
    """Thimble on the demo pictures, batch 8, rank 16. `busy` logs, draws a sample and saves beside the steps."""
    config: dict[str, Any] = {
        "family": "sd1",
        "name": "bench",
        "base_model": "thimble",
        "dataset": {"path": str(ASSETS / "demo" / "pictures"), "resolution": 64},
        "training": {"steps": steps, "batch_size": 8, "threads": threads, "precision": "fp32", "device": "cpu"},
        "optimizer": {"learning_rate": 1e-3},
    }
    if busy:
        config["checkpoints"] = {"every_steps": 5}
        config["sample"] = {"prompts": ["cat face on white background"], "every_steps": 10, "steps": 5}
    return config


def _reference(run: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "settings.json"
        settings.write_text(json.dumps({"run": run, "base": str(ASSETS / "thimble")}))
        out = subprocess.run(
            [sys.executable, "-m", "bench.reference", str(settings)],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        ).stdout
    return json.loads(out.splitlines()[-1])


def _loom(run: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        run_dir = Path(folder)
        (run_dir / "run.yaml").write_text(yaml.safe_dump(run))
        command = [sys.executable, "-m", "loraloom.train", folder]
        subprocess.run(command, check=True, capture_output=True, env=environment())  # as users get it
        payloads = [json.loads(line)["payload"] for line in (run_dir / "events.jsonl").open(encoding="utf-8")]
    steps = [p for p in payloads if p["type"] == "StepLogged"]
    end = payloads[-1]
    return {
        "times": [p["step_seconds"] for p in steps],
        "losses": [p["loss"] for p in steps],
        "first_step": end["seconds_to_first_step"],
        "peak": end["peak_memory_bytes"],
    }


def _row(name: str, threads: int, some: list[dict[str, Any]], against: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians over rounds; the ratio is the median of the rounds' own ratios, as neighbours share the machine's mood."""
    each = [median(one["times"][SKIP:]) for one in some]
    other = [median(one["times"][SKIP:]) for one in against]
    differ = max(abs(a - b) / b for a, b in zip(some[0]["losses"], against[0]["losses"], strict=True))
    return {
        "what": name,
        "threads": threads,
        "seconds_per_step": median(each),
        "ratio": median(a / b for a, b in zip(each, other, strict=True)),
        "seconds_to_first_step": median(one["first_step"] for one in some),
        "peak_megabytes": round(median(one["peak"] for one in some) / 2**20),
        "largest_loss_difference": differ,
    }


def _table(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| what | threads | seconds a step | of the reference | start to first step | peak memory | losses differ by |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        lines.append(
            f"| {row['what']} | {row['threads']} | {row['seconds_per_step']:.4f} | {row['ratio']:.3f} | "
            f"{row['seconds_to_first_step']:.2f} s | {row['peak_megabytes']} MiB | {row['largest_loss_difference']:.1e} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()

"""`python -m bench.forecast [--runs N]`: varied runs are foretold by `loraloom plan` and then trained: how far off it was.

Nothing fails here: figures are written to `bench/results/forecast.json` and `forecast.md`. The forecast may be tuned on the
first half of the runs; the other half is kept apart.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from bench.machine import machine
from tests.runs import DEMO

RESULTS = Path(__file__).parent / "results" / "forecast"
CHOICES: dict[str, list[Any]] = {
    "training.batch_size": [1, 2, 4, 8],
    "dataset.resolution": [64, 96, 128],
    "lora.rank": [4, 16, 64],
    "lora.targets": ["attention", "attention+ff", "attention+ff+conv"],
    "training.gradient_checkpointing": [False, True],
    "training.accumulation": [1, 2],
    "lora.text_encoder": [False, True],
}


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="bench.forecast")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--steps", type=int, default=60)
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for number, settings in enumerate(itertools.islice(drawn(), options.runs)):
            rows.append(compare(Path(folder) / str(number), settings, options.steps))
            rows[-1]["tuned on"] = number < options.runs // 2
            print(rows[-1], flush=True)
    write(rows)


def drawn() -> Any:
    """Settings drawn by lot, always in the same order."""
    lot = random.Random(0)
    while True:
        yield {key: lot.choice(values) for key, values in CHOICES.items()}


def compare(home: Path, settings: dict[str, Any], steps: int) -> dict[str, Any]:
    """One run: foretold, trained, and the error of time and memory (truth below forecast is negative)."""
    home.mkdir()
    config = home / "run.yaml"
    config.write_text(yaml.safe_dump({"dataset": {"path": str(DEMO)}, "training": {"steps": steps}}), "utf-8")
    sets = [part for key, value in settings.items() for part in ("--set", f"{key}={json.dumps(value)}")]
    told = loraloom("plan", str(config), *sets, "--json")
    done = loraloom("train", str(config), *sets, "--out", str(home / "runs"), "--json")
    return {
        "settings": settings,
        "seconds told": round(told["seconds"]["p50"], 1),
        "seconds": round(done["seconds"], 1),
        "time off, percent": round(100 * (told["seconds"]["p50"] / done["seconds"] - 1), 1),
        "memory off, percent": round(100 * (told["peak_memory_bytes"]["p50"] / done["peak_memory_bytes"] - 1), 1),
        "time in range": told["seconds"]["p10"] <= done["seconds"] <= told["seconds"]["p90"],
        "memory in range": told["peak_memory_bytes"]["p10"]
        <= done["peak_memory_bytes"]
        <= told["peak_memory_bytes"]["p90"],
    }


def loraloom(*arguments: str) -> dict[str, Any]:
    """The JSON object of a command."""
    command = [sys.executable, "-m", "loraloom", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def write(rows: list[dict[str, Any]]) -> None:
    """The table on the screen and in `bench/results`."""
    parts = {
        "tuned on": [row for row in rows if row["tuned on"]],
        "kept apart": [row for row in rows if not row["tuned on"]],
    }
    lines = ["| runs | median error of time | of memory | most too low, memory | time in range | memory in range |"]
    lines.append("|---|---|---|---|---|---|")
    for name, some in parts.items():
        if some:
            time, memory = ([row[f"{key} off, percent"] for row in some] for key in ("time", "memory"))
            share = [f"{sum(row[f'{key} in range'] for row in some)} of {len(some)}" for key in ("time", "memory")]
            off = [f"{median(abs(one) for one in errors):.1f} %" for errors in (time, memory)]
            lines.append(f"| {len(some)} {name} | {' | '.join(off)} | {-min(0, *memory):.1f} % | {' | '.join(share)} |")
    lines += [
        "",
        "| batch, side, rank, targets, checkpointing, accumulation, text encoder | told | took | time | memory |",
    ]
    lines.append("|---|---|---|---|---|")
    for row in rows:
        words = ", ".join(str(value) for value in row["settings"].values())
        off = f"{row['time off, percent']:+} % | {row['memory off, percent']:+} %"
        lines.append(f"| {words} | {row['seconds told']} s | {row['seconds']} s | {off} |")
    table = "\n".join(lines)
    print(table)
    told = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine(), "runs": rows}
    RESULTS.with_suffix(".json").write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    facts = "\n".join(f"- {key}: {value}" for key, value in told["machine"].items())
    heading = f"# Forecasts by probe against what the runs took, {told['date']}"
    RESULTS.with_suffix(".md").write_text(f"{heading}\n\n{table}\n\n{facts}\n", "utf-8")


if __name__ == "__main__":
    main()

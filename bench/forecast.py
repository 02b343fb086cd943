"""`python -m bench.forecast [--runs N]`: varied runs are foretold by `loraloom plan`, without and with a probe, and trained.

Nothing fails here: figures are written to `bench/results/forecast.json` and `forecast.md`. Two of three runs are of the
embedded base, every third of a random Stable Diffusion 1.5 of over 100 million parameters (`bench.medium`). A forecast
without a probe knows the runs before it alone, in a data home that begins empty. Settings are drawn by lot, always the same;
the forecast may be tuned on the first half, the other half is kept apart. The machine must have nothing else to do.
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
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from bench import medium
from bench.machine import machine
from tests.runs import DEMO

RESULTS = Path(__file__).parent / "results" / "forecast"
COMMON: dict[str, list[Any]] = {
    "lora.rank": [4, 16, 64],
    "lora.targets": ["attention", "attention+ff", "attention+ff+conv"],
    "training.gradient_checkpointing": [False, True],
    "training.accumulation": [1, 2],
}
SMALL = {
    "training.batch_size": [1, 2, 4, 8],
    "dataset.resolution": [64, 96, 128],
    **COMMON,
    "training.precision": ["auto", "auto", "auto", "auto", "bf16"],
}
LARGE = {
    "training.batch_size": [1, 2, 4],
    "dataset.resolution": [64, 128],
    **COMMON,
    "training.precision": ["auto"],  # bf16 takes minutes a step on processors that have no instructions for it
}
STEPS = {"small": 40, "large": 10, "bf16": 12}
LEARNED = 5
"""Runs of which a forecast by history must know before it counts."""


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="bench.forecast")
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        os.environ["LORALOOM_HOME"] = str(home / "home")
        base = medium.build(home / "medium")
        for number, (large, settings) in enumerate(itertools.islice(drawn(), options.runs)):
            kind = "large" if large else "bf16" if settings["training.precision"] == "bf16" else "small"
            rows.append(compare(home / str(number), str(base) if large else "thimble", settings, STEPS[kind]))
            rows[-1]["tuned on"] = number < options.runs // 2
            print(json.dumps(rows[-1]), flush=True)
    write(rows)


def drawn() -> Iterator[tuple[bool, dict[str, Any]]]:
    """Whether the large base is used, and settings drawn by lot, always in the same order."""
    lot = random.Random(0)
    for number in itertools.count():
        large = number % 3 == 2
        yield large, {key: lot.choice(values) for key, values in (LARGE if large else SMALL).items()}


def compare(place: Path, base: str, settings: dict[str, Any], steps: int) -> dict[str, Any]:
    """One run: foretold twice, trained, and how far off time and memory were (truth above forecast is negative)."""
    place.mkdir()
    config = place / "run.yaml"
    asked = {"base_model": base, "dataset": {"path": str(DEMO)}, "training": {"steps": steps}}
    config.write_text(yaml.safe_dump(asked), "utf-8")
    sets = [part for key, value in settings.items() for part in ("--set", f"{key}={json.dumps(value)}")]
    unprobed = loraloom("plan", str(config), *sets, "--json")
    probed = loraloom("plan", str(config), *sets, "--probe", "--json")
    done = loraloom("train", str(config), *sets, "--out", str(place / "runs"), "--json")
    return {
        "base": "medium" if base != "thimble" else base,
        "settings": settings,
        "seconds": round(done["seconds"], 1),
        "peak GB": round(done["peak_memory_bytes"] / 1e9, 2),
        "unprobed": against(unprobed, done),
        "probe": against(probed, done),
    }


def against(told: dict[str, Any], done: dict[str, Any]) -> dict[str, Any]:
    """One forecast against the truth."""
    pairs = {
        "time": (told["seconds"], done["seconds"]),
        "memory": (told["peak_memory_bytes"], done["peak_memory_bytes"]),
    }
    found: dict[str, Any] = {"source": told["source"], "runs": told["runs"]}
    for name, (given, truth) in pairs.items():
        found[f"{name} off, percent"] = round(100 * (given["p50"] / truth - 1), 1)
        found[f"{name} in range"] = given["p10"] <= truth <= given["p90"]
    return found


def loraloom(*arguments: str) -> dict[str, Any]:
    """The JSON object of a command."""
    command = [sys.executable, "-m", "loraloom", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.stderr.write(done.stderr)
        done.check_returncode()
    return json.loads(done.stdout.splitlines()[-1])


def summary(name: str, forecasts: Sequence[dict[str, Any]]) -> str:
    """One row of the table."""
    if not forecasts:
        return f"| {name} | 0 | – | – | – | – | – |"
    time, memory = ([one[f"{key} off, percent"] for one in forecasts] for key in ("time", "memory"))
    off = [f"{median(abs(one) for one in errors):.1f} %" for errors in (time, memory)]
    within = [f"{sum(one[f'{key} in range'] for one in forecasts)} of {len(forecasts)}" for key in ("time", "memory")]
    return f"| {name} | {len(forecasts)} | {' | '.join(off)} | {-min(0, *memory):.1f} % | {' | '.join(within)} |"


def write(rows: list[dict[str, Any]]) -> None:
    """The table on the screen and in `bench/results`."""
    tuned, apart = ([row for row in rows if row["tuned on"] is which] for which in (True, False))
    learned = [row for row in rows if row["unprobed"]["source"] == "history" and row["unprobed"]["runs"] >= LEARNED]
    lines = [
        "| forecast | runs | median error of time | of memory | most too low, memory | time in range | memory in range |",
        "|---|---|---|---|---|---|---|",
        summary("by a probe, runs tuned on", [row["probe"] for row in tuned]),
        summary("by a probe, runs kept apart", [row["probe"] for row in apart]),
        summary(f"by history of {LEARNED} or more, all", [row["unprobed"] for row in learned]),
        summary("by history, runs kept apart", [row["unprobed"] for row in learned if row in apart]),
        summary("by the model alone", [row["unprobed"] for row in rows if row["unprobed"]["source"] == "model"]),
        "",
        "Off: forecast against truth, time / memory. The second half of the table was kept apart.",
        "",
        "| base, " + ", ".join(key.partition(".")[2] for key in SMALL) + " | took | peak | by probe | without |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        words = ", ".join(str(value) for value in (row["base"], *row["settings"].values()))
        off = [
            f"{one['time off, percent']:+} % / {one['memory off, percent']:+} %"
            + ("" if name == "probe" else f" ({one['source']})")
            for name, one in (("probe", row["probe"]), ("unprobed", row["unprobed"]))
        ]
        lines.append(f"| {words} | {row['seconds']} s | {row['peak GB']} GB | {' | '.join(off)} |")
    table = "\n".join(lines)
    print(table)
    told = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine(), "runs": rows}
    RESULTS.with_suffix(".json").write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    facts = "\n".join(f"- {key}: {value}" for key, value in told["machine"].items())
    heading = f"# Forecasts against what runs took, {told['date']}"
    RESULTS.with_suffix(".md").write_text(f"{heading}\n\n{table}\n\n{facts}\n", "utf-8")


if __name__ == "__main__":
    main()

"""`python -m bench.preview [--rounds N]`: from the last key in the playground's prompt to the first preview, in Debian's
chromium.

The page says itself how long it took (`data-preview-ms` beside the picture: from the last change to the preview shown).
How many pictures the server began for thirty letters is counted from the requests; whether one is shown that belongs
to an older text is looked for in every change of the picture. Thimble, 64 x 64, six steps.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from playwright.sync_api import Page, Request

from bench.machine import machine
from tests.e2e.browser import browser, open_page, word
from tests.e2e.served import Served

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results" / "preview"
PROMPTS = (
    "a red apple on white background",
    "a cat with a hat on blue ground",
    "an owl at night on a pink field",
    "a bowl of hot soup on the table",
    "the small fish under blue water",
)
"""About thirty letters each."""
BETWEEN = 60
"""Milliseconds between two letters: a quick typist."""
SHOWN = """() => {
    window.shown = [];
    const look = () => {
        const picture = document.querySelector('[data-preview-ms]');
        const { quality, sequence, previewMs } = picture?.dataset ?? {};
        if (picture) window.shown.push([quality, Number(sequence), Number(previewMs)]);
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
}"""
"""Notes quality, sequence and milliseconds of every picture that is shown."""


def main() -> None:
    """Measure, print, write `bench/results/preview.json` and `preview.md`."""
    parser = argparse.ArgumentParser(prog="bench.preview")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Served(Path(folder) / "home", "--no-warm").start()
        try:
            with browser() as started:
                page, said = open_page(started, server.address, "en")
                rows = measure(page, options.rounds)
                assert said == [], said
        finally:
            server.stop()
    write(rows, options.out)


def measure(page: Page, rounds: int) -> list[dict[str, Any]]:
    """A row for each prompt that was typed: the first of all loads the base and is left out."""
    asked: list[int] = []

    def count(request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/api/drawings"):
            asked.append(1)

    page.on("request", count)
    page.goto("/playground")
    prompt = page.get_by_role("textbox", name=word("en", "playground:prompt.label"), exact=True).or_(
        page.get_by_role("combobox", name=word("en", "playground:prompt.label"), exact=True)
    )
    rows: list[dict[str, Any]] = []
    for number in range(rounds * len(PROMPTS) + 1):
        prompt.fill("")
        page.wait_for_timeout(2500)
        before = int(page.locator("[data-preview-ms]").first.get_attribute("data-sequence") or 0) if number else 0
        page.evaluate(SHOWN)
        asked.clear()
        prompt.press_sequentially(PROMPTS[number % len(PROMPTS)], delay=BETWEEN)
        begun_while_typing = len(asked)
        done = "(before) => window.shown.some(([quality, sequence]) => quality === 'full' && sequence > before)"
        page.wait_for_function(done, arg=before, timeout=60_000)
        noted: list[tuple[str, int, float]] = page.evaluate("window.shown")
        shown = [one for one in noted if one[1] > before]
        sequences = [sequence for _, sequence, _ in shown]
        preview = [ms for quality, _, ms in shown if quality == "preview"]
        if number:
            rows.append(
                {
                    "milliseconds": preview[-1] if preview else None,
                    "generations": len(asked),
                    "while_typing": begun_while_typing,
                    "stale": sum(later < earlier for earlier, later in pairwise(sequences)),
                }
            )
    return rows


def write(rows: list[dict[str, Any]], out: Path) -> None:
    """p50 and p95 of the milliseconds, and the largest numbers of generations and stale pictures."""
    times = sorted(row["milliseconds"] for row in rows if row["milliseconds"] is not None)
    found = {
        "last key to first preview, p50, ms": median(times),
        "last key to first preview, p95, ms": quantiles(times, n=20, method="inclusive")[18],
        "generations for thirty letters, at most": max(row["generations"] for row in rows),
        "previews of an older text shown": sum(row["stale"] for row in rows),
        "prompts typed": len(rows),
    }
    facts = machine() | {"threads": os.environ.get("OMP_NUM_THREADS", "the server's own")}
    result = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": facts, "found": found, "rows": rows}
    table = "\n".join(("| what | value |", "|---|---|", *(f"| {key} | {value:g} |" for key, value in found.items())))
    text = "\n".join(f"- {key}: {value}" for key, value in facts.items())
    out.parent.mkdir(parents=True, exist_ok=True)
    out.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    out.with_suffix(".md").write_text(f"# Preview while typing, {result['date']}\n\n{table}\n\n{text}\n", "utf-8")
    print(table)


if __name__ == "__main__":
    main()

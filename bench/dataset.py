"""`python -m bench.dataset [--pictures N]`: a large data set: import, memory, thumbnails, scrolling, edits, score card.

Nothing fails here: figures are written to `bench/results/dataset.json` and `dataset.md`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil

from bench.machine import machine
from bench.page import archive, scrolled
from tests.e2e.browser import browser, open_page
from tests.e2e.served import Served

RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="bench.dataset")
    parser.add_argument("--pictures", type=int, default=5000)
    count = parser.parse_args().pictures
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), count)
    rows = [f"| {name} | {value:.3g} |" for name, value in found.items()]
    table = "\n".join([f"| {count:,} pictures | measured |", "|---|---|", *rows])
    print(table)
    told = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine(), "pictures": count, "figures": found}
    (RESULTS / "dataset.json").write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    facts = "\n".join(f"- {key}: {value}" for key, value in told["machine"].items())
    (RESULTS / "dataset.md").write_text(f"# A large data set, {told['date']}\n\n{table}\n\n{facts}\n", "utf-8")


def measure(home: Path, count: int) -> dict[str, float]:
    """One upload of a zip on the page, and what follows."""
    file = archive(home / "many.zip", count)
    server = Served(home / "home", "--no-warm").start()
    process = psutil.Process(server.pid)
    dataset = server.post("/api/datasets", {"name": "many"})["id"]
    found: dict[str, float] = {"memory of the idle server, MB": process.memory_info().rss / 1e6}
    peak = Peak(process)
    with browser() as started:
        page, _ = open_page(started, server.address, "en")
        page.goto(f"/datasets/{dataset}")
        page.wait_for_selector("input[type=file]", state="attached")
        began = time.monotonic()
        page.locator("input[type=file]").first.set_input_files(file)
        page.wait_for_selector("img[src*='/thumbnail']", timeout=120_000)
        found["first thumbnail on the page, seconds after the drop"] = time.monotonic() - began
        while server.get(f"/api/datasets/{dataset}")["images"] < count:
            time.sleep(0.2)
        found["import, seconds"] = time.monotonic() - began
        found["memory of the server while it imports, at most, MB"] = peak.stop()
        page.reload()
        page.wait_for_selector("img[src*='/thumbnail']")
        page.wait_for_timeout(1500)
        found |= {f"scrolling: {name}": value for name, value in scrolled(started, page).items()}
        page.context.close()
    edit = {"do": "replace", "find": "picture", "put": "photograph"}
    found["find and replace in all captions, seconds"], done = _timed(server, dataset, {"edit": edit})
    assert done["count"] == count
    found["undo of it, seconds"], undone = _timed(server, dataset, None, f"changes/{done['change']}/undo")
    assert undone["count"] == count
    began = time.monotonic()
    while server.get(f"/api/datasets/{dataset}/quality")["state"] != "ready":
        time.sleep(0.5)
    found["score card, seconds until every picture was looked at"] = time.monotonic() - began
    server.stop()
    return found


class Peak:
    """The largest resident memory of a process, looked at ten times a second."""

    def __init__(self, process: psutil.Process) -> None:
        self._process, self._most, self._going = process, 0, True
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> float:
        """In MB."""
        self._going = False
        self._thread.join()
        return self._most / 1e6

    def _watch(self) -> None:
        while self._going:
            self._most = max(self._most, self._process.memory_info().rss)
            time.sleep(0.1)


def _timed(server: Served, dataset: str, body: object, what: str = "edits") -> tuple[float, dict[str, int]]:
    began = time.monotonic()
    done = server.post(f"/api/datasets/{dataset}/{what}", body)
    return time.monotonic() - began, done


if __name__ == "__main__":
    main()

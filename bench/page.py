"""What a person waits for on the page, measured in Debian's chromium: first loss, a long run, many pictures, Lighthouse."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import time
import zipfile
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, Request

from tests.e2e.browser import browser, chromium, open_page, word
from tests.e2e.served import Served, wait

LIGHTHOUSE = "lighthouse@12.8.2"
LOSS = "() => /^[0-9.]+$/.test(document.querySelectorAll('dl[class*=readout] dd')[1]?.textContent ?? '')"
"""Whether the curve's readout shows a loss."""
MOVED = """() => {
    window.moved = [];
    let typed = 0;
    addEventListener('input', () => { typed = performance.now(); }, true);
    new MutationObserver((changes) => {
        if (typed && changes.some(({ target }) => target.dataset?.part)) {
            const began = typed;
            typed = 0;
            requestAnimationFrame(() => window.moved.push(performance.now() - began));
        }
    }).observe(document.body, { subtree: true, attributes: true, attributeFilter: ['style'] });
}"""
"""Notes the milliseconds from a change of a field to the frame in which the memory bar is drawn anew."""
SCROLL = """async () => {
    for (let i = 0; i < 900 && scrollY + innerHeight < document.documentElement.scrollHeight - 4; i++) {
        window.scrollBy(0, 50);
        await new Promise(requestAnimationFrame);
    }
}"""


def clicks(home: Path, rounds: int) -> dict[str, float]:
    """From the click on the button that starts a run to the first loss on the page: cold, and with a warm child."""
    found: dict[str, float] = {}
    for name, option in (("cold", "--no-warm"), ("warm", "--warm")):
        server = Served(home / name, option).start()
        dataset = server.sample_dataset()
        with browser() as started:
            page, _ = open_page(started, server.address, "en")
            seconds = [_click(page, server, dataset, name == "warm") for _ in range(rounds)]
            page.context.close()
        server.stop()
        found[f"click to first loss on the page, {name}, seconds"] = median(seconds)
    return found


def _click(page: Page, server: Served, dataset: str, warm: bool) -> float:
    if warm:
        wait(lambda: server.get("/api/machine")["warm"], "no warm child", 120)
    page.goto(f"/runs/new?dataset={dataset}&preset=quick-look")
    start = page.get_by_role("button", name=word("en", "newRun:start"), exact=True)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1000)
    began = time.monotonic()
    start.click()
    page.wait_for_url(re.compile(r"/runs/[0-9a-z]{16}$"))
    page.wait_for_function(LOSS, polling="raf", timeout=60_000)
    seconds = time.monotonic() - began
    run = page.url.rsplit("/", 1)[-1]
    server.post(f"/api/runs/{run}/kill")
    server.wait_for(run, "cancelled")
    return seconds


def panel(home: Path) -> dict[str, float]:
    """From a batch size that is typed on the form of a new run to the memory bar beside it drawn anew."""
    server = Served(home, "--no-warm").start()
    dataset = server.sample_dataset()
    with browser() as started:
        page, _ = open_page(started, server.address, "en")
        page.goto(f"/runs/new?dataset={dataset}&preset=quick-look")
        page.locator("[data-part=activations]").wait_for(state="attached", timeout=60_000)
        page.get_by_text(word("en", "newRun:basic")).click()
        batch = page.get_by_role("textbox", name=re.compile("^Batch size")).first
        page.wait_for_timeout(1500)
        page.evaluate(MOVED)
        for size in range(2, 23):
            batch.fill(str(size))
            page.wait_for_timeout(800)
        times: list[float] = page.evaluate("window.moved")
        page.context.close()
    server.stop()

    return {"batch changed to bars moved beside the form, ms": median(times[1:])}


def long_run(address: str, run_id: str, rounds: int) -> dict[str, float]:
    """From a click in the list, and from the address in a fresh browser, to the drawn curve of a run of 100,000 steps."""
    seconds: dict[str, list[float]] = {"a click": [], "its address": []}
    with browser() as started:
        for _ in range(rounds):
            for way, times in seconds.items():
                page, _ = open_page(started, address, "en")
                page.goto("/runs" if way == "a click" else "about:blank")
                page.wait_for_load_state("networkidle")
                link = page.locator(f"a[href='/runs/{run_id}']").first
                began = time.monotonic()
                if way == "a click":
                    link.click()
                else:
                    page.goto(f"/runs/{run_id}", wait_until="commit")
                page.wait_for_function(LOSS, polling="raf")
                page.wait_for_selector(".uplot canvas")
                times.append(time.monotonic() - began)
                page.context.close()
    return {f"100,000 steps: drawn after {way}, seconds": median(times) for way, times in seconds.items()}


def many_pictures(home: Path, count: int = 2000) -> dict[str, float]:
    """Time of each frame while a set of `count` pictures is scrolled from its beginning to its end."""
    server = Served(home, "--no-warm").start()
    dataset = server.post("/api/datasets", {"name": "many"})["id"]
    with browser() as started:
        page, _ = open_page(started, server.address, "en")
        page.goto(f"/datasets/{dataset}")
        page.locator("input[type=file]").first.set_input_files(archive(home / "many.zip", count))
        wait(lambda: server.get(f"/api/datasets/{dataset}")["images"] == count, "not all pictures arrived", 300)
        page.reload()
        page.wait_for_selector("img[src*='/thumbnail']")
        page.wait_for_timeout(1000)
        figures = scrolled(started, page)
        page.context.close()
    server.stop()
    return {f"{count:,} pictures scrolled: {name}": value for name, value in figures.items()}


def scrolled(started: Browser, page: Page) -> dict[str, float]:
    """The page scrolled through, 50 pixels a frame: times between the frames that were drawn, by Chromium's trace."""
    started.start_tracing(page=page, categories=["disabled-by-default-devtools.timeline.frame"])
    page.evaluate(SCROLL)
    events: list[dict[str, Any]] = json.loads(started.stop_tracing())["traceEvents"]
    drawn = sorted(event["ts"] / 1000 for event in events if event["name"] == "DrawFrame")
    frames = [later - earlier for earlier, later in pairwise(drawn)]
    assert len(frames) > 100
    dropped = sum(event["name"] == "DroppedFrame" for event in events)
    return {
        "median frame, ms": median(frames),
        "95th percentile, ms": quantiles(frames, n=20)[-1],
        "frames dropped, percent": 100 * dropped / (dropped + len(frames)),
    }


def archive(file: Path, count: int) -> str:
    """A zip of `count` JPEGs of 256 pixels with captions; its path."""
    draw = np.random.default_rng(0)
    with zipfile.ZipFile(file, "w") as target:
        for number in range(count):
            small = Image.fromarray(draw.integers(0, 255, (8, 8, 3), dtype=np.uint8))
            data = io.BytesIO()
            small.resize((256, 256), Image.Resampling.BICUBIC).save(data, "JPEG", quality=80)
            target.writestr(f"{number:04d}.jpg", data.getvalue())
            target.writestr(f"{number:04d}.txt", f"picture number {number}")
    return str(file)


def sizes(address: str) -> dict[str, float]:
    """What a browser fetches for the first screen, as it comes over the wire."""
    found = {"script": 0.0, "stylesheet": 0.0}
    with browser() as started:
        page, _ = open_page(started, address, "en")

        def count(request: Request) -> None:
            if request.resource_type in found:
                found[request.resource_type] += request.sizes()["responseBodySize"] / 1000

        page.on("requestfinished", count)
        page.goto("/")
        page.wait_for_load_state("networkidle")
        page.context.close()
    return {
        "script of the first screen, kB gzip": found["script"],
        "style of the first screen, kB gzip": found["stylesheet"],
    }


def lighthouse(address: str, run_id: str, rounds: int) -> dict[str, float]:
    """Lighthouse's scores of Start and of a run with its samples, as a desktop and as a slow phone; nothing without npx."""
    npx = shutil.which("npx")
    if npx is None:
        return {}
    found: dict[str, float] = {}
    for screen, path in (("Start", "/"), ("Run", f"/runs/{run_id}")):
        for device in ("desktop", "phone"):
            told = [_audit(npx, address + path, device) for _ in range(rounds)]
            for key, words in (
                ("performance", "performance"),
                ("accessibility", "accessibility"),
                ("best-practices", "best practices"),
            ):
                name = f"Lighthouse, {screen}, {device}: {words}"
                found[name] = median(one["categories"][key]["score"] * 100 for one in told)
    return found


def _audit(npx: str, address: str, device: str) -> dict[str, Any]:
    options = ["--quiet", "--output=json", "--chrome-flags=--headless=new --no-sandbox"]
    options += ["--only-categories=performance,accessibility,best-practices"]
    options += ["--preset=desktop"] if device == "desktop" else []
    env = os.environ | {"CHROME_PATH": chromium()}
    for _ in range(3):  # its browser does not always start at the first try
        done = subprocess.run([npx, "--yes", LIGHTHOUSE, address, *options], capture_output=True, text=True, env=env)
        if done.returncode == 0:
            return json.loads(done.stdout)
    raise RuntimeError(f"Lighthouse failed: {done.stderr[-2000:]}")

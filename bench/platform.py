"""`python -m bench.platform`: the server: start, memory, a long run, many watchers; and the page, by `bench.page`.

Aims stand beside the figures. Nothing fails here: figures are written to `bench/results/platform.json` and `platform.md`.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import psutil
import websockets
from websockets.asyncio.client import connect

from bench import page
from bench.machine import machine
from loraloom.spec.event import StepLogged, encode
from loraloom.store.database import Database, sqlite_url
from loraloom.store.tables import Run
from loraloom.store.users import ensure_local
from tests.e2e.served import Served

ROOT = Path(__file__).resolve().parents[1]
AIMS = {
    "start of the server, seconds": "2",
    "memory at idle, MB": "150",
    "100,000 steps: first answer, seconds": "1",
    "100,000 steps: again, seconds": "1",
    "1,000 watchers, 2 events a second: p50, ms": "",
    "1,000 watchers, 2 events a second: p99, ms": "250",
    "1,000 watchers: server's memory, MB": "200",
    "100,000 steps: drawn after a click, seconds": "1",
    "click to first loss on the page, cold, seconds": "8",
    "click to first loss on the page, warm, seconds": "3",
    "batch changed to bars moved beside the form, ms": "100",
    "2,000 pictures scrolled: median frame, ms": "17",
    "script of the first screen, kB gzip": "250",
    "style of the first screen, kB gzip": "40",
}
PARTS = ("starts", "long", "watchers", "clicks", "panel", "pictures", "screens")
RESULTS = ROOT / "bench" / "results" / "platform"
LEAST = "at least 95"
"""Aim of Lighthouse's scores."""


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="bench.platform")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--watchers", type=int, default=1000)
    parser.add_argument("--only", choices=PARTS, help="measure this part again; the others keep their figures")
    options = parser.parse_args()
    found: dict[str, float] = (
        json.loads(RESULTS.with_suffix(".json").read_text("utf-8"))["figures"] if options.only else {}
    )
    with tempfile.TemporaryDirectory() as folder:
        for part in [options.only] if options.only else PARTS:
            found |= measure(part, Path(folder) / part, options.rounds, options.watchers)
    write(found)


def measure(part: str, home: Path, rounds: int, count: int) -> dict[str, float]:
    """The figures of one of PARTS."""
    match part:
        case "starts":
            return starts(home, rounds)
        case "long":
            return long_run(home, rounds)
        case "watchers":
            return asyncio.run(watchers(home, count))
        case "clicks":
            return page.clicks(home, rounds)
        case "panel":
            return page.panel(home)
        case "pictures":
            return page.many_pictures(home)
        case _:
            return screens(home, rounds)


def starts(home: Path, rounds: int) -> dict[str, float]:
    """From the command to the first answer, and what the server holds then. Without a warm child, which is no part of it."""
    seconds: list[float] = []
    memory = 0.0
    for _ in range(rounds):
        server = Served(home, "--no-warm")
        began = time.monotonic()
        server.start()
        seconds.append(time.monotonic() - began)
        time.sleep(3)
        memory = psutil.Process(server.pid).memory_info().rss / 1e6
        server.stop()
    return {"start of the server, seconds": median(seconds), "memory at idle, MB": memory}


def made_run(home: Path, steps: int, child: psutil.Process | None = None) -> tuple[str, Path]:
    """A run with `steps` steps behind it: finished, or at work in the process `child`."""
    home.mkdir(parents=True, exist_ok=True)
    database = Database(sqlite_url(home))
    database.migrate()
    with database.session() as session:
        user = ensure_local(session)
        run = Run(name="long", user_id=user.id, family="sd1", base_model="thimble", state="finished", config={})
        if child is not None:
            run.state, run.pid, run.pid_started = "running", child.pid, child.create_time()
        session.add(run)
        session.flush()
        run_id = run.id
    database.close()
    folder = home / "runs" / run_id
    folder.mkdir(parents=True)
    append(folder, 1, steps)
    return run_id, folder


def append(folder: Path, first: int, last: int) -> None:
    """Write steps `first` to `last` as a child does."""
    with (folder / "events.jsonl").open("a", encoding="utf-8") as stream:
        for number in range(first, last + 1):
            said = StepLogged(
                step=number, total_steps=100_000, epoch=1, loss=0.1 + 1 / number, smoothed_loss=0.1 + 1 / number,
                lr=1e-4, step_seconds=0.31, eta_seconds=10, eta_low_seconds=9, eta_high_seconds=12,
                memory_bytes=600_000_000, peak_memory_bytes=700_000_000, device="cpu", grad_norm=0.5,
            )  # fmt: skip
            stream.write(encode(number, datetime.now(UTC), said))


def long_run(home: Path, rounds: int) -> dict[str, float]:
    """What the page asks for when a run of 100,000 steps is opened: at first, and once the server knows it."""
    server = Served(home, "--no-warm").start()
    run_id, _ = made_run(home, 100_000)
    seconds: list[float] = []
    for _ in range(2):
        began = time.monotonic()
        server.get(f"/api/runs/{run_id}")
        body = server.get(f"/api/runs/{run_id}/events?after=0&points=2000")
        seconds.append(time.monotonic() - began)
        assert body["last_seq"] == 100_000 and 1000 < len(body["items"]) < 2100
    drawn = page.long_run(server.address, run_id, rounds)
    server.stop()
    return {"100,000 steps: first answer, seconds": seconds[0], "100,000 steps: again, seconds": seconds[1]} | drawn


async def watchers(home: Path, count: int) -> dict[str, float]:
    """Sockets of one run while it says two things a second. The server has one core to itself, the watchers another."""
    child = subprocess.Popen(["sleep", "600"])
    run_id, folder = made_run(home, 10, psutil.Process(child.pid))
    server = Served(home, "--no-warm").start()
    cores = sorted(os.sched_getaffinity(0))
    psutil.Process(server.pid).cpu_affinity(cores[:1])
    os.sched_setaffinity(0, cores[-1:])
    late: list[float] = []
    going = True

    async def watch() -> None:
        async with connect(
            f"ws://127.0.0.1:{server.port}/api/runs/{run_id}/events?after=10",
            open_timeout=60,
            ping_interval=None,  # as browsers do
        ) as socket:
            while going:
                try:
                    message = await asyncio.wait_for(socket.recv(), 5)
                except (TimeoutError, websockets.ConnectionClosed):
                    return
                arrived = datetime.now(UTC)
                for event in json.loads(message):
                    late.append((arrived - datetime.fromisoformat(event["time"])).total_seconds())

    tasks = [asyncio.create_task(watch()) for _ in range(count)]
    while server.client.get("/metrics").text.find(f"loraloom_watchers {float(count)}") < 0:
        await asyncio.sleep(0.5)
    gc.freeze()  # this process is not what is measured
    late.clear()
    for number in range(11, 51):
        append(folder, number, number)
        await asyncio.sleep(0.5)
    memory = psutil.Process(server.pid).memory_info().rss / 1e6
    await asyncio.sleep(2)
    going = False
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    os.sched_setaffinity(0, cores)
    gc.unfreeze()
    server.kill()
    child.kill()
    child.wait()
    late.sort()
    assert len(late) > 39 * count, f"only {len(late)} of {40 * count} arrived"
    return {
        "1,000 watchers, 2 events a second: p50, ms": late[len(late) // 2] * 1000,
        "1,000 watchers, 2 events a second: p99, ms": late[int(len(late) * 0.99)] * 1000,
        "1,000 watchers: server's memory, MB": memory,
    }


def screens(home: Path, rounds: int) -> dict[str, float]:
    """Start and Run as Lighthouse sees them, once the sample was trained."""
    server = Served(home, "--no-warm").start()
    run = server.post("/api/runs", {"dataset": server.sample_dataset(), "config": {"preset": "demo"}})["id"]
    server.wait_for(run, "finished", seconds=600)
    found = page.sizes(server.address) | page.lighthouse(server.address, run, rounds)
    server.stop()
    return found


def write(found: dict[str, float]) -> None:
    """The table on the screen and in `bench/results`."""
    rows = [
        f"| {name} | {value:.3g} | {AIMS.get(name, LEAST if name.startswith('Lighthouse') else '')} |"
        for name, value in found.items()
    ]
    table = "\n".join(["| what | measured | aim: at most |", "|---|---|---|", *rows])
    print(table)
    told = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine(), "figures": found}
    RESULTS.with_suffix(".json").write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    facts = "\n".join(f"- {key}: {value}" for key, value in told["machine"].items())
    RESULTS.with_suffix(".md").write_text(f"# Server and page, {told['date']}\n\n{table}\n\n{facts}\n", "utf-8")


if __name__ == "__main__":
    main()

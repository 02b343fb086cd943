"""`python -m bench.queue`: 10,000 queued runs of 50 users and 20 workers, on SQLite and on PostgreSQL.

How long a claim takes, one after another and twenty at once; what `GET /api/queue` takes; the page until the list is drawn;
the server's memory. Nothing fails here: figures are written to `bench/results/queue.json` and `queue.md`, aims beside them.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from typing import Any

import psutil
from sqlalchemy import insert

from bench.machine import machine
from loraloom.jobs import queue
from loraloom.jobs.states import move
from loraloom.spec.work import WorkerDevice
from loraloom.store.database import Database, sqlite_url
from loraloom.store.ids import new_id
from loraloom.store.tables import Quota, Run, User, Worker
from loraloom.store.users import ensure_local
from tests.e2e.browser import browser, open_page
from tests.e2e.served import Served

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results" / "queue"
GB = 1 << 30
CARD = WorkerDevice(id="cuda:0", name="A card", kind="cuda", memory_total=24 * GB)
AIMS = {
    "GET /api/queue, the first 50: p99, ms": "300",
    "GET /api/queue, 50 from the middle: p99, ms": "300",
    "the page: list drawn after its address, ms": "",
}
FIRST = """() => new Promise((drawn) => {
    const draw = () => requestAnimationFrame(() => drawn(performance.now()));
    const look = () => document.querySelector('ol li') ? draw() : setTimeout(look, 5);
    look();
})"""
"""Milliseconds from the page's address to the frame that shows the waiting runs."""


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="bench.queue")
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=200)
    options = parser.parse_args()
    load = os.getloadavg()[0]
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        found["SQLite"] = measure(home / "sqlite", sqlite_url(home / "sqlite"), options.runs, options.rounds)
        with postgres(home / "postgres") as url:
            if url is not None:
                found["PostgreSQL"] = measure(home / "served", url, options.runs, options.rounds)
    write(found, options.runs, (load, os.getloadavg()[0]))


def measure(home: Path, url: str, runs: int, rounds: int) -> dict[str, float]:
    """Every figure of one database."""
    home.mkdir(parents=True, exist_ok=True)
    server = Served(home, "--no-warm", "--no-train", LORALOOM_DATABASE=url).start()
    time.sleep(3)
    found = {"the server's memory without a run, MB": _memory(server)}
    database = Database(url)
    fill(database, runs)
    found |= claims(database, rounds)
    database.close()
    found |= answers(server, rounds)
    found |= first_paint(server)
    found["the server's memory after all that, MB"] = _memory(server)
    server.stop()
    return found


def fill(database: Database, runs: int) -> None:
    """Runs as people queue them: three priorities, some with labels, some that need more than a small card."""
    chance = random.Random(8)
    config = {"name": "x", "dataset": {"resolution": 512}, "sample": {"prompts": ["a prompt of some length"] * 40}}
    with database.session() as session:
        ensure_local(session)
        users = [User(name=f"user-{n}", team=f"team-{n % 5}") for n in range(50)]
        session.add_all(users)
        session.add_all(
            Worker(name=f"gpu-{n}", devices=[CARD.model_dump()], labels=["a100"] if n % 2 else []) for n in range(20)
        )
        session.add(Quota(kind="user", name="", most_active=4))
        session.flush()
        rows = [
            {
                "id": new_id(),
                "name": f"run {n}",
                "user_id": chance.choice(users).id,
                "family": "sd1",
                "base_model": "thimble",
                "config": config,
                "priority": chance.choice((0, 0, 0, 0, 1, 5)),
                "place": float(n),
                "labels": chance.choice(([], [], [], ["a100"])),
                "needs_bytes": chance.choice((None, 6 * GB, 22 * GB, 40 * GB)),
                "total_steps": 1000,
            }
            for n in range(runs)
        ]
        session.execute(insert(Run), rows)


def claims(database: Database, rounds: int) -> dict[str, float]:
    """A claim finds the next run for a device and takes it. What is claimed is put back, so that the queue stays as long."""
    alone = [_claim(database, f"gpu-{n % 20}") for n in range(rounds)]
    together: list[float] = []

    def work(name: str) -> None:
        together.extend(_claim(database, name) for _ in range(max(1, rounds // 20)))

    threads = [threading.Thread(target=work, args=(f"gpu-{n}",)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(together) == 20 * max(1, rounds // 20), "a claim failed"
    return _spread("a claim, one after another", alone) | _spread("a claim, 20 workers at once", together)


def _claim(database: Database, worker: str) -> float:
    labels = ["a100"] if int(worker.rpartition("-")[2]) % 2 else []
    began = time.perf_counter()
    with database.session() as session:
        run_id = queue.take(session, CARD, labels, name=f"{worker}/cuda:0", worker=worker)
    seconds = time.perf_counter() - began
    assert run_id is not None, "a worker found nothing"
    with database.session() as session:
        queue.release(session, run_id)
        move(session, run_id, "lost")
        move(session, run_id, "queued")
    return seconds


def answers(server: Served, rounds: int) -> dict[str, float]:
    """The queue over HTTP, as the page asks for it."""
    found: dict[str, float] = {}
    for what, path in (("the first 50", "/api/queue"), ("50 from the middle", "/api/queue?after=5000")):
        found |= _spread(f"GET /api/queue, {what}", _times(lambda path=path: server.get(path), rounds))
    return found | _spread(
        "GET /api/runs, 50 queued ones", _times(lambda: server.get("/api/runs?limit=50"), rounds // 4)
    )


def first_paint(server: Served) -> dict[str, float]:
    """The page of runs in a browser, from its address to the list of what waits."""
    drawn: list[float] = []
    with browser() as started:
        page, _ = open_page(started, server.address, "en")
        page.goto("/")
        for _ in range(5):
            page.goto("/runs", wait_until="commit")
            drawn.append(page.evaluate(FIRST))
        page.context.close()
    return {"the page: list drawn after its address, ms": sorted(drawn)[len(drawn) // 2]}


def _times(work: Callable[[], Any], rounds: int) -> list[float]:
    work()
    seconds: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return seconds


def _spread(what: str, seconds: Sequence[float]) -> dict[str, float]:
    cut = quantiles(seconds, n=100, method="inclusive")
    return {f"{what}: p50, ms": cut[49] * 1e3, f"{what}: p99, ms": cut[98] * 1e3}


def _memory(server: Served) -> float:
    return psutil.Process(server.pid).memory_info().rss / 1e6


@contextmanager
def postgres(folder: Path) -> Generator[str | None]:
    """URL of an empty database of a PostgreSQL of our own on loopback; None where none is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        yield None
        return
    folder.mkdir()
    as_user: list[str] = []
    if os.geteuid() == 0:  # it refuses to run as root
        as_user = ["runuser", "-u", "postgres", "--"]
        shutil.chown(folder, "postgres")
        folder.parent.chmod(0o755)
    port = Served(folder).port
    binaries, data = found[-1].parent, folder / "data"
    quiet: dict[str, Any] = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    subprocess.run([*as_user, str(found[-1]), "-D", str(data), "-A", "trust", "-U", "loom", "-E", "UTF8"], **quiet)
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    control = [*as_user, str(binaries / "pg_ctl"), "-D", str(data), "-l", str(folder / "log"), "-w"]
    subprocess.run([*control, "-o", options, "start"], **quiet)
    try:
        yield f"postgresql+psycopg://loom@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **quiet)


def write(found: dict[str, dict[str, float]], runs: int, load: tuple[float, float]) -> None:
    """The table on the screen and in `bench/results`."""
    names = list(found)
    rows = [
        " | ".join([f"| {what}", *(f"{found[name][what]:.3g}" for name in names), AIMS.get(what, "")]) + " |"
        for what in found[names[0]]
    ]
    head = " | ".join(["| what", *names, "aim: at most"]) + " |"
    table = "\n".join([head, "|---" * (len(names) + 2) + "|", *rows])
    print(table)
    busy = f"{load[0]:.1f} at the start, {load[1]:.1f} at the end"
    facts, date = machine() | {"load": busy}, f"{datetime.now(UTC):%Y-%m-%d}"
    told = {"date": date, "machine": facts, "figures": found}
    RESULTS.with_suffix(".json").write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    lines = "\n".join(f"- {key}: {value}" for key, value in facts.items())
    title = f"# A queue of {runs:,} runs of 50 users, 20 workers, {date}"
    RESULTS.with_suffix(".md").write_text(f"{title}\n\n{table}\n\n{lines}\n", "utf-8")


if __name__ == "__main__":
    main()

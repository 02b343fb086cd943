"""`python -m bench.capacity`: what one event, one watcher, one upload, one claim and one look at the queue cost the server,
and what 10, 1,000 and 100,000 users need of it.

One server process, its own core; the clients have another. The table is reckoned from the measured costs and from ASSUMED,
which stand above it: change them there. Figures go to `bench/results/capacity.json` and `capacity.md`; nothing fails here.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import os
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import httpx2
import numpy as np
import psutil
from PIL import Image
from websockets.asyncio.client import connect

from bench.machine import machine
from loraloom.spec.event import StepLogged, encode
from loraloom.spec.work import BEAT_SECONDS
from loraloom.store.database import Database, sqlite_url
from loraloom.store.ids import new_id
from loraloom.store.tables import Run
from tests.e2e.served import Served
from tests.uploading import BYTES, TUS, metadata

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results" / "capacity"
WORKER = "bench-worker-token-of-no-value"
USERS = (10, 1_000, 100_000)
ASSUMED = {
    "runs of a user in a day": 2.0,
    "events of a run": 1_500.0,
    "device hours of a run": 0.5,
    "files of a run that workers send, MB": 150.0,
    "pictures uploaded by a user in a day, 1 MB each": 20.0,
    "looks at the queue by a user in a day": 40.0,
    "share of users who watch a run at the busiest time": 0.05,
    "messages a second to a watcher": 2.0,
    "share of a day's work in its busiest hour": 0.15,
    "share of a device's or a core's time that is planned for": 0.6,
}
BATCH = 10
"""Events in the messages that are measured."""
ROOM = {"memory of a server process, MB": 4_000.0, "network of a machine, MB/s": 125.0}
"""What one server process may take: a pod's usual limit, and a link of 1 Gbit/s."""


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="bench.capacity")
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--watchers", type=int, default=500)
    parser.add_argument("--uploads", type=int, default=30)
    parser.add_argument("--claims", type=int, default=100)
    parser.add_argument("--queued", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder) / "home", options)
    write(found)


def measure(home: Path, options: argparse.Namespace) -> dict[str, float]:
    """The figures."""
    server = Served(home, "--no-warm", "--no-train", LORALOOM_WORKER_TOKEN=WORKER).start()
    cores = sorted(os.sched_getaffinity(0))
    psutil.Process(server.pid).cpu_affinity(cores[:1])
    os.sched_setaffinity(0, cores[-1:])
    try:
        found = {"memory at idle, MB": memory(server)}
        dataset = server.sample_dataset()
        queue(server, home, dataset, options.queued)
        found |= pages(server, options.queued)
        found |= claims(server, options.claims, options.queued)
        found |= uploads(server, options.uploads)
        found |= events(server, options.events)
        found |= asyncio.run(watching(server, home, options.watchers))
        found["memory at the end, MB"] = memory(server)
        return found
    finally:
        os.sched_setaffinity(0, cores)
        server.stop()


def memory(server: Served) -> float:
    """MB that the server holds."""
    return psutil.Process(server.pid).memory_info().rss / 1e6


def cost(server: Served, count: int, work: Callable[[], Any]) -> float:
    """Milliseconds of the server's core for each of `count` things that `work` does, what it does anyway taken off."""
    process = psutil.Process(server.pid)

    def spent() -> float:
        times = process.cpu_times()
        return times.user + times.system

    idle, began = spent(), time.monotonic()
    time.sleep(1)
    idle = (spent() - idle) / (time.monotonic() - began)
    before, began = spent(), time.monotonic()
    work()
    time.sleep(0.5)  # what it finishes after its answer
    return max(0.0, spent() - before - idle * (time.monotonic() - began)) / count * 1000


def timed(seconds: list[float], call: Callable[[], Any]) -> Any:
    """What `call` gives, its time kept."""
    began = time.perf_counter()
    answer = call()
    seconds.append(time.perf_counter() - began)
    return answer


def queue(server: Served, home: Path, dataset: str, count: int) -> None:
    """`count` waiting runs: one made by the page's way, the others like it."""
    first = server.post("/api/runs", {"dataset": dataset, "config": {"preset": "quick-look"}})["id"]
    database = Database(sqlite_url(home))
    with database.session() as session:
        row = session.get_one(Run, first)
        like = {c.name: getattr(row, c.name) for c in Run.__table__.columns}
        session.add_all(Run(**like | {"id": new_id(), "place": row.place + number}) for number in range(1, count))
    database.close()


def pages(server: Served, queued: int) -> dict[str, float]:
    """The queue as the page asks for it."""
    seconds: list[float] = []
    sizes: list[int] = []

    def look() -> None:
        for _ in range(10):
            sizes.append(len(timed(seconds, lambda: server.client.get("/api/queue")).content))

    spent = cost(server, 10, look)
    return {
        f"queue page, {queued:,} waiting: core, ms": spent,
        f"queue page, {queued:,} waiting: median, ms": median(seconds) * 1000,
        f"queue page, {queued:,} waiting: kB": median(sizes) / 1000,
    }


def worker(server: Served, name: str, devices: int) -> tuple[httpx2.Client, str]:
    """A worker of many devices: its client and id."""
    client = httpx2.Client(base_url=server.address, timeout=60, headers={"Authorization": f"Bearer {WORKER}"})
    offered = [{"id": f"cuda:{n}", "name": "bench", "kind": "cuda", "memory_total": 80 * 10**9} for n in range(devices)]
    answer = client.post("/api/work/workers", json={"name": name, "devices": offered, "labels": [], "version": "bench"})
    assert answer.status_code == 200, answer.text
    return client, answer.json()["id"]


def claims(server: Served, count: int, queued: int) -> dict[str, float]:
    """Runs given to workers that have a device free; then all are given back."""
    seconds: list[float] = []
    granted: list[str] = []
    workers = [worker(server, f"claims{n}", 50) for n in range(-(-count // 50))]

    def claim() -> None:
        for number in range(count):
            client, worker_id = workers[number // 50]
            path, ask = f"/api/work/workers/{worker_id}/claim", {"device": f"cuda:{number % 50}"}
            answer = timed(seconds, partial(client.post, path, json=ask))
            assert answer.status_code == 200 and answer.json(), answer.text
            granted.append(answer.json()["token"])

    spent = cost(server, count, claim)
    for token in granted:
        headers = {"Authorization": f"Bearer {token}"}
        workers[0][0].post("/api/work/end", json={"code": 130, "returned": True}, headers=headers)
    seconds.sort()
    return {
        f"claim, {queued:,} waiting: core, ms": spent,
        f"claim, {queued:,} waiting: median, ms": median(seconds) * 1000,
        f"claim, {queued:,} waiting: p99, ms": seconds[int(len(seconds) * 0.99)] * 1000,
    }


def uploads(server: Served, count: int) -> dict[str, float]:
    """Pictures of 1 MB, each checked, decoded and written anew."""
    dataset = server.post("/api/datasets", {"name": "bench"})["id"]
    seconds: list[float] = []
    noise = np.random.default_rng(0)
    pictures: list[bytes] = []
    for _ in range(count):
        file = io.BytesIO()
        Image.fromarray(noise.integers(0, 255, (577, 577, 3), np.uint8)).save(file, "PNG")
        pictures.append(file.getvalue())

    def one(number: int) -> None:
        data = pictures[number]
        said = metadata(filename=f"{number}.png", filetype="image/png", dataset=dataset)
        headers = {**TUS, "Upload-Length": str(len(data)), **said}
        made = server.client.post("/api/uploads", headers=headers)
        assert made.status_code == 201, made.text
        upload = made.headers["location"].rsplit("/", 1)[-1]
        server.client.patch(f"/api/uploads/{upload}", content=data, headers={**BYTES, "Upload-Offset": "0"})
        while server.get(f"/api/uploads/{upload}/result")["state"] in ("receiving", "checking"):
            time.sleep(0.05)

    def send() -> None:
        for number in range(count):
            timed(seconds, lambda n=number: one(n))

    spent = cost(server, count, send)
    return {
        "upload of a picture of 1 MB: core, ms": spent,
        "upload of a picture of 1 MB: median, ms": median(seconds) * 1000,
    }


def step(number: int) -> str:
    """A step as a child writes it."""
    said = StepLogged(
        step=number, total_steps=100_000, epoch=1, loss=0.1 + 1 / number, smoothed_loss=0.1 + 1 / number,
        lr=1e-4, step_seconds=0.31, eta_seconds=10, eta_low_seconds=9, eta_high_seconds=12,
        memory_bytes=600_000_000, peak_memory_bytes=700_000_000, device="cuda:0", grad_norm=0.5,
    )  # fmt: skip
    return encode(number, datetime.now(UTC), said).rstrip("\n")


def events(server: Served, count: int) -> dict[str, float]:
    """Events of one run, BATCH in a message; and messages without any, which are signs of life."""
    client, worker_id = worker(server, "events", 1)
    work = client.post(f"/api/work/workers/{worker_id}/claim", json={"device": "cuda:0"}).json()
    client.headers["Authorization"] = f"Bearer {work['token']}"
    size, sent, seconds, sizes = (
        BATCH,
        work["last_seq"],
        list[float](),
        list[int](),
    )

    def send(lines: list[str]) -> None:
        nonlocal sent
        body = {"after": sent, "lines": lines}
        answer = timed(seconds, lambda: client.post("/api/work/events", json=body))
        assert answer.status_code == 200, answer.text
        sizes.append(len(answer.request.content))
        sent += len(lines)

    def all_of_them() -> None:
        for _ in range(count // size):
            send([step(number) for number in range(sent + 1, sent + 1 + size)])

    def beats() -> None:
        for _ in range(200):
            send([])

    spent = cost(server, count // size, all_of_them)
    bytes_of = sum(sizes) / (len(sizes) * size)
    seconds.sort()
    beat = cost(server, 200, beats)
    client.post("/api/work/end", json={"code": 130, "returned": True})
    return {
        f"message of {size} events: core, ms": spent,
        f"message of {size} events: median, ms": median(seconds) * 1000,
        f"message of {size} events: p99, ms": seconds[int(len(seconds) * 0.99)] * 1000,
        "event: bytes": bytes_of,
        "sign of life of a worker: core, ms": beat,
    }


async def watching(server: Served, home: Path, count: int) -> dict[str, float]:
    """Sockets on one run that says something twice a second."""
    client, worker_id = worker(server, "watched", 1)
    work = client.post(f"/api/work/workers/{worker_id}/claim", json={"device": "cuda:0"}).json()
    client.headers["Authorization"] = f"Bearer {work['token']}"
    received = characters = 0
    going = True
    before = memory(server)

    async def watch() -> None:
        nonlocal received, characters
        address = f"ws://127.0.0.1:{server.port}/api/runs/{work['run_id']}/events?after={work['last_seq']}"
        async with connect(address, open_timeout=60, ping_interval=None) as socket:
            while going:
                try:
                    message = await asyncio.wait_for(socket.recv(), 2)
                except TimeoutError:
                    continue
                received, characters = received + 1, characters + len(message)

    tasks = [asyncio.create_task(watch()) for _ in range(count)]
    while f"loraloom_watchers {float(count)}" not in (await asyncio.to_thread(server.client.get, "/metrics")).text:
        await asyncio.sleep(0.2)
    held = memory(server) - before
    process = psutil.Process(server.pid)
    times, began = process.cpu_times(), time.monotonic()
    for number in range(1, 21):
        body = {"after": work["last_seq"] + number - 1, "lines": [step(work["last_seq"] + number)]}
        await asyncio.to_thread(client.post, "/api/work/events", json=body)
        await asyncio.sleep(0.5)
    after, seconds = process.cpu_times(), time.monotonic() - began
    going = False
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.to_thread(client.post, "/api/work/end", json={"code": 130, "returned": True})
    assert received > 15 * count, f"only {received} messages arrived"
    spent = after.user + after.system - times.user - times.system
    return {
        "message to a watcher: core, ms": spent / received * 1000,
        "message to a watcher: bytes": characters / received,
        "watcher: memory, kB": max(0.0, held) / count * 1000,
        f"{count} watchers: share of a core": spent / seconds,
    }


def need(found: dict[str, float], users: int) -> dict[str, float]:
    """What so many users need at their busiest hour: devices, and of the server so many of what one process may take."""

    def of(start: str) -> float:
        return next(value for name, value in found.items() if name.startswith(start))

    busy = ASSUMED["share of a day's work in its busiest hour"] / 3600
    planned = ASSUMED["share of a device's or a core's time that is planned for"]
    runs = users * ASSUMED["runs of a user in a day"] * busy
    at_work, said = runs * ASSUMED["device hours of a run"] * 3600, runs * ASSUMED["events of a run"]
    messages = at_work / BEAT_SECONDS  # a worker speaks so often, with events or without
    event = max(0.0, of(f"message of {BATCH} events: core") - of("sign of life of a worker: core")) / BATCH
    watchers = users * ASSUMED["share of users who watch a run at the busiest time"]
    sent = watchers * ASSUMED["messages a second to a watcher"]
    pictures = users * ASSUMED["pictures uploaded by a user in a day, 1 MB each"] * busy
    core = {
        "messages of workers": messages * of("sign of life of a worker: core"),
        "events": said * event,
        "watchers": sent * of("message to a watcher: core"),
        "uploads": pictures * of("upload of a picture of 1 MB: core"),
        "claims": runs * of("claim"),
        "looks at the queue": users * ASSUMED["looks at the queue by a user in a day"] * busy * of("queue page"),
    }
    network = pictures + runs * ASSUMED["files of a run that workers send, MB"]
    network += (sent * of("message to a watcher: bytes") + said * of("event: bytes")) / 1e6
    held = of("memory at idle") + watchers * of("watcher: memory") / 1000
    return {
        "runs a day": users * ASSUMED["runs of a user in a day"],
        "devices": at_work / planned,
        **{f"core: {name}": ms / 1000 / planned for name, ms in core.items()},
        "server processes for their cores": sum(core.values()) / 1000 / planned,
        "server processes for their memory": held / ROOM["memory of a server process, MB"],
        "links of 1 Gbit/s, if files go through the server": network / ROOM["network of a machine, MB/s"] / planned,
        "writes to the database a second": messages + runs * 6,
        "new files a day, TB": users
        * ASSUMED["runs of a user in a day"]
        * ASSUMED["files of a run that workers send, MB"]
        / 1e6,
    }


def first_limit(needs: dict[str, float], users: int) -> tuple[str, float]:
    """What of one server process, or of its machine's link, runs out first, and at how many users."""
    shares = {name: value for name, value in needs.items() if name.startswith(("server processes", "links"))}
    worst = max(shares, key=shares.__getitem__)
    busiest = max((name for name in needs if name.startswith("core: ")), key=needs.__getitem__)
    words = worst.removeprefix("server processes for their ").removeprefix("links of ")
    return words + (f", most of them {busiest.removeprefix('core: ')}" if words == "cores" else ""), users / needs[
        worst
    ]


def shown(value: float) -> str:
    """Three figures, without powers of ten."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}" if value >= 0.001 or value == 0 else "< 0.001"


def write(found: dict[str, float]) -> None:
    """The tables on the screen and in `bench/results`."""
    needs = {users: need(found, users) for users in USERS}
    measured = "\n".join(
        ["| measured | |", "|---|---|", *(f"| {name} | {shown(value)} |" for name, value in found.items())]
    )
    assumed = "\n".join(
        ["| assumed | |", "|---|---|", *(f"| {name} | {value:g} |" for name, value in (ASSUMED | ROOM).items())]
    )
    heads = [
        "| needed in the busiest hour | " + " | ".join(f"{users:,} users" for users in USERS) + " |",
        "|---" * 4 + "|",
    ]
    rows = [
        "| " + " | ".join([name, *(shown(needs[users][name]) for users in USERS)]) + " |" for name in needs[USERS[0]]
    ]
    what, full = first_limit(needs[USERS[-1]], USERS[-1])
    limit = f"One server process is full at about {full:,.0f} users. What runs out first: {what}."
    needed = "\n".join([*heads, *rows])
    told = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine(), "figures": found, "assumed": ASSUMED | ROOM}
    facts = "\n".join(f"- {key}: {value}" for key, value in told["machine"].items())
    print("\n\n".join([measured, needed, limit]))
    RESULTS.with_suffix(".json").write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    parts = [f"# Capacity, {told['date']}", limit, needed, assumed, measured, facts]
    RESULTS.with_suffix(".md").write_text("\n\n".join(parts) + "\n", "utf-8")


if __name__ == "__main__":
    main()

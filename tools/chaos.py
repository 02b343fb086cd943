"""Breaks an installation on purpose, one thing at a time, while runs come in; then checks that nothing was lost or doubled.

    python tools/chaos.py --minutes 30 --seed 1

Described in docs/chaos.md. Exit code 1 when a claim does not hold. Needs what tests/cluster.py needs.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests import audit
from tests.cluster import BUCKET, Cluster, missing
from tests.stream import CONFIGS, Asker, undisturbed
from tests.tcp_proxy import Mode
from tests.workers import Working

LEASE = 20.0
WAITING = 4
"""So many runs wait at any time."""
QUIET = (6.0, 14.0)
"""Seconds between two faults."""
DISK_BYTES = 160 * 2**20
"""Of the small disk of the first worker."""
HOURS = (-30, -5, -1, 1, 6, 26)
LOG = logging.getLogger("chaos")


@dataclass
class Fault:
    """What was done, to whom, when it began (by this machine's clock) and which runs it hit."""

    kind: str
    target: str
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    runs: list[str] = field(default_factory=list[str])
    seconds: float = 0.0


class Chaos:
    """A time of misfortune: `run` brings it about, `problems` says what was seen meanwhile."""

    def __init__(self, root: Path, workers: int, seed: int) -> None:
        self.root, self.random = root, random.Random(seed)
        self.cluster = Cluster(root, workers, proxied=True, clocks=True)
        self.faults: list[Fault] = []
        self.problems: list[str] = []
        self.disk = self._mount(self.cluster.workers[0].home)
        self.asker: Asker
        self._bag: list[str] = []
        self.refused = 0
        self._moved: dict[str, int] = {}

    def run(self, minutes: float, seed: int) -> None:
        """Start, disturb, quieten, wait for the end."""
        LOG.info("training each config once, undisturbed")
        self.expected = undisturbed(self.root, range(len(CONFIGS)))
        LOG.info("LoRAs: %s", {name: sha256[:12] for name, sha256 in self.expected.items()})
        self.cluster.start()
        audit.install(self.cluster.database)
        self.asker = Asker(self.cluster.server.address, self.cluster.add_users("ann", "bob", "cat"), seed)
        self.before = self._weigh()
        until = time.monotonic() + minutes * 60
        self._wait(5)
        while time.monotonic() < until:
            self._one_fault()
            self._wait(self.random.uniform(*QUIET))
        LOG.info("no more faults; waiting for what is left")
        self._settle()

    def _one_fault(self) -> None:
        if not self._bag:
            self._bag = [kind for kind, weight in self._kinds().items() for _ in range(weight)]
            self.random.shuffle(self._bag)
        kind = self._bag.pop()
        started = time.monotonic()
        fault = Fault(kind, "")
        self.faults.append(fault)
        getattr(self, f"_{kind}")(fault)
        fault.seconds = time.monotonic() - started
        LOG.info("%s %s, %.0f s, %s", kind, fault.target, fault.seconds, " ".join(fault.runs))

    def _kinds(self) -> dict[str, int]:
        """Kind -> how often in a round."""
        kinds = {"worker_killed": 2, "worker_gone": 1, "child_killed": 3, "server_killed": 2, "redis_killed": 1}
        kinds |= {"postgres_killed": 2, "wire_cut": 1, "wire_cut_long": 1, "wire_stalled": 1, "wire_slow": 1}
        kinds |= {"answers_lost": 1, "store_stalled": 1, "store_cut": 1}
        kinds |= {"disk_full": 1} if self.disk else {}
        return kinds | ({"clock_moved": 2} if self.cluster.has_clocks else {})

    def _worker_killed(self, fault: Fault) -> None:
        worker = self._pick(fault)
        worker.kill()
        time.sleep(self.random.uniform(0.5, 6))
        worker.start()

    def _worker_gone(self, fault: Fault) -> None:
        worker = self._pick(fault)
        children = worker.children()
        worker.kill()
        if self.random.random() < 0.5:  # the whole machine, not only the program
            for child in children:
                with contextlib.suppress(psutil.Error):
                    child.kill()
        self._wait(LEASE + 8)
        worker.start()

    def _child_killed(self, fault: Fault) -> None:
        there = [(worker, child) for worker in self.cluster.workers for child in worker.children()]
        if not there:
            fault.target = "nobody"
            return
        worker, child = self.random.choice(there)
        fault.target = worker.name
        fault.runs = _runs_of(worker)
        with contextlib.suppress(psutil.Error):
            child.kill()

    def _server_killed(self, fault: Fault) -> None:
        fault.target = "server"
        self.cluster.server.kill()
        time.sleep(self.random.uniform(0.2, 6))
        self.cluster.server.start()

    def _redis_killed(self, fault: Fault) -> None:
        self._bounce(fault, self.cluster.redis)

    def _postgres_killed(self, fault: Fault) -> None:
        self._bounce(fault, self.cluster.postgres)

    def _bounce(self, fault: Fault, program: Any) -> None:
        fault.target = program.name
        program.kill()
        time.sleep(self.random.uniform(0.2, 8))
        program.start()

    def _wire_cut(self, fault: Fault) -> None:
        self._wire(fault, "cut", self.random.uniform(2, 12))

    def _wire_cut_long(self, fault: Fault) -> None:
        self._wire(fault, "cut", LEASE + 8)

    def _wire_stalled(self, fault: Fault) -> None:
        self._wire(fault, "stall", self.random.uniform(4, LEASE + 8))

    def _wire_slow(self, fault: Fault) -> None:
        self._wire(fault, "slow", self.random.uniform(10, 20))

    def _answers_lost(self, fault: Fault) -> None:
        self._wire(fault, "deaf", self.random.uniform(3, 10))

    def _wire(self, fault: Fault, mode: Mode, seconds: float) -> None:
        worker = self._pick(fault)
        wire = self.cluster.wires[self.cluster.workers.index(worker)]
        wire.set(mode)
        self._wait(seconds)
        wire.set("pass")

    def _store_stalled(self, fault: Fault) -> None:
        fault.target = "s3"
        self.cluster.s3.halt(self.random.uniform(3, 10))

    def _store_cut(self, fault: Fault) -> None:
        fault.target = "s3"
        assert self.cluster.s3_wire is not None
        self.cluster.s3_wire.set("cut")
        self._wait(self.random.uniform(3, 12))
        self.cluster.s3_wire.set("pass")

    def _disk_full(self, fault: Fault) -> None:
        worker = self.cluster.workers[0]
        fault.target, fault.runs = worker.name, _runs_of(worker)
        filler = worker.home / "filler"
        with contextlib.suppress(OSError), filler.open("wb") as stream:
            while True:
                stream.write(bytes(2**16))
                stream.flush()
        self._wait(self.random.uniform(8, 20))
        filler.unlink(missing_ok=True)

    def _clock_moved(self, fault: Fault) -> None:
        """It stays moved until the next time, and at the end it is right again."""
        fault.target = self.random.choice(["server", "server", *self.cluster.names])
        self._moved[fault.target] = self.random.choice(HOURS) * 3600 + self.random.randrange(600)
        fault.target += f" {self._moved[fault.target] / 3600:+.1f} h"
        self.cluster.set_clock(fault.target.split()[0], self._moved[fault.target.split()[0]])
        self._wait(self.random.uniform(4, 12))

    def _pick(self, fault: Fault) -> Working:
        busy = [worker for worker in self.cluster.workers if _runs_of(worker)]
        worker = self.random.choice(busy or self.cluster.workers)
        fault.target, fault.runs = worker.name, _runs_of(worker)
        return worker

    def _wait(self, seconds: float) -> None:
        """Let time pass; runs come in meanwhile, and whoever ended by itself is noted and started again."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._check_alive()
            if self._count("queued") < WAITING:
                self.asker.ask()
            time.sleep(0.5)

    def _check_alive(self) -> None:
        down = {fault.target for fault in self.faults[-1:] if not fault.seconds and fault.kind == "worker_gone"}
        for worker in self.cluster.workers:
            if worker.name not in down and worker.process is not None and worker.process.poll() is not None:
                self.problems.append(f"{worker.name} ended by itself with {worker.process.returncode}")
                worker.start()
        if psutil.Process(self.cluster.server.pid).status() == psutil.STATUS_ZOMBIE:
            self.problems.append("the server ended by itself")
            self.cluster.server.kill()
            self.cluster.server.start()

    def _count(self, *states: str) -> int:
        named = ", ".join(f"'{state}'" for state in states)
        return audit.rows(self.cluster.database, f"SELECT count(*) AS n FROM runs WHERE state IN ({named})")[0]["n"]

    def _settle(self) -> None:
        for who in self._moved:
            self.cluster.set_clock(who, 0)
        until = time.monotonic() + 900
        while (left := self._count("queued", "preparing", "running", "lost")) and time.monotonic() < until:
            self._check_alive()
            time.sleep(2)
        if left:
            self.problems.append(f"{left} runs are still not done")
        time.sleep(8)
        self.after = self._weigh()

    def _weigh(self) -> dict[str, tuple[int, int, int]]:
        """Name -> files open, threads, bytes of memory of each long process."""
        time.sleep(4)
        pids = {worker.name: worker.process.pid for worker in self.cluster.workers if worker.process}
        pids["server"] = self.cluster.server.pid
        found: dict[str, tuple[int, int, int]] = {}
        for name, pid in pids.items():
            process = psutil.Process(pid)
            found[name] = process.num_fds(), process.num_threads(), process.memory_info().rss
        return found

    def _mount(self, home: Path) -> bool:
        """A small disk of its own for a worker, where this is allowed."""
        home.mkdir(parents=True)
        size = f"size={DISK_BYTES}"
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "loom", str(home)], check=False, capture_output=True)
        return done.returncode == 0

    def stop(self) -> None:
        """End everything."""
        with contextlib.suppress(AttributeError):
            self.asker.close()
        self.cluster.stop()
        if self.disk:
            subprocess.run(["umount", "-l", str(self.cluster.workers[0].home)], check=False)


def check(chaos: Chaos) -> list[str]:
    """Every claim; what does not hold."""
    cluster, home = chaos.cluster, chaos.root / "home"
    facts = audit.read(cluster.database)
    wrong = list(chaos.problems) + audit.writers(facts)
    runs = audit.rows(cluster.database, "SELECT id, name, state, error FROM runs")
    alone = (chaos.root / "undisturbed" / "runs").glob("*/checkpoints")
    most_kept = max(len(list(folder.iterdir())) for folder in alone)
    for run in runs:
        error = run["error"] or {}
        if run["state"] not in ("finished", "failed"):
            wrong.append(f"run {run['id']} is {run['state']}")
        if run["state"] == "failed" and not (
            error.get("code") and error.get("message") and error["code"] != "internal"
        ):
            wrong.append(f"run {run['id']} failed for no stated reason: {error}")
        wrong += audit.events(home / "runs" / run["id"], run["state"])
        kept = len(list((home / "runs" / run["id"] / "checkpoints").glob("*")))
        if kept > most_kept:
            wrong.append(f"run {run['id']} has {kept} checkpoints, and should keep {most_kept}")
        if run["state"] == "finished":
            (file,) = (home / "runs" / run["id"] / "lora").glob("*.safetensors")
            if audit.hash_of(file) != chaos.expected[run["name"]]:
                wrong.append(f"run {run['id']} ({run['name']}): another LoRA than undisturbed")
    for one in audit.rows(
        cluster.database, "SELECT run_id, count(*) AS n FROM loras GROUP BY run_id HAVING count(*) > 1"
    ):
        wrong.append(f"run {one['run_id']} has {one['n']} LoRAs")
    wrong += audit.files(cluster.database, home, audit.bucket(cluster.s3_port, BUCKET, "cluster/blobs/"))
    wrong += audit.caches(home / "cache", *(worker.home / "cache" for worker in cluster.workers))
    return wrong + _left(chaos)


def _left(chaos: Chaos) -> list[str]:
    """Folders, processes, connections and threads that nobody needs any more."""
    wrong: list[str] = []
    for worker in chaos.cluster.workers:
        left = [
            str(path.relative_to(worker.home)) for name in ("runs", "kept") for path in (worker.home / name).glob("*")
        ]
        if left:
            wrong.append(f"{worker.name} has left {left}")
    for process in psutil.process_iter(["pid", "cmdline"]):
        told = " ".join(process.info["cmdline"] or [])
        if str(chaos.root) in told and "loraloom.train" in told:
            wrong.append(f"a child is left: {process.info['pid']} {told[-200:]}")
    for name, (files, threads, _) in chaos.after.items():
        if files > chaos.before[name][0] + 40 or threads > chaos.before[name][1] + 40:
            wrong.append(f"{name} has {files} files open and {threads} threads; at first {chaos.before[name][:2]}")
    leases = audit.rows(chaos.cluster.database, "SELECT device, run_id FROM leases WHERE run_id IS NOT NULL")
    return wrong + [f"the device {one['device']} is held by {one['run_id']}" for one in leases]


def report(chaos: Chaos, seconds: float) -> None:
    """The figures."""
    cluster = chaos.cluster
    facts = audit.read(cluster.database)
    runs = audit.rows(cluster.database, "SELECT id, state, error, attempts, losses FROM runs")
    ends = Counter(fact.what.removeprefix("end:") for fact in facts if fact.what.startswith("end:"))
    counts = cluster.counts
    say("")
    say(f"{seconds / 60:.1f} minutes of faults, {len(cluster.workers)} workers")
    say(f"runs: {len(runs)}, " + _told(Counter(run["state"] for run in runs)))
    for code, count in Counter((run["error"] or {}).get("code") for run in runs if run["state"] == "failed").items():
        say(f"  failed with {code}: {count}")
    say(f"faults: {len(chaos.faults)}, " + _told(Counter(fault.kind for fault in chaos.faults)))
    say(f"grants: {sum(fact.what == 'given' for fact in facts)}, ended as " + _told(ends))
    say(f"most grants of one run: {max((fact.fence for fact in facts), default=0)}")
    say(
        f"writes taken: {sum(fact.what == 'write' for fact in facts)}; stale writes refused: {_refused(cluster.workers)}"
    )
    events = sum(_lines(chaos.root / "home" / "runs" / run["id"] / "events.jsonl") for run in runs)
    say(f"events kept: {events}; sent: {counts.events}, of them again: {counts.events_again}")
    say(
        f"files sent: {counts.part_bytes / 1e6:.1f} MB in {counts.parts} parts, of them again: "
        f"{counts.part_bytes_again / 1e6:.1f} MB in {counts.parts_again}; all bytes up {counts.bytes_up / 1e6:.1f} MB, "
        f"down {counts.bytes_down / 1e6:.1f} MB"
    )
    for kind, times in sorted(noticed(chaos.faults, facts).items()):
        say(
            f"noticed {kind}: {len(times)} times, longest {max(times):.1f} s, median {sorted(times)[len(times) // 2]:.1f} s"
        )
    for name, (files, threads, memory) in chaos.after.items():
        before = chaos.before[name]
        say(
            f"{name}: files open {before[0]} -> {files}, threads {before[1]} -> {threads}, "
            f"memory {before[2] / 1e6:.0f} -> {memory / 1e6:.0f} MB"
        )


def noticed(faults: Sequence[Fault], facts: Sequence[audit.Fact]) -> dict[str, list[float]]:
    """Kind -> seconds from a fault that ends a run's grant to the end of that grant."""
    found: dict[str, list[float]] = defaultdict(list)
    for fault in faults:
        if fault.kind not in ("child_killed", "worker_gone", "wire_cut_long"):
            continue
        for run in fault.runs:
            after = [
                fact for fact in facts if fact.run_id == run and fact.at > fault.at and fact.what.startswith("end:")
            ]
            late = fault.at + timedelta(seconds=60)
            if after and after[0].at < late:
                found[f"{fault.kind} ({after[0].what.removeprefix('end:')})"].append(
                    (after[0].at - fault.at).total_seconds()
                )
    return found


def _refused(workers: Sequence[Working]) -> int:
    return sum(worker.log.read_text("utf-8", "replace").count('"message": "refused: ') for worker in workers)


def _runs_of(worker: Working) -> list[str]:
    return [file.name.partition(".")[0] for file in (worker.home / "kept").glob("*.json")]


def _lines(file: Path) -> int:
    return file.read_bytes().count(b"\n") if file.exists() else 0


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


def say(line: str) -> None:
    """Print it at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--keep", action="store_true", help="leave the folder")
    asked = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)  # what was started is ended
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s", stream=sys.stdout)
    LOG.setLevel(logging.INFO)
    lacking = missing()
    if lacking:
        say(f"needs {lacking}")
        return 2
    root = Path(tempfile.mkdtemp(prefix="chaos-"))
    root.chmod(0o755)
    LOG.info("in %s, seed %d", root, asked.seed)
    chaos = Chaos(root, asked.workers, asked.seed)
    wrong = ["it came to no end"]
    try:
        chaos.run(asked.minutes, asked.seed)
        wrong = check(chaos)
        report(chaos, asked.minutes * 60)
    finally:
        chaos.stop()
    say("")
    for line in wrong:
        say(f"wrong: {line}")
    say("verdict: " + ("everything holds" if not wrong else f"{len(wrong)} claims do not hold"))
    if not asked.keep and not wrong:
        shutil.rmtree(root, ignore_errors=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

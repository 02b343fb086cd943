"""Sixty small runs of three users with mixed priorities on three workers: each finishes, once, in the order of the rules.

    python tools/many_runs.py [--runs 60] [--workers 3]

Server, PostgreSQL, Redis, an S3 server and the workers are separate processes of this machine (tests/cluster.py). Prints a
table; exit code 1 when a claim does not hold.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests import audit, turns
from tests.cluster import BUCKET, Cluster, missing
from tests.stream import CONFIGS, PRIORITIES, Asker, undisturbed

USERS = ("ann", "bob", "cat")
RUNS = "SELECT r.*, u.name AS owner FROM runs r JOIN users u ON u.id = r.user_id ORDER BY r.place"


def carry_out(cluster: Cluster, count: int, seconds: float) -> None:
    """Queue all while the queue is paused, let go, and wait."""
    asker = Asker(cluster.server.address, cluster.add_users(*USERS), seed=7)
    asker.call(USERS[0], "PUT", "/api/queue/paused", {"paused": True})
    for number in range(count):  # ann asks for half of all, and first
        user = USERS[0] if number < count // 2 else USERS[number % 3]
        asker.ask(user, number % len(CONFIGS), PRIORITIES[number * 7 % len(PRIORITIES)])
    asker.call(USERS[0], "PUT", "/api/queue/paused", {"paused": False})
    until, begun = time.monotonic() + seconds, time.monotonic()
    while time.monotonic() < until:
        states = Counter(row["state"] for row in audit.rows(cluster.database, "SELECT state FROM runs"))
        say(f"{time.monotonic() - begun:5.0f} s  " + ", ".join(f"{key} {states[key]}" for key in sorted(states)))
        if not states.keys() - {"finished", "failed", "cancelled"}:
            break
        time.sleep(10)
    asker.close()


def check(cluster: Cluster, home: Path, expected: dict[str, str]) -> list[str]:
    """Every claim; what does not hold."""
    facts = audit.read(cluster.database)
    runs = audit.rows(cluster.database, RUNS)
    wrong = audit.writers(facts)
    for run in runs:
        wrong += _check_run(run, home, expected)
        ends = [fact.what for fact in facts if fact.run_id == run["id"] and fact.what.startswith("end:")]
        given = [fact for fact in facts if fact.run_id == run["id"] and fact.what == "given"]
        if ends != ["end:ended"] or len(given) != 1 or run["fence"] != 1 or run["attempts"] != 1:
            wrong.append(f"run {run['id']}: {len(given)} grants, {run['attempts']} attempts, ends {ends}")
    loras = audit.rows(cluster.database, "SELECT run_id, sha256 FROM loras")
    if Counter(one["run_id"] for one in loras) != Counter(run["id"] for run in runs):
        wrong.append(f"{len(loras)} LoRAs of {len(runs)} runs")
    line = [turns.Waiting(run["id"], run["user_id"], run["priority"], run["place"]) for run in runs]
    against, close = turns.check(line, facts)
    say(f"order: {len(runs)} grants, {len(against)} against the rule, {close} in the same moment as an end")
    wrong += against
    wrong += audit.files(cluster.database, home, audit.bucket(cluster.s3_port, BUCKET, "cluster/blobs/"))
    return wrong + audit.caches(home / "cache", *(worker.home / "cache" for worker in cluster.workers))


def _check_run(run: dict[str, Any], home: Path, expected: dict[str, str]) -> list[str]:
    folder = home / "runs" / run["id"]
    if run["state"] != "finished":
        return [f"run {run['id']} is {run['state']}: {run['error']}"]
    (file,) = (folder / "lora").glob("*.safetensors")
    other = [] if audit.hash_of(file) == expected[run["name"]] else [f"run {run['id']}: another LoRA than here"]
    return audit.events(folder, "finished") + other


def table(cluster: Cluster, home: Path) -> None:
    """The runs in the order in which they were given."""
    facts = audit.read(cluster.database)
    given = {fact.run_id: fact.at for fact in facts if fact.what == "given"}
    ended = {fact.run_id: fact.at for fact in facts if fact.what.startswith("end:")}
    rows = {run["id"]: run for run in audit.rows(cluster.database, RUNS)}
    joined = {run_id: number for number, run_id in enumerate(rows, 1)}
    first = min(given.values())
    say("given  ended  queued  user  priority  worker  config   events  LoRA          state")
    for run_id in sorted(given, key=lambda one: given[one]):
        run, folder = rows[run_id], home / "runs" / run_id
        sha256 = next((audit.hash_of(file)[:12] for file in (folder / "lora").glob("*.safetensors")), "")
        end = (ended[run_id] - first).total_seconds() if run_id in ended else -1
        say(
            f"{(given[run_id] - first).total_seconds():5.1f}  {end:5.1f}  {joined[run_id]:6}  {run['owner']:4}  "
            f"{run['priority']:8}  {run['device']:6}  {run['name']:7}  {run['last_seq']:6}  {sha256:12}  {run['state']}"
        )


def say(line: str) -> None:
    """Print it at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5400, help="to wait for the runs")
    asked = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)  # what was started is ended
    lacking = missing()
    if lacking:
        say(f"needs {lacking}")
        return 2
    root = Path(tempfile.mkdtemp(prefix="many-"))
    root.chmod(0o755)
    expected = undisturbed(root, range(len(CONFIGS)))
    cluster = Cluster(root, asked.workers)
    wrong = ["it came to no end"]
    try:
        cluster.start()
        audit.install(cluster.database)
        carry_out(cluster, asked.runs, asked.seconds)
        table(cluster, root / "home")
        wrong = check(cluster, root / "home", expected)
    finally:
        cluster.stop()
    for line in wrong:
        say(f"wrong: {line}")
    say("verdict: " + ("everything holds" if not wrong else f"{len(wrong)} claims do not hold"))
    if not wrong:
        shutil.rmtree(root, ignore_errors=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

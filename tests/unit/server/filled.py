"""Rows of every kind in a server's database, and finished runs beside their forecasts."""

from __future__ import annotations

from datetime import timedelta

from loraloom.server.context import Context
from loraloom.spec.forecast import Forecast, Outcome, Range
from loraloom.store import users
from loraloom.store.ids import new_id
from loraloom.store.tables import Grant, Lease, Run, Worker, now


def add_run(context: Context, **columns: object) -> str:
    with context.database.session() as session:
        user = users.ensure_local(session)
        run = Run(id=new_id(), name="r", user_id=user.id, family="sd1", base_model="thimble", **columns)
        session.add(run)
        return run.id


def fill(context: Context) -> None:
    """Runs, workers and devices of every kind."""
    add_run(context, state="queued", priority=5, queued_at=now() - timedelta(seconds=90))
    add_run(context, state="queued")
    add_run(context, state="queued")
    local, far, silent = (add_run(context, state="running") for _ in range(3))
    cards = [{"id": f"cuda:{n}", "name": "X", "kind": "cuda", "memory_total": 1} for n in range(2)]
    with context.database.session() as session:
        session.add(Lease(device="cpu", run_id=local, token=1))
        session.add(Lease(device="left/cuda:1", run_id=far, token=1))
        session.add(Worker(id="w1", name="left", devices=cards))
        session.add(Worker(id="w2", name="right", devices=cards, draining=True))
        session.add(Worker(id="w3", name="lost", devices=cards, seen_at=now() - timedelta(hours=1)))
        session.flush()
        session.add(Grant(run_id=far, fence=1, worker_id="w1", device="cuda:1", secret="a"))
        quiet = now() - timedelta(seconds=30)
        session.add(Grant(run_id=silent, fence=2, worker_id="w3", device="cuda:0", secret="b", beat_at=quiet))
        session.add(
            Grant(run_id=silent, fence=1, worker_id="w1", device="cuda:0", secret="c", ended_at=now(), how="taken")
        )


def outcome(run: str, seconds: float) -> Outcome:
    """A run that was forecast to take 100 s and 2 GB, and took `seconds` and 1 GB."""
    told = Forecast(
        steps=10, seconds=Range(p10=80, p50=100, p90=120), peak_memory_bytes=Range(p10=1e9, p50=2e9, p90=3e9),
        stages=(), step_seconds=1, disk_bytes=0, free_memory_bytes=0, source="model", device="cpu", fits=True,
    )  # fmt: skip
    took = {"loading": 0.0, "caching": 0.0, "training": seconds, "sampling": 0.0, "exporting": 0.0}
    took |= {"step": seconds / 10, "peak_memory_bytes": 1e9}
    return Outcome(
        id=run, name="r", time=now().isoformat(), device="cpu", family="sd1", base_model="thimble",
        features={}, expected={}, took=took, told=told,
    )  # fmt: skip

"""A run is one trace, from the request that made it to the worker that carried it out, through real processes and Redis."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.served import Served
from tests.otlp import receiving
from tests.workers import TOKEN, Working

BROWSER = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[str]:
    """URL of an empty Redis on loopback."""
    program = shutil.which("redis-server")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("Redis is missing, and CI must have it")
        pytest.skip("needs Redis (Debian: redis-server)")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            assert time.monotonic() < until and process.poll() is None
            time.sleep(0.05)
    yield f"redis://127.0.0.1:{port}/0"
    process.kill()
    process.wait()


def test_a_run_is_one_trace(redis: str, tmp_path: Path) -> None:
    with receiving() as got:
        around = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": got.endpoint,
            "OTEL_BSP_SCHEDULE_DELAY": "200",
            "LORALOOM_REDIS": redis,
            "LORALOOM_WORKER_TOKEN": TOKEN,
        }
        server = Served(tmp_path / "home", "--no-warm", "--no-train", **around).start()
        worker = Working(server.address, tmp_path / "w1", "w1", **around).start()
        try:
            server.client.headers["traceparent"] = f"00-{BROWSER}-00f067aa0ba902b7-01"
            run = server.start_run(training={"steps": 12})
            del server.client.headers["traceparent"]
            done = server.wait_for(run, "finished", "failed")
            assert done["state"] == "finished", server.tell(run) + worker.log.read_text()
            assert worker.drain() == 0
        finally:
            worker.stop()
            server.stop()
        mine = [span for span in got.spans if span.trace == BROWSER]
        services = {(span.service, span.name) for span in mine}
        assert {
            ("loraloom-server", "POST /api/runs"),
            ("loraloom-server", "give run"),
            ("loraloom-worker", "carry out"),
            ("loraloom-worker", "hand over"),
            ("loraloom-server", "POST /api/work/files"),
            ("loraloom-server", "settle"),
        } <= services, sorted(services)
        assert not [span for span in got.spans if span.name == "POST /api/work/events"], "signs of life are no traces"
        ids = {span.id for span in mine} | {"00f067aa0ba902b7"}
        assert {span.parent for span in mine} <= ids, "no span hangs in the air"
        assert {span.attributes.get("loraloom.run", run) for span in mine} == {run}
        logged = [line for line in worker.log.read_text().splitlines() if BROWSER in line and run in line]
        assert logged, "a line of the worker's log names the run and its trace"

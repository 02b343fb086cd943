"""The whole way: a server whose runs are Jobs of a real API server, carried out by `loraloom worker --once`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.served import Served, wait
from tests.e2e.test_survival import no_hole
from tests.kubernetes.conftest import IMAGE
from tests.kubernetes.control_plane import RUNNER, ControlPlane
from tests.kubernetes.kubelet import Kubelet

Start = Callable[..., Served]


@pytest.fixture
def start(control_plane: ControlPlane, namespace: str, tmp_path: Path) -> Iterator[Start]:
    """Starts a server that gives its runs to the cluster."""
    started: list[Served] = []

    def make(**changes: Any) -> Served:
        file = tmp_path / "kubernetes.yaml"
        server = Served(tmp_path / "home", "--no-warm", "--no-train", LORALOOM_KUBERNETES=str(file))
        content: dict[str, Any] = {
            "image": IMAGE,
            "server_url": server.address,
            "namespace": namespace,
            "command": [sys.executable, "-m", "loraloom", "worker"],
            "classes": [],
            "most_jobs": 2,
            "cpu": "100m",
            "memory": "4Gi",
            "disk": "1Gi",
            "shared_memory": "16Mi",
            "grace_seconds": 60,
            "env": {"OMP_NUM_THREADS": "1"},
            "kubeconfig": str(control_plane.kubeconfig(RUNNER)),
        }
        file.write_text(yaml.safe_dump(content | changes))
        started.append(server.start())
        return server

    yield make
    for server in started:
        server.stop()


def told(server: Served, run: str, node: Kubelet) -> str:
    return server.tell(run) + "\n".join(node.logs())[-4000:]


def test_a_run_is_carried_out_by_a_pod(start: Start, node: Kubelet) -> None:
    server = start()
    run = server.start_run()
    done = server.wait_for(run, "finished", "failed", seconds=300)
    assert (done["state"], done["attempts"], done["worker"]) == ("finished", 1, "kubernetes"), told(server, run, node)
    no_hole(server.events(run), 40)
    assert server.get("/api/loras")["items"][0]["run"] == run
    wait(lambda: not node.processes(), "the pod lives on", 60)


def test_a_run_that_is_pushed_aside_goes_on_later(start: Start, node: Kubelet, priorities: dict[int, str]) -> None:
    server = start(priority_classes=priorities, cpu="5")  # of the node's eight
    low = server.start_run(training={"steps": 200}, checkpoints={"every_steps": 10})
    server.wait_for_step(low, 12, seconds=300)
    body = {"dataset": server.sample_dataset(), "config": small(), "priority": 10}
    high = server.post("/api/runs", body)["id"]
    done = server.wait_for(high, "finished", "failed", seconds=300)
    assert done["state"] == "finished", told(server, high, node)
    done = server.wait_for(low, "finished", "failed", seconds=600)
    assert (done["state"], done["attempts"] >= 2) == ("finished", True), told(server, low, node)
    assert done["resumed_from"] >= 10
    no_hole(server.events(low), 200)


def small() -> dict[str, Any]:
    from tests.e2e.served import SMALL

    return SMALL


def test_the_server_is_killed_while_a_pod_works(start: Start, node: Kubelet) -> None:
    server = start()
    run = server.start_run()
    server.wait_for_step(run, 5, seconds=300)
    server.kill()
    server.start()
    done = server.wait_for(run, "finished", "failed", seconds=300)
    assert (done["state"], done["attempts"]) == ("finished", 1), told(server, run, node)
    no_hole(server.events(run), 40)

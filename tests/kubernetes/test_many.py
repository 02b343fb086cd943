"""Many runs on few GPUs, with what the server does when one is pushed aside; and Jobs of every kind of settings."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from kubernetes import client

from loraloom.jobs.runners.kubernetes import JobAsk, KubernetesRunner, Settings, job_of
from loraloom.spec.errors import LoomError
from tests.kubernetes.conftest import ask, eventually, wait_for
from tests.kubernetes.kubelet import Kubelet, read

Make = Callable[..., KubernetesRunner]
NEW_IN_LATER_VERSIONS = {"podReplacementPolicy", "suspend"}


def test_every_run_ends_once_whoever_is_pushed_aside(
    made_runner: Make, nodes: Callable[[int], Kubelet], priorities: dict[int, str]
) -> None:
    both = [nodes(1), nodes(1)]
    runner, endless = (made_runner(how, priority_classes=priorities) for how in ("work", "wait"))
    fences = {f"run{number}": 1 for number in range(10)}
    priority = {run_id: 20 if number in (4, 7) else 0 for number, run_id in enumerate(fences)}
    for run_id in ("run0", "run1"):
        endless.start(ask(run_id))
    eventually(lambda: all(node.processes() for node in both), "work for both nodes")
    for run_id in sorted(fences, key=lambda one: -priority[one]):
        if run_id not in ("run0", "run1"):
            runner.start(ask(run_id, priority=priority[run_id]))
    going, aside = set(fences), Counter[str]()
    until = time.monotonic() + 300
    while going:
        assert time.monotonic() < until, f"still going: {going}"
        for state in runner.look([(run_id, fences[run_id]) for run_id in going]):
            if state.run_id not in going or state.fence != fences[state.run_id]:
                continue
            assert state.phase != "gone"
            if state.phase == "succeeded":
                going.remove(state.run_id)
            elif state.phase == "failed":
                assert state.reason and state.reason.code == "preempted"
                aside[state.run_id] += 1
                runner.stop(state.run_id, state.fence)
                fences[state.run_id] += 1
                runner.start(ask(state.run_id, fences[state.run_id], priority=priority[state.run_id]))
        time.sleep(0.1)
    assert aside == {"run0": 1, "run1": 1}
    assert Counter(said_done(both)) == dict.fromkeys(fences, 1)
    assert [node.most for node in both] == [1, 1]


def said_done(nodes: list[Kubelet]) -> list[str]:
    """Ids of the runs whose process came to its end, once for each."""
    logs = [text for node in nodes for text in node.logs() if text.endswith("done\n")]
    return [re.findall(r"LORALOOM_POD loraloom-(\w+)-", text)[0] for text in logs]


def test_the_class_decides_where_it_runs(made_runner: Make, nodes: Callable[..., Kubelet]) -> None:
    small, large = nodes(1, gpu="l4"), nodes(1, gpu="a100")
    classes = [
        {"name": "l4", "memory_bytes": "24GiB", "node_selector": {"gpu": "l4"}},
        {"name": "a100", "memory_bytes": "80GiB", "node_selector": {"gpu": "a100"}},
    ]
    runner = made_runner("wait", classes=classes)
    runner.start(ask("little", needs_bytes=8 << 30))
    runner.start(ask("much", needs_bytes=60 << 30))
    assert wait_for(runner, "little", lambda one: one.phase == "running").node == small.name
    assert wait_for(runner, "much", lambda one: one.phase == "running").node == large.name
    with pytest.raises(LoomError, match=r"needs 100\.0 GB"):
        runner.start(ask("too-much", needs_bytes=100 << 30))
    assert {one.run_id for one in runner.look()} == {"little", "much"}


@pytest.mark.parametrize("needs", [0, 20 << 30])
def test_the_server_keeps_the_whole_job(needs: int, namespace: str, admin: client.ApiClient) -> None:
    """What is misspelt or in the wrong place, an API server drops without a word."""
    settings = Settings.of(
        {
            "image": "loraloom:1",
            "server_url": "http://loraloom:7860",
            "namespace": namespace,
            "classes": [
                {
                    "name": "l4",
                    "memory_bytes": "24GiB",
                    "node_selector": {"cloud/gpu": "l4"},
                    "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
                }
            ],
            "priority_classes": {0: "system-node-critical"},
            "kueue_queue": "training",
            "image_pull_secrets": ["registry"],
            "active_deadline_seconds": 86400,
            "env": {"HTTPS_PROXY": "http://proxy:3128"},
        }
    )
    wanted = job_of(settings, JobAsk("r1", 1, "t", needs_bytes=needs))
    api = client.BatchV1Api(admin)
    kept = read(api.create_namespaced_job(namespace, wanted, dry_run="All", _preload_content=False))
    assert set(_lost(wanted, kept)) == NEW_IN_LATER_VERSIONS


def _lost(wanted: Any, kept: Any, key: str = "") -> list[str]:
    """Keys whose content in `wanted` is not in `kept`, or another."""
    if isinstance(wanted, dict) and isinstance(kept, dict):
        return [name for key in wanted for name in (_lost(wanted[key], kept[key], key) if key in kept else [key])]
    if isinstance(wanted, list) and isinstance(kept, list) and len(wanted) <= len(kept):
        return [name for pair in zip(wanted, kept, strict=False) for name in _lost(*pair, key)]
    return [] if wanted == kept else [key]

"""What Jobs, pods and events say, for clusters newer than the one of tests/kubernetes and for what takes long there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from loraloom.jobs.runners.kubernetes.manifest import FENCE, RUN
from loraloom.jobs.runners.kubernetes.state import PodState, states

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
LABELS = {RUN: "r1", FENCE: "2", "loraloom/gpu-class": "l4"}


def _at(seconds: float) -> str:
    return (NOW + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _job(age: float = 600, suspend: bool = False, **conditions: dict[str, Any]) -> dict[str, Any]:
    said = [{"type": kind, "status": "True"} | content for kind, content in conditions.items()]
    labels = LABELS | {"kueue.x-k8s.io/queue-name": "training"}
    meta = {"name": "loraloom-r1-2", "creationTimestamp": _at(-age), "labels": labels}
    return {"metadata": meta, "spec": {"suspend": suspend}, "status": {"conditions": said}}


def _pod(phase: str, name: str = "loraloom-r1-2-aaaaa", deleted: float | None = None, **status: Any) -> dict[str, Any]:
    meta: dict[str, Any] = {"name": name, "uid": f"uid of {name}", "labels": LABELS, "creationTimestamp": _at(-500)}
    if deleted is not None:
        meta["deletionTimestamp"] = _at(deleted)
    container = {"name": "worker", "image": "loraloom:1", "resources": {"limits": {"memory": "16Gi"}}}
    return {
        "metadata": meta,
        "spec": {"containers": [container], "nodeName": "n1"},
        "status": {"phase": phase} | status,
    }


def _ended(code: int, reason: str = "Error", message: str = "") -> list[dict[str, Any]]:
    return [{"name": "worker", "state": {"terminated": {"exitCode": code, "reason": reason, "message": message}}}]


def _event(reason: str, name: str, kind: str = "Pod", message: str = "") -> dict[str, Any]:
    return {"reason": reason, "message": message, "involvedObject": {"kind": kind, "name": name}}


def _one(job: dict[str, Any], *pods: dict[str, Any], events: tuple[dict[str, Any], ...] = ()) -> PodState:
    (state,) = states([job], pods, events, timedelta(seconds=300), NOW)
    return state


def _said(state: PodState) -> tuple[str, str | None]:
    return state.phase, state.reason.code if state.reason else None


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("PreemptionByScheduler", "preempted"),
        ("DeletionByTaintManager", "run_lost"),
        ("DeletionByPodGC", "run_lost"),
        ("EvictionByEvictionAPI", "run_lost"),
    ],
)
def test_disruptions_of_newer_clusters(reason: str, code: str) -> None:
    target = [{"type": "DisruptionTarget", "status": "True", "reason": reason}]
    dead = _pod("Failed", conditions=target, containerStatuses=_ended(143))
    assert _said(_one(_job(Failed={"reason": "BackoffLimitExceeded"}), dead)) == ("failed", code)
    leaving = _pod("Running", deleted=10, conditions=target)
    assert _said(_one(_job(), leaving)) == ("running", code)


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        ({"containerStatuses": _ended(137, "OOMKilled")}, "out_of_memory", "16Gi"),
        ({"containerStatuses": _ended(137)}, "child_died", "killed"),
        ({"containerStatuses": _ended(143)}, "run_lost", "told to end"),
        ({"containerStatuses": _ended(9)}, "child_died", "code 9"),
        ({"containerStatuses": _ended(128, "StartError", "no such file")}, "image_unavailable", "no such file."),
        ({"reason": "Evicted", "message": "The node was low on resource: memory. "}, "run_lost", "low on resource"),
        (
            {"reason": "Evicted", "message": 'Usage of EmptyDir volume "home" exceeds the limit "50Gi".'},
            "disk_full",
            "disk",
        ),
        ({"reason": "DeadlineExceeded"}, "time_limit", "longer"),
        ({"reason": "NodeLost"}, "run_lost", "not heard"),
        ({"reason": "Preempting"}, "preempted", "higher priority"),
        ({"reason": "OutOfnvidia.com/gpu", "message": "Pod was rejected"}, "run_lost", "OutOfnvidia.com/gpu"),
        (
            {"reason": "Terminated", "message": "Pod was terminated in response to node shutdown."},
            "run_lost",
            "shutdown",
        ),
        ({}, "run_lost", "nothing says why"),
    ],
)
def test_why_a_pod_failed(status: dict[str, Any], code: str, words: str) -> None:
    state = _one(_job(), _pod("Failed", **status))
    assert _said(state) == ("failed", code)
    assert state.reason and words in state.reason.message


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            "0/1 nodes are available: 1 Insufficient nvidia.com/gpu.",
            "Waiting for a GPU of the class l4: all of them are taken.",
        ),
        (
            "0/3 nodes are available: 1 Insufficient memory, 2 Insufficient nvidia.com/gpu. preemption: 0/3 nodes are available",
            "Waiting for a GPU of the class l4: all of them are taken.",
        ),
        ("0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory.", "enough processors and memory."),
        ("0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.", "marked as one with a GPU"),
        ("0/1 nodes are available: 1 node(s) had untolerated taint {a: b}.", "keeps other work away"),
        ("no nodes available to schedule pods", "No node of the cluster can take the run now."),
    ],
)
def test_what_it_waits_for(message: str, words: str) -> None:
    unscheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    state = _one(_job(), _pod("Pending", conditions=[unscheduled]))
    assert _said(state) == ("pending", "device_unavailable")
    assert state.reason and words in state.reason.message
    assert message.split(":")[0] in state.reason.hint


@pytest.mark.parametrize(
    ("reason", "seconds", "phase"),
    [
        ("ErrImagePull", 10, "pending"),
        ("ImagePullBackOff", 299, "pending"),
        ("ImagePullBackOff", 301, "failed"),
        ("InvalidImageName", 1, "failed"),
    ],
)
def test_an_image_is_given_time_unless_it_is_hopeless(reason: str, seconds: float, phase: str) -> None:
    waiting = [{"name": "worker", "state": {"waiting": {"reason": reason, "message": "manifest unknown"}}}]
    state = _one(_job(), _pod("Pending", startTime=_at(-seconds), containerStatuses=waiting))
    assert _said(state) == (phase, "image_unavailable")


def test_a_pod_that_lingers_on_a_silent_node_is_given_up() -> None:
    assert _one(_job(), _pod("Running", deleted=-29)).phase == "running"
    assert _said(_one(_job(), _pod("Running", deleted=-31))) == ("failed", "run_lost")


def test_a_process_that_may_still_write_is_running_whatever_its_job_is_called() -> None:
    failed = _job(Failed={"reason": "DeadlineExceeded"})
    assert _one(failed, _pod("Running", deleted=20)).phase == "running"
    assert _one(failed, _pod("Running")).phase == "running"


def test_a_second_pod_never_makes_up_for_the_first() -> None:
    """Before Kubernetes 1.28 a Job replaces a pod that was removed."""
    second = _pod("Running", "loraloom-r1-2-bbbbb")
    told = _event("Preempted", "loraloom-r1-2-aaaaa")
    assert _said(_one(_job(), second, events=(told,))) == ("failed", "preempted")
    of_another = _event("Preempted", "loraloom-r1-22-aaaaa")
    assert _said(_one(_job(), second, events=(of_another,))) == ("running", None)


def test_the_first_pod_counts_while_it_is_there() -> None:
    first, second = _pod("Running", "loraloom-r1-2-bbbbb", deleted=20), _pod("Pending", "loraloom-r1-2-aaaaa")
    told = _event("Preempted", "loraloom-r1-2-bbbbb")
    for pods in ((first, second), (second, first)):
        assert _said(_one(_job(), *pods, events=(told,))) == ("running", "preempted")
    ended = _pod("Failed", "loraloom-r1-2-bbbbb", deleted=20, containerStatuses=_ended(143))
    assert _said(_one(_job(), second, ended, events=(told,))) == ("failed", "preempted")


def test_a_job_without_its_pod() -> None:
    assert _said(_one(_job())) == ("pending", None)
    assert _said(_one(_job(Complete={}))) == ("succeeded", None)
    assert _said(_one(_job(Failed={"reason": "BackoffLimitExceeded"}))) == ("failed", "run_lost")
    assert _said(_one(_job(Failed={"reason": "DeadlineExceeded"}))) == ("failed", "time_limit")
    told = _event("TaintManagerEviction", "loraloom-r1-2-aaaaa")
    assert _said(_one(_job(Failed={"reason": "BackoffLimitExceeded"}), events=(told,))) == ("failed", "run_lost")
    refused = _event("FailedCreate", "loraloom-r1-2", "Job", "exceeded quota: gpus")
    state = _one(_job(), events=(refused,))
    assert _said(state) == ("pending", "cluster_refused")
    assert state.reason and "exceeded quota: gpus." in state.reason.message


def test_kueue_holds_it_back_or_takes_its_place() -> None:
    waiting = _one(_job(600, True, Suspended={"lastTransitionTime": _at(-599)}))
    assert _said(waiting) == ("pending", "device_unavailable")
    assert waiting.reason and "the queue training" in waiting.reason.message
    assert _said(_one(_job(600, True))) == ("pending", "device_unavailable")
    suspended = _job(600, True, Suspended={"lastTransitionTime": _at(-100)})
    assert _said(_one(suspended, _pod("Running", deleted=20))) == ("running", None)
    assert _said(_one(suspended)) == ("failed", "preempted")

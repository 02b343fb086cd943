"""Runs as Jobs on a real API server: started, waiting, pushed aside, ended, and why."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import psutil
import pytest
from kubernetes import client

from loraloom.jobs.runners.kubernetes import KubernetesRunner, PodState
from loraloom.spec.errors import LoomError
from tests.kubernetes.conftest import ask, eventually, state_of, wait_for
from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.kubelet import Kubelet

Make = Callable[..., KubernetesRunner]
A, B = "01aaaaaaaaaaaaaa", "01bbbbbbbbbbbbbb"


def test_a_run_goes_to_its_end(made_runner: Make, node: Kubelet) -> None:
    runner = made_runner("finish")
    runner.start(ask(A))
    state = wait_for(runner, A, lambda one: one.phase == "succeeded")
    assert (state.reason, state.node) == (None, node.name)
    log = node.log(state.pod)
    assert "arguments --server http://loraloom.example:7860 --once\n" in log
    assert f"LORALOOM_RUN_TOKEN loomrun_{A}" in log
    assert f"LORALOOM_POD {state.pod}" in log


def test_started_twice_it_is_one_job(made_runner: Make, node: Kubelet, namespace: str, admin: client.ApiClient) -> None:
    runner, again = made_runner("wait"), made_runner("wait")
    runner.start(ask(A))
    again.start(ask(A))
    wait_for(runner, A, lambda one: one.phase == "running")
    again.start(ask(A))
    assert len(runner.look()) == len(client.BatchV1Api(admin).list_namespaced_job(namespace).items) == 1
    assert len(node.processes()) == 1


def test_a_secret_that_was_not_made_is_made_by_the_next_start(
    made_runner: Make, node: Kubelet, namespace: str, admin: client.ApiClient
) -> None:
    runner = made_runner("finish")
    runner.start(ask(A))
    core = client.CoreV1Api(admin)
    wait_for(runner, A, lambda one: one.phase == "succeeded")
    core.delete_namespaced_secret(f"loraloom-{A}-1", namespace)
    runner.start(ask(A))
    assert core.read_namespaced_secret(f"loraloom-{A}-1", namespace)


def test_the_secret_belongs_to_the_job_and_goes_with_it(
    made_runner: Make, node: Kubelet, namespace: str, admin: client.ApiClient
) -> None:
    runner = made_runner("wait")
    runner.start(ask(A))
    core = client.CoreV1Api(admin)
    owner = core.read_namespaced_secret(f"loraloom-{A}-1", namespace).metadata.owner_references[0]
    job = client.BatchV1Api(admin).read_namespaced_job(f"loraloom-{A}-1", namespace)
    assert (owner.kind, owner.uid) == ("Job", job.metadata.uid)
    runner.stop(A, 1)

    def gone() -> bool:
        return not core.list_namespaced_secret(namespace, label_selector=f"loraloom/run={A}").items

    eventually(gone, "end of the secret")


def test_a_job_that_is_over_is_removed_in_time(made_runner: Make, node: Kubelet) -> None:
    runner = made_runner("finish", ttl_seconds_after_finished=2)
    runner.start(ask(A))
    wait_for(runner, A, lambda one: one.phase == "succeeded")
    wait_for(runner, A, lambda one: one.phase == "gone")


def test_while_the_gpu_is_taken_it_waits_and_says_so(made_runner: Make, node: Kubelet) -> None:
    runner = made_runner("wait")
    runner.start(ask(A))
    begun(runner, node, A)
    runner.start(ask(B))
    waiting = wait_for(runner, B, lambda one: one.reason)
    assert (waiting.phase, waiting.reason and waiting.reason.code) == ("pending", "device_unavailable")
    assert waiting.reason and waiting.reason.message == "Waiting for a GPU of the class small: all of them are taken."
    assert "Insufficient nvidia.com/gpu" in waiting.reason.hint
    assert [one.run_id for one in runner.queue()] == [B]
    runner.start(ask("01cccccccccccccc", needs_bytes=0))  # without a GPU it need not wait
    wait_for(runner, "01cccccccccccccc", lambda one: one.phase == "running")
    runner.stop(A, 1)
    wait_for(runner, B, lambda one: one.phase == "running")


def test_no_node_has_the_labels(made_runner: Make, node: Kubelet) -> None:
    far = {"name": "far", "memory_bytes": "80GiB", "node_selector": {"gpu": "h100"}}
    runner = made_runner("wait", classes=[far])
    runner.start(ask(A))
    state = wait_for(runner, A, lambda one: one.reason)
    assert (
        state.reason
        and state.reason.message == "The cluster has no node that is marked as one with a GPU of the class far."
    )


def test_a_higher_priority_pushes_it_aside(made_runner: Make, node: Kubelet, priorities: dict[int, str]) -> None:
    runner = made_runner("wait", priority_classes=priorities)
    runner.start(ask(A, priority=0))
    first = begun(runner, node, A)
    runner.start(ask(B, priority=20))
    state = wait_for(runner, A, lambda one: one.phase == "failed")
    assert state.reason and state.reason.code == "preempted"
    wait_for(runner, B, lambda one: one.phase == "running")
    assert "told to end" in node.log(first.pod)
    assert len(node.processes()) == 1
    runner.stop(A, 1)  # what the server does before it grants the run anew
    runner.start(ask(A, fence=2))
    waiting = wait_for(runner, A, lambda one: one.reason, fence=2)
    assert waiting.reason and waiting.reason.code == "device_unavailable"
    runner.stop(B, 1)
    wait_for(runner, A, lambda one: one.phase == "running", fence=2)


def test_one_that_is_pushed_aside_counts_as_running_until_its_process_is_away(
    made_runner: Make, node: Kubelet, priorities: dict[int, str]
) -> None:
    runner = made_runner("stubborn", priority_classes=priorities, grace_seconds=4)
    runner.start(ask(A))
    begun(runner, node, A)
    (process,) = node.processes()
    runner.start(ask(B, priority=20))
    state = wait_for(runner, A, lambda one: one.reason)
    assert state.reason and (state.phase, state.reason.code) == ("running", "preempted")
    assert psutil.pid_exists(process.pid)
    wait_for(runner, A, lambda one: one.phase == "failed")
    assert not psutil.pid_exists(process.pid)


def test_equal_priority_pushes_nobody_aside(made_runner: Make, node: Kubelet, priorities: dict[int, str]) -> None:
    runner = made_runner("wait", priority_classes=priorities)
    runner.start(ask(A, priority=12))
    begun(runner, node, A)
    runner.start(ask(B, priority=20))  # the same class
    wait_for(runner, B, lambda one: one.reason)
    assert state_of(runner, A).phase == "running"


def test_stop_is_heard_at_once(made_runner: Make, node: Kubelet) -> None:
    runner = made_runner("wait", grace_seconds=60)
    runner.start(ask(A))
    pod = begun(runner, node, A).pod
    runner.stop(A, 1)
    wait_for(runner, A, lambda one: one.phase == "gone", seconds=30)  # well within its grace
    assert "told to end" in node.log(pod)
    runner.stop(A, 1)  # once more is no fault


def test_who_does_not_hear_is_killed_after_its_grace(made_runner: Make, node: Kubelet) -> None:
    runner = made_runner("stubborn", grace_seconds=3)
    runner.start(ask(A))
    pod = begun(runner, node, A).pod
    (process,) = node.processes()
    runner.stop(A, 1)
    eventually(lambda: "and stays" in node.log(pod), "word of the process")
    assert state_of(runner, A).phase == "running"
    wait_for(runner, A, lambda one: one.phase == "gone")
    assert not psutil.pid_exists(process.pid)


def test_out_of_memory(made_runner: Make, node: Kubelet) -> None:
    runner = made_runner("eat")
    runner.start(ask(A))
    state = wait_for(runner, A, lambda one: one.phase == "failed")
    assert state.reason and state.reason.code == "out_of_memory"
    assert "256Mi" in state.reason.message


def test_its_own_end_and_a_kill(made_runner: Make, node: Kubelet) -> None:
    runner = made_runner("fail")
    runner.start(ask(A))
    state = wait_for(runner, A, lambda one: one.phase == "failed")
    assert state.reason and (state.reason.code, state.reason.message) == ("child_died", "The worker ended with code 3.")
    other = made_runner("wait", instance="other")
    other.start(ask(B))
    begun(other, node, B)
    node.processes()[0].signal(signal.SIGKILL)
    state = wait_for(other, B, lambda one: one.phase == "failed")
    assert state.reason and state.reason.message.startswith("The worker was killed")
    assert [one.run_id for one in runner.look()] == [A]  # each sees its own alone


def test_evicted(made_runner: Make, node: Kubelet) -> None:
    runner = made_runner("wait")
    runner.start(ask(A))
    state = begun(runner, node, A)
    node.evict(state.pod, "The node was low on resource: memory.")
    state = wait_for(runner, A, lambda one: one.phase == "failed")
    assert state.reason and state.reason.code == "run_lost"
    assert state.reason.message == "Its node ran short and put it out: The node was low on resource: memory."


def test_an_image_that_is_not_there(made_runner: Make, node: Kubelet) -> None:
    runner = made_runner("wait", image="loraloom:typo", image_patience_seconds=4)
    runner.start(ask(A))
    state = wait_for(runner, A, lambda one: one.reason)
    assert state.reason and (state.phase, state.reason.code) == ("pending", "image_unavailable")
    assert "loraloom:typo" in state.reason.message
    wait_for(runner, A, lambda one: one.phase == "failed")


def test_a_run_that_takes_too_long(made_runner: Make, node: Kubelet) -> None:
    runner = made_runner("wait", active_deadline_seconds=2)
    runner.start(ask(A))
    state = wait_for(runner, A, lambda one: one.phase == "failed")
    assert state.reason and state.reason.code == "time_limit"


def test_a_node_that_falls_silent(made_runner: Make, nodes: Callable[[int], Kubelet]) -> None:
    nodes(0)  # where every node is silent, Kubernetes takes the network for broken and removes nothing
    node = nodes(1)
    runner = made_runner("wait", node_lost_seconds=1)
    runner.start(ask(A))
    begun(runner, node, A)
    node.fall_silent()
    state = wait_for(runner, A, lambda one: one.reason, seconds=120)
    assert state.reason and state.reason.code == "run_lost"
    assert state.reason.message == "The node that carried it out was not heard of any more."


def test_a_pod_that_the_cluster_does_not_let_be(made_runner: Make, node: Kubelet) -> None:
    runner = made_runner("wait", service_account="nobody")
    runner.start(ask(A))
    state = wait_for(runner, A, lambda one: one.reason)
    assert state.reason and (state.phase, state.reason.code) == ("pending", "cluster_refused")
    assert '"nobody"' in state.reason.message


def test_what_the_role_does_not_allow(made_runner: Make, node: Kubelet) -> None:
    with pytest.raises(LoomError) as refused:
        made_runner("wait", namespace="kube-system").start(ask(A))
    assert refused.value.code == "cluster_refused"
    assert "forbidden" in refused.value.message


def test_an_api_server_that_is_away(made_runner: Make, node: Kubelet, control_plane: ControlPlane) -> None:
    runner = made_runner("wait")
    runner.start(ask(A))
    before = begun(runner, node, A)
    control_plane.pause("etcd")  # its store hangs: no answer, or a refusal
    try:
        with pytest.raises(LoomError) as away:
            for _ in range(20):
                runner.start(ask(B))
                time.sleep(0.1)
    finally:
        control_plane.resume("etcd")
    assert away.value.code == "cluster_unreachable"
    eventually(lambda: _answers(runner), "answer of the cluster")
    after = wait_for(runner, A, lambda one: one.phase == "running")
    assert (after.pod, len(node.processes())) == (before.pod, 1)


def begun(runner: KubernetesRunner, node: Kubelet, run_id: str) -> PodState:
    """The state of the run once its process listens to signals."""
    state = wait_for(runner, run_id, lambda one: one.phase == "running")
    eventually(lambda: "ready" in node.log(state.pod), "ready")
    return state


def _answers(runner: KubernetesRunner) -> bool:
    try:
        return bool(runner.look())
    except LoomError:
        return False

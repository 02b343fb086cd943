"""A real control plane for all tests, and for each test a namespace, a node with one GPU, and runners."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client, config

from loraloom.jobs.runners.kubernetes import JobAsk, KubernetesRunner, PodState, Settings
from tests.kubernetes.control_plane import ADMIN, RUNNER, ControlPlane
from tests.kubernetes.kubelet import Kubelet, read
from tools.kubernetes.build import cache_folder, missing

ROOT = Path(__file__).parents[2]
IMAGE = "loraloom:test"
PATIENCE = 60
"""Seconds that anything may take on a busy machine."""


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """etcd, API server, controller manager and scheduler."""
    lacking = [*missing(cache_folder()), *(name for name in ("etcd", "openssl") if not shutil.which(name))]
    if lacking:
        text = f"{', '.join(lacking)} (run `make test-kubernetes`)"
        if os.environ.get("CI"):
            pytest.fail(f"CI must have {text}")
        pytest.skip(f"needs {text}")
    made = ControlPlane(cache_folder(), tmp_path_factory.mktemp("control-plane"))
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="session")
def admin(control_plane: ControlPlane) -> client.ApiClient:
    """Speaks as somebody who may do everything."""
    return config.new_client_from_config(str(control_plane.kubeconfig(ADMIN)))


@pytest.fixture
def namespace(admin: client.ApiClient) -> Iterator[str]:
    """A namespace of the test's own, in which the user of the runner has the Role that docs/kubernetes.md gives."""
    name = f"test-{secrets.token_hex(4)}"
    core, rights = client.CoreV1Api(admin), client.RbacAuthorizationV1Api(admin)
    core.create_namespace({"metadata": {"name": name}})
    role = documented("Role")
    role["metadata"]["namespace"] = name
    rights.create_namespaced_role(name, role)
    binding = {
        "metadata": {"name": "loraloom"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role["metadata"]["name"]},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": RUNNER}],
    }
    rights.create_namespaced_role_binding(name, binding)
    eventually(lambda: core.list_namespaced_service_account(name).items, "the service account of the namespace")
    yield name
    # Pods that are left would push those of the next test aside, and removing a namespace takes its time.
    client.BatchV1Api(admin).delete_collection_namespaced_job(name, propagation_policy="Background")

    def empty() -> bool:
        core.delete_collection_namespaced_pod(name, grace_period_seconds=0)
        return not read(core.list_namespaced_pod(name, _preload_content=False))["items"]

    eventually(empty, "end of the pods")
    core.delete_namespace(name)


@pytest.fixture
def nodes(control_plane: ControlPlane, tmp_path: Path) -> Iterator[Callable[..., Kubelet]]:
    """Makes ready nodes with so many `nvidia.com/gpu`, and labels."""
    made: list[Kubelet] = []
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"

    def make(gpus: int, **labels: str) -> Kubelet:
        name = f"node-{secrets.token_hex(4)}"
        more: dict[str, Any] = {"gpus": gpus, "labels": labels, "images": {IMAGE}, "path": path}
        made.append(Kubelet(control_plane.kubeconfig(ADMIN), tmp_path / name, name, **more))
        made[-1].start()
        return made[-1]

    yield make
    for one in made:
        one.stop()
    assert not [one.faults for one in made if one.faults]


@pytest.fixture
def node(nodes: Callable[..., Kubelet]) -> Kubelet:
    """The only node, with one GPU."""
    return nodes(1)


@pytest.fixture
def priorities(admin: client.ApiClient) -> dict[int, str]:
    """Priority classes for runs of the priority 0 and above, and 10 and above."""
    found = {0: "loraloom-normal", 10: "loraloom-high"}
    api = client.SchedulingV1Api(admin)
    there = {one["metadata"]["name"] for one in read(api.list_priority_class(_preload_content=False))["items"]}
    for value, name in found.items():
        if name not in there:
            api.create_priority_class({"metadata": {"name": name}, "value": 1000 + value})
    return found


@pytest.fixture
def made_runner(control_plane: ControlPlane, namespace: str) -> Callable[..., KubernetesRunner]:
    """Makes a runner whose pods run tests/kubernetes/stand_in.py; settings as wanted."""

    def make(stand_in: str, **changes: Any) -> KubernetesRunner:
        content: dict[str, Any] = {
            "image": IMAGE,
            "server_url": "http://loraloom.example:7860",
            "namespace": namespace,
            "command": [sys.executable, str(Path(__file__).with_name("stand_in.py"))],
            "classes": [{"name": "small", "memory_bytes": "24GiB"}],
            "cpu": "100m",
            "memory": "256Mi",
            "disk": "1Gi",
            "shared_memory": "16Mi",
            "grace_seconds": 5,
            "env": {"STAND_IN": stand_in},
            "kubeconfig": str(control_plane.kubeconfig(RUNNER)),
        }
        return KubernetesRunner(Settings.of(content | changes))

    return make


def ask(run_id: str = "01hzzzzzzzzzzzzz", fence: int = 1, **changes: Any) -> JobAsk:
    """A grant of a run that needs a GPU of 8 GB."""
    return JobAsk(run_id, fence, **({"token": f"loomrun_{run_id}", "needs_bytes": 8 << 30} | changes))


def state_of(runner: KubernetesRunner, run_id: str, fence: int = 1) -> PodState:
    """Of the grant, now; `gone` when there is nothing of it."""
    found = runner.look([(run_id, fence)])
    return next(one for one in found if (one.run_id, one.fence) == (run_id, fence))


def wait_for(
    runner: KubernetesRunner, run_id: str, wanted: Callable[[PodState], Any], fence: int = 1, seconds: float = PATIENCE
) -> PodState:
    """The state of the grant once it is as wanted."""
    until = time.monotonic() + seconds
    while True:
        state = state_of(runner, run_id, fence)
        if wanted(state):
            return state
        assert time.monotonic() < until, f"still {state}"
        time.sleep(0.1)


def eventually(check: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """What `check` gives once that is something."""
    until = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < until, f"no {what} within {seconds} s"
        time.sleep(0.1)
    return found


def documented(kind: str) -> dict[str, Any]:
    """The object of this kind from docs/kubernetes.md."""
    text = (ROOT / "docs" / "kubernetes.md").read_text("utf-8")
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]
    return next(block for block in blocks if isinstance(block, dict) and block.get("kind") == kind)

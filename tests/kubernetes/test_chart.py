"""The chart, installed and upgraded by helm in a real API server: what only a cluster can show."""

from __future__ import annotations

import base64
import os
import re
import shutil
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client

from tests.kubernetes.conftest import eventually
from tests.kubernetes.control_plane import ADMIN, ControlPlane
from tests.kubernetes.kubelet import read
from tools.deploy import binaries
from tools.deploy.chart import CHART

VALUES = """
workers:
  - {name: a100, labels: [a100, 80gb], nodeSelector: {gpu: a100}}
  - {name: l4, replicas: 3, maxUnavailable: 25%}
kubernetes:
  enabled: true
  settings: {classes: [{name: l4, memory_bytes: 24GiB}]}
ingress: {enabled: true, host: loom.example}
"""


@pytest.fixture
def old_chart(tmp_path: Path) -> Path:
    """The chart as this old API server takes it: it is too old for the version, and for the budget's."""
    if not binaries.LAYER.is_file():
        text = "needs helm (run `npm ci` in deploy/)"
        if os.environ.get("CI"):
            pytest.fail(text)
        pytest.skip(text)
    copy = tmp_path / "chart"
    shutil.copytree(CHART, copy)
    file = copy / "Chart.yaml"
    file.write_text(re.sub(r"kubeVersion:.*", 'kubeVersion: ">=1.20.0-0"', file.read_text("utf-8")), "utf-8")
    file = copy / "templates/workers/deployment.yaml"
    file.write_text(file.read_text("utf-8").replace("policy/v1\n", "policy/v1beta1\n"), "utf-8")
    (tmp_path / "values.yaml").write_text(VALUES, "utf-8")
    return copy


def test_an_upgrade_keeps_the_secrets_and_migrates_first(
    old_chart: Path, control_plane: ControlPlane, admin: client.ApiClient, namespace: str
) -> None:
    core, batch, apps = client.CoreV1Api(admin), client.BatchV1Api(admin), client.AppsV1Api(admin)

    def helm(*arguments: str) -> str:
        more = ["--namespace", namespace] + (
            ["-f", str(old_chart.parent / "values.yaml")] * (arguments[0] != "uninstall")
        )
        done = binaries.helm(*arguments, *more, kubeconfig=control_plane.kubeconfig(ADMIN))
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def secret(name: str) -> dict[str, str]:
        found: dict[str, Any] = read(core.read_namespaced_secret(name, namespace, _preload_content=False))
        return {key: base64.b64decode(value).decode() for key, value in found["data"].items()}

    told = helm("install", "loom", str(old_chart))
    assert "loraloom user password admin" in told
    made = secret("loom-loraloom")
    assert len(made["worker-token"]) >= 32 and len(made["admin-password"]) >= 8
    assert made["postgres-password"] in made["database-url"] and made["redis-password"] in made["redis-url"]

    seen: dict[str, str] = {}

    def migrate() -> None:
        """What the Job's pod would do, once the Job is there."""
        job = "loom-loraloom-migrate"
        eventually(lambda: read(batch.list_namespaced_job(namespace, _preload_content=False))["items"], "Job")
        seen.update(secret(job))
        server = read(apps.read_namespaced_deployment("loom-loraloom", namespace, _preload_content=False))
        seen["replaced"] = str(
            "--allowed-host=new.example" in server["spec"]["template"]["spec"]["containers"][0]["args"]
        )
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        done = {"succeeded": 1, "completionTime": now, "conditions": [{"type": "Complete", "status": "True"}]}
        batch.patch_namespaced_job_status(job, namespace, {"status": done}, _preload_content=False)

    playing = threading.Thread(target=migrate)
    playing.start()
    helm("upgrade", "loom", str(old_chart), "--set", "server.hosts={new.example}", "--timeout", "60s")
    playing.join()
    assert seen["database-url"] == made["database-url"]
    assert seen["replaced"] == "False"
    assert secret("loom-loraloom") == made
    assert not read(batch.list_namespaced_job(namespace, _preload_content=False))["items"]

    helm("uninstall", "loom")
    assert secret("loom-loraloom") == made
    assert read(core.list_namespaced_persistent_volume_claim(namespace, _preload_content=False))["items"]
    helm("install", "loom", str(old_chart))
    assert secret("loom-loraloom") == made


def test_the_server_may_do_to_runs_what_the_role_says_and_no_more(
    old_chart: Path, control_plane: ControlPlane, admin: client.ApiClient, namespace: str
) -> None:
    values = ["-f", str(old_chart.parent / "values.yaml")]
    done = binaries.helm(
        "install", "loom", str(old_chart), "-n", namespace, *values, kubeconfig=control_plane.kubeconfig(ADMIN)
    )
    assert done.returncode == 0, done.stderr
    access = client.AuthorizationV1Api(admin)

    def may(verb: str, resource: str, group: str = "") -> bool:
        about = {"namespace": namespace, "verb": verb, "resource": resource, "group": group}
        user = f"system:serviceaccount:{namespace}:loom-loraloom"
        review = {"spec": {"user": user, "resourceAttributes": about}}
        return bool(read(access.create_subject_access_review(review, _preload_content=False))["status"]["allowed"])

    assert all(may(verb, "jobs", "batch") for verb in ("create", "get", "list", "delete"))
    assert may("create", "secrets") and may("list", "pods") and may("list", "events")
    assert not any(may(verb, "secrets") for verb in ("get", "list", "delete", "update"))
    assert not any(may(verb, "pods") for verb in ("create", "delete", "update"))
    assert not may("create", "deployments", "apps") and not may("create", "rolebindings", "rbac.authorization.k8s.io")

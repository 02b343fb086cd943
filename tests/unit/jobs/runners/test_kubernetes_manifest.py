"""The Job and the Secret of a run: strictly valid, as restricted as pods can be, the same for the same grant."""

from __future__ import annotations

import json
from typing import Any

import pytest

from loraloom.jobs.runners.kubernetes import JobAsk, Settings, job_of, secret_of

kubernetes_validate = pytest.importorskip("kubernetes_validate")
VERSIONS = ("1.28", kubernetes_validate.latest_version())
GB = 1 << 30
ASK = JobAsk("01hzy8x9k2m3n4p5", 3, "loomrun_secret", needs_bytes=20 * GB, priority=12)
PLAIN: dict[str, Any] = {"image": "loraloom:1", "server_url": "http://loraloom:7860"}
RICH: dict[str, Any] = PLAIN | {
    "classes": [
        {
            "name": "l4",
            "memory_bytes": "24GiB",
            "count": 2,
            "node_selector": {"cloud/gpu": "l4"},
            "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
            "memory": "64Gi",
        }
    ],
    "priority_classes": {0: "normal", 10: "high"},
    "kueue_queue": "training",
    "image_pull_secrets": ["registry"],
    "service_account": "runs",
    "active_deadline_seconds": 86400,
    "env": {"HTTPS_PROXY": "http://proxy:3128", "LORALOOM_RUN_TOKEN": "stolen"},
}


def _pod(job: dict[str, Any]) -> dict[str, Any]:
    return job["spec"]["template"]["spec"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("settings", "needs"), [(PLAIN, 0), (RICH, 20 * GB), (RICH, 0)])
def test_strictly_valid(settings: dict[str, Any], needs: int, version: str) -> None:
    made, ask = Settings.of(settings), JobAsk("01hzy8x9k2m3n4p5", 3, "t", needs_bytes=needs)
    kubernetes_validate.validate(job_of(made, ask), version, strict=True)
    kubernetes_validate.validate(secret_of(made, ask, "6f2c"), version, strict=True)


def test_strict_means_strict() -> None:
    job = job_of(Settings.of(RICH), ASK)
    _pod(job)["restartPolicyy"] = "Never"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(job, VERSIONS[-1], strict=True)


def test_what_the_cluster_is_asked_for() -> None:
    job = job_of(Settings.of(RICH), ASK)
    pod = _pod(job)
    (container,) = pod["containers"]
    assert container["command"] == ["loraloom", "worker", "--server", "http://loraloom:7860", "--once"]
    assert (
        container["resources"]["limits"]["nvidia.com/gpu"]
        == container["resources"]["requests"]["nvidia.com/gpu"]
        == "2"
    )
    assert container["resources"]["limits"]["memory"] == container["resources"]["requests"]["memory"] == "64Gi"
    assert pod["priorityClassName"] == "high"
    assert pod["nodeSelector"] == {"cloud/gpu": "l4"}
    assert {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"} in pod["tolerations"]
    assert (pod["restartPolicy"], job["spec"]["backoffLimit"]) == ("Never", 0)
    assert (pod["activeDeadlineSeconds"], job["spec"]["ttlSecondsAfterFinished"]) == (86400, 3600)
    assert job["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "training"
    assert job["spec"]["suspend"] is True


def test_without_kueue_it_is_not_held_back() -> None:
    job = job_of(Settings.of(PLAIN), JobAsk("01hzy8x9k2m3n4p5", 1, "t"))
    assert "suspend" not in job["spec"]
    assert not [key for key in job["metadata"]["labels"] if "kueue" in key]


def test_pod_security_restricted() -> None:
    """The list of the Pod Security Standards, level restricted."""
    pod = _pod(job_of(Settings.of(RICH), ASK))
    assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & set(pod)
    assert all(set(volume) - {"name"} == {"emptyDir"} for volume in pod["volumes"])
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/home/loraloom", "/tmp", "/dev/shm"}


def test_the_token_is_in_the_secret_alone() -> None:
    made = Settings.of(RICH)
    assert ASK.token not in json.dumps(job_of(made, ASK))
    secret = secret_of(made, ASK, "6f2c")
    assert secret["stringData"] == {"token": ASK.token}
    assert secret["metadata"]["ownerReferences"][0]["uid"] == "6f2c"
    tokens = [one for one in _pod(job_of(made, ASK))["containers"][0]["env"] if one["name"] == "LORALOOM_RUN_TOKEN"]
    assert [one["valueFrom"]["secretKeyRef"]["name"] for one in tokens] == [secret["metadata"]["name"]]


def test_the_same_grant_is_the_same_job_and_another_is_not() -> None:
    made = Settings.of(RICH)
    assert job_of(made, ASK) == job_of(made, ASK)
    later = JobAsk(ASK.run_id, ASK.fence + 1, ASK.token)
    assert job_of(made, later)["metadata"]["name"] != job_of(made, ASK)["metadata"]["name"]

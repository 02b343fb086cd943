"""The Job and the Secret of a run, as plain mappings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from loraloom.jobs.runners.kubernetes.settings import GpuClass, Settings

RUN, FENCE, CLASS = "loraloom/run", "loraloom/fence", "loraloom/gpu-class"
"""Labels of everything that is made here: id of the run, number of the grant, class of GPU."""
TOKEN = "LORALOOM_RUN_TOKEN"  # noqa: S105 - a name, not a secret
KEY = "token"
HOME = "/home/loraloom"
CONTAINER = "worker"


@dataclass(frozen=True)
class JobAsk:
    """One run, granted once: what the cluster must know about it."""

    run_id: str
    fence: int
    """Number of the grant. A run that is granted again has a higher one, and a Job of its own."""
    token: str
    """Writes for this run and grant only."""
    needs_bytes: int | None = None
    """Memory of a GPU by the forecast; 0: it needs none; None: nobody knows."""
    priority: int = 0
    cards: int = 1
    """GPUs that it computes on at once."""


def name_of(run_id: str, fence: int) -> str:
    """Name of the Job and of its Secret: the same for the same grant, so that nothing is made twice."""
    return f"loraloom-{run_id}-{fence}"


def labels_of(settings: Settings) -> dict[str, str]:
    """What all Jobs, pods and Secrets of this server have in common."""
    return {
        "app.kubernetes.io/name": "loraloom",
        "app.kubernetes.io/component": "run",
        "app.kubernetes.io/instance": settings.instance,
        "app.kubernetes.io/managed-by": "loraloom",
    }


def job_of(settings: Settings, ask: JobAsk) -> dict[str, Any]:
    """The Job whose only pod carries out the run. Raises LoomError `no_such_device` when no GPU is large enough.

    A pod that dies is never replaced: the server grants the run anew, with a new fence, and only then may another
    process write. `podReplacementPolicy` says so where the cluster knows it (Kubernetes 1.28).
    """
    gpu = settings.class_for(ask.needs_bytes, ask.cards)
    labels = labels_of(settings) | {RUN: ask.run_id, FENCE: str(ask.fence)} | ({CLASS: gpu.name} if gpu else {})
    spec: dict[str, Any] = {
        "parallelism": 1,
        "completions": 1,
        "backoffLimit": 0,
        "podReplacementPolicy": "Failed",
        "ttlSecondsAfterFinished": settings.ttl_seconds_after_finished,
        "template": {"metadata": {"labels": labels}, "spec": _pod_of(settings, ask, gpu)},
    }
    queue = {"kueue.x-k8s.io/queue-name": settings.kueue_queue} if settings.kueue_queue else {}
    if queue:
        spec["suspend"] = True
    name = name_of(ask.run_id, ask.fence)
    metadata = {"name": name, "namespace": settings.namespace, "labels": labels | queue}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}


def secret_of(settings: Settings, ask: JobAsk, job_uid: str) -> dict[str, Any]:
    """The token of the run. It belongs to the Job with this uid and disappears with it."""
    name = name_of(ask.run_id, ask.fence)
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": job_uid, "controller": True}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "namespace": settings.namespace,
            "labels": labels_of(settings) | {RUN: ask.run_id, FENCE: str(ask.fence)},
            "ownerReferences": [owner],
        },
        "type": "Opaque",
        "immutable": True,
        "stringData": {KEY: ask.token},
    }


def _pod_of(settings: Settings, ask: JobAsk, gpu: GpuClass | None) -> dict[str, Any]:
    """Pod security "restricted": no root, no privilege, nothing writable but its own volumes."""
    user = settings.run_as_user
    spec: dict[str, Any] = {
        "restartPolicy": "Never",
        "serviceAccountName": settings.service_account,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": settings.grace_seconds,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": user,
            "runAsGroup": user,
            "fsGroup": user,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "tolerations": _tolerations(settings, gpu),
        "containers": [_container_of(settings, ask, gpu)],
        "volumes": [
            {"name": "home", "emptyDir": {"sizeLimit": settings.disk}},
            {"name": "tmp", "emptyDir": {"sizeLimit": settings.disk}},
            {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": settings.shared_memory}},
        ],
    }
    if gpu is not None and gpu.node_selector:
        spec["nodeSelector"] = dict(gpu.node_selector)
    if priority := settings.priority_class(ask.priority):
        spec["priorityClassName"] = priority
    if settings.active_deadline_seconds is not None:  # of the pod, not of the Job: waiting for a GPU does not count
        spec["activeDeadlineSeconds"] = settings.active_deadline_seconds
    if settings.image_pull_secrets:
        spec["imagePullSecrets"] = [{"name": name} for name in settings.image_pull_secrets]
    return spec


def _container_of(settings: Settings, ask: JobAsk, gpu: GpuClass | None) -> dict[str, Any]:
    size = {
        "cpu": (gpu and gpu.cpu) or settings.cpu,
        "memory": (gpu and gpu.memory) or settings.memory,
        "ephemeral-storage": settings.disk,
    }
    device = {gpu.resource: str(gpu.count)} if gpu else {}
    limits = {key: value for key, value in size.items() if key != "cpu"}  # a limit of CPU only makes it wait
    return {
        "name": CONTAINER,
        "image": settings.image,
        "command": [*settings.command, "--server", settings.server_url, "--once"],
        "env": _env_of(settings, ask),
        "resources": {"requests": size | device, "limits": limits | device},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "privileged": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "home", "mountPath": HOME},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - inside the pod
            {"name": "shm", "mountPath": "/dev/shm"},  # noqa: S108
        ],
    }


def _env_of(settings: Settings, ask: JobAsk) -> list[dict[str, Any]]:
    """`LORALOOM_POD_UID` lets the server tell the pod that took up a grant from one that came after it."""
    own: list[dict[str, Any]] = [
        {"name": TOKEN, "valueFrom": {"secretKeyRef": {"name": name_of(ask.run_id, ask.fence), "key": KEY}}},
        {"name": "LORALOOM_POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "LORALOOM_POD_UID", "valueFrom": {"fieldRef": {"fieldPath": "metadata.uid"}}},
        {"name": "HOME", "value": HOME},
        {"name": "LORALOOM_HOME", "value": f"{HOME}/.loraloom"},
    ]
    fixed = {one["name"] for one in own}
    return own + [{"name": name, "value": value} for name, value in settings.env.items() if name not in fixed]


def _tolerations(settings: Settings, gpu: GpuClass | None) -> list[dict[str, Any]]:
    """Those of the class, and a shorter patience with a silent node than the cluster's five minutes."""
    silent = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
    lost = {"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": settings.node_lost_seconds}
    own = [one.model_dump(exclude_defaults=False) for one in gpu.tolerations] if gpu else []
    return [{key: value for key, value in one.items() if value} for one in own] + [
        {"key": key, **lost} for key in silent
    ]

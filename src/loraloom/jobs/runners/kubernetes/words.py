"""What Kubernetes says about a pod, in the words of the person whose run it is."""

from __future__ import annotations

import re
from typing import Any

from loraloom.jobs.runners.kubernetes.manifest import CLASS, CONTAINER
from loraloom.spec.errors import LoomError

AGAIN = "It goes on from its newest checkpoint, on another node if there is one."
IMAGE = ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError")
UNSTARTABLE = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError")
REFUSED = ("UnexpectedAdmissionError", "NodeAffinity", "Terminated", "NodeShutdown", "Shutdown")
SHORT = {"memory": "memory", "cpu": "processors", "ephemeral-storage": "room on its disk"}

PREEMPTED = LoomError(
    "preempted",
    "A run of higher priority took its place in the cluster.",
    "It waits for a place and goes on from its newest checkpoint.",
)
NODE_LOST = LoomError("run_lost", "The node that carried it out was not heard of any more.", AGAIN)
REMOVED = LoomError("run_lost", "Its pod was removed from the cluster, and nothing says why.", AGAIN)
DRAINED = LoomError("run_lost", "Its node was emptied for maintenance.", AGAIN)
TIME_IS_UP = LoomError(
    "time_limit",
    "The run took longer than a run may take in this cluster.",
    "Resume it to go on from its checkpoint, or ask an administrator for more time.",
)
EVENTS = {"Preempted": PREEMPTED, "TaintManagerEviction": NODE_LOST}
"""Reason of an event -> why the pod it speaks of is gone. Where Kubernetes is older than 1.26 nothing else tells."""
NOT_MADE = "FailedCreate"
"""Reason of the event of a Job that is not given a pod."""
DISRUPTIONS = {
    "PreemptionByScheduler": PREEMPTED,
    "DeletionByTaintManager": NODE_LOST,
    "DeletionByPodGC": NODE_LOST,
    "EvictionByEvictionAPI": DRAINED,
}
"""Reason of the condition DisruptionTarget (Kubernetes 1.26)."""


def why_dead(pod: dict[str, Any]) -> LoomError:
    """Why a pod in the phase Failed ended, where nobody sent it away."""
    status = pod.get("status", {})
    reason, message = status.get("reason", ""), status.get("message", "")
    if reason == "Evicted":
        return _evicted(message)
    if reason == "DeadlineExceeded":
        return TIME_IS_UP
    if reason == "NodeLost":
        return NODE_LOST
    if reason == "Preempting":
        return PREEMPTED
    if reason in REFUSED or reason.startswith("OutOf"):
        return LoomError("run_lost", f"Its node did not keep it ({reason}): {_sentence(message)}", AGAIN)
    return _exit(pod, container(pod).get("state", {}).get("terminated", {}))


def why_pending(pod: dict[str, Any]) -> LoomError | None:
    """What a pod that was not started yet waits for; None: it is about to start."""
    waiting = container(pod).get("state", {}).get("waiting", {})
    reason, message = waiting.get("reason", ""), waiting.get("message", "")
    image = pod["spec"]["containers"][0].get("image", "")
    if reason in IMAGE:
        text = f"The image {image} cannot be pulled: {_sentence(message) if message else reason}"
        hint = "Check `image` and `image_pull_secrets` in the settings of Kubernetes, and the registry."
        return LoomError("image_unavailable", text, hint)
    if reason in UNSTARTABLE:
        return LoomError("child_died", f"The container cannot be started: {_sentence(message or reason)}", AGAIN)
    scheduled = condition(pod, "PodScheduled")
    if scheduled and scheduled.get("status") == "False":
        return _no_node(pod, scheduled.get("message", ""))
    return None


def queued(queue: str) -> LoomError:
    """A Job that Kueue holds back."""
    text = f"Waiting for its turn in the queue {queue} of the cluster." if queue else "Held back by the cluster."
    return LoomError("device_unavailable", text, "It starts by itself.")


def not_made(message: str) -> LoomError:
    """A Job whose pod the cluster does not let be."""
    text = f"The cluster does not let its pod be made: {_sentence(message)}"
    return LoomError("cluster_refused", text, "Compare the settings of Kubernetes with docs/kubernetes.md.")


def condition(thing: dict[str, Any], kind: str) -> dict[str, Any] | None:
    """The condition of this type, if it has one."""
    found: list[dict[str, Any]] = thing.get("status", {}).get("conditions") or []
    return next((one for one in found if one.get("type") == kind), None)


def container(pod: dict[str, Any]) -> dict[str, Any]:
    """The status of our container; empty before there is one."""
    found: list[dict[str, Any]] = pod.get("status", {}).get("containerStatuses") or []
    nothing: dict[str, Any] = {}
    return next((one for one in found if one.get("name") == CONTAINER), nothing)


def _exit(pod: dict[str, Any], ended: dict[str, Any]) -> LoomError:
    """By the container's own end."""
    code, reason = ended.get("exitCode"), ended.get("reason", "")
    if reason == "OOMKilled":
        limits = pod["spec"]["containers"][0].get("resources", {}).get("limits", {})
        text = f"The run needed more main memory than its limit in the cluster ({limits.get('memory', 'none set')})."
        hint = "Lower training.batch_size or dataset.resolution, or raise `memory` in the settings of Kubernetes."
        return LoomError("out_of_memory", text, hint)
    if code is None:
        return REMOVED
    if reason in ("StartError", "ContainerCannotRun"):
        text = f"The program could not be started in the image: {_sentence(ended.get('message', '') or reason)}"
        return LoomError("image_unavailable", text, "Check `image` and `command` in the settings of Kubernetes.")
    if code == 143:
        return LoomError("run_lost", "The worker was told to end before the run was over.", AGAIN)
    if code == 137:
        return LoomError("child_died", "The worker was killed, often because memory ran out.", AGAIN)
    return LoomError("child_died", f"The worker ended with code {code}.", "The log of its pod names the reason.")


def _evicted(message: str) -> LoomError:
    """By the kubelet: the pod's own fault, or the node's."""
    if "exceeds the" in message or "exceeded its" in message:
        text = f"The run took more disk than it may in the cluster: {_sentence(message)}"
        return LoomError("disk_full", text, "Raise `disk` in the settings of Kubernetes, or keep fewer checkpoints.")
    return LoomError("run_lost", f"Its node ran short and put it out: {_sentence(message)}", AGAIN)


def _no_node(pod: dict[str, Any], message: str) -> LoomError:
    """By the scheduler's sentence, such as `0/3 nodes are available: 3 Insufficient nvidia.com/gpu.`"""
    hint = f"The cluster says: {_sentence(message)}" if message else ""
    short = [one.rstrip(".,") for one in re.findall(r"Insufficient (\S+)", message)]
    devices = [one for one in short if one not in SHORT]
    gpu = pod["metadata"].get("labels", {}).get(CLASS, "")
    kind = f" of the class {gpu}" if gpu else ""
    if devices:
        text = f"Waiting for a GPU{kind}: all of them are taken."
    elif short:
        text = f"Waiting for a node with enough {' and '.join(SHORT[one] for one in dict.fromkeys(short))}."
    elif "didn't match" in message:
        text = (
            f"The cluster has no node that is marked as one with a GPU{kind}."
            if gpu
            else "No node of the cluster fits."
        )
    elif "taint" in message:
        text = "Every node that would do keeps other work away (taints)."
    else:
        text = "No node of the cluster can take the run now."
    return LoomError("device_unavailable", text, hint)


def _sentence(text: str) -> str:
    """One line, with an end."""
    line = " ".join(text.split())
    return line if line.endswith((".", "!")) or not line else f"{line}."

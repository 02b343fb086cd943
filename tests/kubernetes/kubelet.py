"""Plays a node with a GPU and its kubelet: pods bound to it run as processes of this machine."""

from __future__ import annotations

import json
import signal
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kubernetes import client, config

from tests.kubernetes.pod_process import PodProcess

TICK = 0.1
"""Seconds between two looks at the pods."""


class Kubelet:
    """One node. `start` registers it and keeps it ready; `stop` ends every process and removes the node."""

    def __init__(self, kubeconfig: Path, folder: Path, name: str, **node: Any) -> None:
        """`node`: `gpus` (of `nvidia.com/gpu`), `memory`, `labels`, `images` (what can be pulled), `path` (PATH)."""
        self._core = client.CoreV1Api(config.new_client_from_config(str(kubeconfig)))
        self._folder = folder
        self.name = name
        self._node = node
        self._pods: dict[str, PodProcess | None] = {}
        """By uid; None: dealt with, nothing runs."""
        self._evict: dict[str, str] = {}
        self._silent = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"kubelet-{name}", daemon=True)
        self.most = 0
        """How many containers ran at once at the most."""
        self.faults: list[str] = []
        """What the thread stumbled over: empty at the end of a test."""

    def start(self) -> None:
        """The node is there and ready."""
        labels = {"kubernetes.io/hostname": self.name, "kubernetes.io/os": "linux"} | self._node.get("labels", {})
        read(self._core.create_node({"metadata": {"name": self.name, "labels": labels}}, _preload_content=False))
        self._beat()
        self._thread.start()

    def stop(self) -> None:
        """Every process is gone, and so is the node."""
        self._over.set()
        self._thread.join()
        for process in self._pods.values():
            if process is not None:
                process.signal(signal.SIGKILL)
        read(self._core.delete_node(self.name, _preload_content=False))

    def evict(self, pod: str, message: str) -> None:
        """The kubelet throws the pod of this name out, as it does when the node runs short of something."""
        self._evict[pod] = message

    def fall_silent(self) -> None:
        """Power cut: no more heartbeats, nothing is said about pods, and their processes are gone."""
        self._silent.set()
        for process in self._pods.values():
            if process is not None:
                process.signal(signal.SIGKILL)

    def come_back(self) -> None:
        """The node beats again."""
        self._silent.clear()

    def log(self, pod: str) -> str:
        """What the container of the pod of this name printed."""
        file = self._folder / pod / "log.txt"
        return file.read_text("utf-8", "replace") if file.is_file() else ""

    def logs(self) -> list[str]:
        """Of all containers that ever ran here."""
        return [file.read_text("utf-8", "replace") for file in sorted(self._folder.glob("*/log.txt"))]

    def processes(self) -> list[PodProcess]:
        """What runs now."""
        return [process for process in list(self._pods.values()) if process is not None]

    def _work(self) -> None:
        beat_at = 0.0
        while not self._over.wait(TICK):
            if self._silent.is_set():
                continue
            try:
                if time.monotonic() > beat_at:
                    self._beat()
                    beat_at = time.monotonic() + 1
                self._look()
            except client.ApiException as error:
                if error.status not in (404, 409):  # gone, or changed meanwhile: the next look sees it
                    self.faults.append(str(error))
            except Exception as error:
                self.faults.append(repr(error))

    def _beat(self) -> None:
        size = {"cpu": "8", "memory": self._node.get("memory", "16Gi"), "pods": "20", "ephemeral-storage": "500Gi"}
        size |= {"nvidia.com/gpu": str(self._node.get("gpus", 1))}
        now = _now()
        ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": now}
        status = {"capacity": size, "allocatable": size, "conditions": [ready | {"lastTransitionTime": now}]}
        read(self._core.patch_node_status(self.name, {"status": status}, _preload_content=False))

    def _look(self) -> None:
        here = f"spec.nodeName={self.name}"
        listed = read(self._core.list_pod_for_all_namespaces(field_selector=here, _preload_content=False))
        pods = {pod["metadata"]["uid"]: pod for pod in listed["items"]}
        for uid in [uid for uid in self._pods if uid not in pods]:  # removed by force
            process = self._pods.pop(uid)
            if process is not None:
                process.signal(signal.SIGKILL)
        for uid, pod in pods.items():
            if pod["metadata"].get("deletionTimestamp"):
                self._take_away(uid, pod)
            elif uid not in self._pods:
                self._begin(uid, pod)
            else:
                self._go_on(uid, pod)

    def _begin(self, uid: str, pod: dict[str, Any]) -> None:
        container = pod["spec"]["containers"][0]
        if pod["status"].get("phase") in ("Succeeded", "Failed"):
            self._pods[uid] = None
        elif container["image"] not in self._node.get("images", ()):
            self._wait(pod, "ErrImagePull", f"{container['image']}: not found")
        else:
            try:
                name = pod["metadata"]["name"]
                process = PodProcess(pod, self._folder / name, self._node["path"], self._secret_of(pod))
            except client.ApiException as error:
                self._wait(pod, "CreateContainerConfigError", f"no secret: {error.status}")
            except FileNotFoundError as error:
                self._pods[uid] = None
                self._end(pod, 128, "StartError", str(error))
            else:
                self._pods[uid] = process
                self.most = max(self.most, len(self.processes()))
                self._tell(pod, "Running", {"running": {"startedAt": _now()}})

    def _go_on(self, uid: str, pod: dict[str, Any]) -> None:
        process = self._pods[uid]
        if process is None:
            return
        message = self._evict.pop(pod["metadata"]["name"], None)
        if message is not None:
            process.signal(signal.SIGKILL)
            self._pods[uid] = None
            self._patch(pod, {"phase": "Failed", "reason": "Evicted", "message": message})
            return
        longest = pod["spec"].get("activeDeadlineSeconds")
        if longest is not None and process.seconds > longest:
            process.signal(signal.SIGKILL)
            self._pods[uid] = None
            message = "Pod was active on the node longer than the specified deadline"
            self._patch(pod, {"phase": "Failed", "reason": "DeadlineExceeded", "message": message})
            return
        code = process.poll()
        if code is not None:
            self._pods[uid] = None
            self._end(pod, code, process.reason or ("Completed" if code == 0 else "Error"))

    def _take_away(self, uid: str, pod: dict[str, Any]) -> None:
        process = self._pods.get(uid)
        if process is not None:
            process.terminate(pod["metadata"].get("deletionGracePeriodSeconds", 0))
            code = process.poll()
            if code is None:
                return
            self._pods[uid] = None
            self._end(pod, code, process.reason or ("Completed" if code == 0 else "Error"))
        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        body = {"gracePeriodSeconds": 0, "preconditions": {"uid": uid}}
        read(self._core.delete_namespaced_pod(name, namespace, body=body, _preload_content=False))

    def _wait(self, pod: dict[str, Any], reason: str, message: str) -> None:
        """Not started yet: said as the kubelet says it, which tries again and again."""
        seen = pod["status"].get("containerStatuses")
        if seen and reason == "ErrImagePull":
            reason = "ImagePullBackOff"
        if not seen or seen[0]["state"].get("waiting", {}).get("reason") != reason:
            self._tell(pod, "Pending", {"waiting": {"reason": reason, "message": message}})

    def _end(self, pod: dict[str, Any], code: int, reason: str, message: str = "") -> None:
        ended = {"exitCode": code, "reason": reason, "finishedAt": _now(), "message": message}
        self._tell(pod, "Failed" if code else "Succeeded", {"terminated": ended})

    def _tell(self, pod: dict[str, Any], phase: str, state: dict[str, Any]) -> None:
        container = pod["spec"]["containers"][0]
        ready = "running" in state
        said = {"name": container["name"], "image": container["image"], "imageID": "", "restartCount": 0}
        now = _now()
        condition = {"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": now}
        status = {
            "phase": phase,
            "conditions": [condition],
            "containerStatuses": [said | {"ready": ready, "state": state}],
        }
        if not pod["status"].get("startTime"):
            status["startTime"] = now
        self._patch(pod, status)

    def _patch(self, pod: dict[str, Any], status: dict[str, Any]) -> None:
        meta = pod["metadata"]
        body = {"metadata": {"uid": meta["uid"]}, "status": status}
        read(self._core.patch_namespaced_pod_status(meta["name"], meta["namespace"], body, _preload_content=False))

    def _secret_of(self, pod: dict[str, Any]) -> Any:
        namespace = pod["metadata"]["namespace"]

        def data(name: str) -> dict[str, str]:
            return read(self._core.read_namespaced_secret(name, namespace, _preload_content=False)).get("data", {})

        return data


def read(answer: Any) -> dict[str, Any]:
    """The JSON of an answer that was not decoded by the client; the connection is free again."""
    return json.loads(answer.data)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

"""A pod's container as a process of this machine: its command, environment, volumes, memory limit and end."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

UNITS = {"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "k": 10**3, "M": 10**6, "G": 10**9}


class PodProcess:
    """Runs the first container of a pod. Nothing is shut in: no user, root file system or network of its own."""

    def __init__(self, pod: dict[str, Any], folder: Path, path: str, secret: Callable[[str], dict[str, str]]) -> None:
        """`path` is the PATH of the container, `secret` gives the data of a Secret by its name. Raises KeyError for what
        the pod names and nobody has, FileNotFoundError for a missing program."""
        self.pod = pod
        self.reason = ""
        container = pod["spec"]["containers"][0]
        self._limit = _bytes(container.get("resources", {}).get("limits", {}).get("memory"))
        self._kill_at: float | None = None
        self._began = time.monotonic()
        folder.mkdir(parents=True, exist_ok=True)
        env = {"PATH": path, "PYTHONUNBUFFERED": "1"} | self._environment(container, folder, secret)
        self.log = folder / "log.txt"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*container.get("command", []), *container.get("args", [])],
                cwd=folder,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Of the container's first process, which leads a group."""
        return self._process.pid

    @property
    def seconds(self) -> float:
        """Since it was started."""
        return time.monotonic() - self._began

    def poll(self) -> int | None:
        """Exit code as Kubernetes gives it (128 + signal), or None. Looks at memory and at the grace period too."""
        code = self._process.poll()
        if code is None:
            if self._limit and self._memory() > self._limit:
                self.reason = "OOMKilled"
                self.signal(signal.SIGKILL)
            if self._kill_at is not None and time.monotonic() > self._kill_at:
                self.signal(signal.SIGKILL)
            return None
        self.signal(signal.SIGKILL)  # what it left behind
        return 128 - code if code < 0 else code

    def terminate(self, grace: float) -> None:
        """SIGTERM now, once, and SIGKILL after `grace` seconds, or sooner when a later call says so."""
        if self._kill_at is None:
            self.signal(signal.SIGTERM)
        self._kill_at = min(time.monotonic() + grace, self._kill_at or float("inf"))

    def signal(self, number: int) -> None:
        """To the whole group."""
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            pass

    def _memory(self) -> int:
        try:
            first = psutil.Process(self._process.pid)
            return sum(one.memory_info().rss for one in (first, *first.children(recursive=True)))
        except psutil.Error:
            return 0

    def _environment(
        self, container: dict[str, Any], folder: Path, secret: Callable[[str], dict[str, str]]
    ) -> dict[str, str]:
        mounts = {mount["mountPath"]: folder / mount["name"] for mount in container.get("volumeMounts", [])}
        for target in mounts.values():
            target.mkdir(exist_ok=True)
        return {one["name"]: _mounted(self._value(one, secret), mounts) for one in container.get("env", [])}

    def _value(self, one: dict[str, Any], secret: Callable[[str], dict[str, str]]) -> str:
        source = one.get("valueFrom", {})
        if "secretKeyRef" in source:
            data = secret(source["secretKeyRef"]["name"])
            return base64.b64decode(data[source["secretKeyRef"]["key"]]).decode()
        if "fieldRef" in source:
            value: Any = self.pod
            for part in source["fieldRef"]["fieldPath"].split("."):
                value = value[part]
            return str(value)
        return one.get("value", "")


def _mounted(value: str, mounts: dict[str, Path]) -> str:
    """A path below a mount becomes one in the folder that plays the volume."""
    for path, target in mounts.items():
        if value == path or value.startswith(f"{path}/"):
            return str(target) + value[len(path) :]
    return value


def _bytes(quantity: str | None) -> int:
    if not quantity:
        return 0
    for unit, size in UNITS.items():
        if quantity.endswith(unit):
            return int(float(quantity.removesuffix(unit)) * size)
    return int(quantity)

"""A Kubernetes control plane for tests: etcd, API server, controller manager and scheduler on loopback and free ports."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

ADMIN, RUNNER = "admin", "loraloom"
"""Users with a token each: one may do everything, the other what its Role says."""
NODE_GRACE = 8
"""Seconds of silence after which the controller manager takes a node for lost."""
CONTROLLERS = (
    "namespace",
    "serviceaccount",
    "serviceaccount-token",
    "job",
    "garbagecollector",
    "podgc",
    "nodelifecycle",
    "ttl-after-finished",
)


class ControlPlane:
    """Four processes and the files they need, in one folder. They end with `stop`."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        """`binaries` is what tools/kubernetes/build.py filled; `folder` is empty."""
        self._binaries = binaries
        self._folder = folder
        self._etcd, self._etcd_peer, self._port = _free_ports(3)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._tokens = {ADMIN: secrets.token_hex(16), RUNNER: secrets.token_hex(16)}
        self.url = f"https://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start all four; the API answers afterwards. Raises RuntimeError with the end of the log of what did not."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._write_keys()
        etcd_url, peer = f"http://127.0.0.1:{self._etcd}", f"http://127.0.0.1:{self._etcd_peer}"
        etcd = ["etcd", f"--data-dir={self._folder / 'etcd'}", "--unsafe-no-fsync"]
        etcd += [f"--listen-client-urls={etcd_url}", f"--advertise-client-urls={etcd_url}"]
        etcd += [
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
        ]
        self._spawn("etcd", etcd)
        self._spawn("kube-apiserver", [str(self._binaries / "kube-apiserver"), *self._server_options(etcd_url)])
        self._wait_for_the_api()
        for user in (ADMIN, RUNNER):
            self._write_kubeconfig(user)
        quiet = [f"--kubeconfig={self.kubeconfig(ADMIN)}", "--port=0", "--secure-port=0", "--leader-elect=false"]
        manager = [str(self._binaries / "kube-controller-manager"), *quiet, "--feature-gates=TTLAfterFinished=true"]
        manager += [f"--controllers={','.join(CONTROLLERS)}", f"--service-account-private-key-file={self._key}"]
        manager += ["--node-monitor-period=1s", f"--node-monitor-grace-period={NODE_GRACE}s"]
        self._spawn("kube-controller-manager", manager)
        self._spawn("kube-scheduler", [str(self._binaries / "kube-scheduler"), *quiet])

    def stop(self) -> None:
        """End all, the API server before its store."""
        for process in reversed(self._processes.values()):
            process.send_signal(signal.SIGTERM if process.poll() is None else 0)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()

    def pause(self, name: str) -> None:
        """The process `name` does nothing until `resume`: an outage."""
        self._processes[name].send_signal(signal.SIGSTOP)

    def resume(self, name: str) -> None:
        """The outage of `name` is over."""
        self._processes[name].send_signal(signal.SIGCONT)

    def kubeconfig(self, user: str) -> Path:
        """The file that a client needs to speak as `user`."""
        return self._folder / f"{user}.kubeconfig"

    @property
    def _key(self) -> Path:
        return self._folder / "service-account.key"

    def _server_options(self, etcd_url: str) -> list[str]:
        return [
            f"--etcd-servers={etcd_url}",
            "--bind-address=127.0.0.1",
            f"--secure-port={self._port}",
            f"--cert-dir={self._folder / 'certs'}",  # it signs a certificate for itself there
            f"--token-auth-file={self._folder / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            "--anonymous-auth=false",
            f"--service-account-key-file={self._key}",
            f"--service-account-signing-key-file={self._key}",
            "--service-account-issuer=https://loraloom.test",
            "--service-cluster-ip-range=10.231.0.0/24",
            "--feature-gates=TTLAfterFinished=true",
            "--profiling=false",
        ]

    def _write_keys(self) -> None:
        groups = {ADMIN: '"system:masters"', RUNNER: '"people"'}
        lines = [f"{token},{user},{user},{groups[user]}" for user, token in self._tokens.items()]
        (self._folder / "tokens.csv").write_text("\n".join(lines) + "\n")
        subprocess.run(["openssl", "genrsa", "-out", str(self._key), "2048"], check=True, capture_output=True)

    def _write_kubeconfig(self, user: str) -> None:
        cluster = {"server": self.url, "certificate-authority": str(self._folder / "certs" / "apiserver.crt")}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": user, "user": {"token": self._tokens[user]}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": user}}],
            "current-context": "test",
        }
        self.kubeconfig(user).write_text(json.dumps(content))

    def _spawn(self, name: str, command: list[str]) -> None:
        with (self._folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                command,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=os.environ | {"ETCD_UNSUPPORTED_ARCH": ""},
            )

    def _wait_for_the_api(self, seconds: float = 120) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for name, process in self._processes.items():
                if process.poll() is not None:
                    end = (self._folder / f"{name}.log").read_text("utf-8", "replace")[-3000:]
                    raise RuntimeError(f"{name} ended with {process.returncode}:\n{end}")
            if self._ready():
                return
            time.sleep(0.2)
        raise RuntimeError(f"the API server was not ready within {seconds} s")

    def _ready(self) -> bool:
        request = urllib.request.Request(f"{self.url}/readyz")
        request.add_header("Authorization", f"Bearer {self._tokens[ADMIN]}")
        try:
            trust = ssl.create_default_context(cafile=str(self._folder / "certs" / "apiserver.crt"))
            with urllib.request.urlopen(request, timeout=5, context=trust) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError):
            return False


def _free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on; held together, so that they differ."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports

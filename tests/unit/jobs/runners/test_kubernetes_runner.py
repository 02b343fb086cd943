"""The runner where no cluster answers. With one: tests/kubernetes."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from loraloom.jobs.runners.kubernetes import JobAsk, KubernetesRunner, Settings
from loraloom.spec.errors import LoomError

pytest.importorskip("kubernetes")
ASK = JobAsk("01hzy8x9k2m3n4p5", 1, "t")


def _runner(kubeconfig: Path) -> KubernetesRunner:
    return KubernetesRunner(
        Settings.of({"image": "loraloom:1", "server_url": "http://loraloom:7860", "kubeconfig": str(kubeconfig)})
    )


def test_nobody_listens(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "c",
    }
    file = tmp_path / "config"
    file.write_text(json.dumps(config))
    runner = _runner(file)
    for call in (lambda: runner.start(ASK), lambda: runner.stop("r", 1), runner.look, runner.queue):
        with pytest.raises(LoomError) as found:
            call()
        assert found.value.code == "cluster_unreachable"


def test_no_kubeconfig(tmp_path: Path) -> None:
    with pytest.raises(LoomError) as found:
        _runner(tmp_path / "none").look()
    assert found.value.code == "cluster_unreachable"
    assert "kubeconfig" in found.value.hint


def test_the_client_is_loaded_with_the_first_call() -> None:
    code = (
        "import sys; from loraloom.jobs.runners.kubernetes import KubernetesRunner, Settings; "
        "KubernetesRunner(Settings.of({'image': 'i', 'server_url': 'http://s'})); "
        "sys.exit('kubernetes' in sys.modules or 'sqlalchemy' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

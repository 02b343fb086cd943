"""A container around a child: no network, nobody's user, no powers, limits of memory and processes, a read-only image with
Loom in it, the base model and the pictures read-only, the run folder at /loom/run."""

from __future__ import annotations

import csv
import functools
import hashlib
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from loraloom import __version__
from loraloom.child.limits import OPEN_FILES
from loraloom.data import home
from loraloom.jobs.sandbox import engine, shown
from loraloom.jobs.sandbox.engine import Engine
from loraloom.jobs.sandbox.shown import HOME, INSIDE

IMAGE, MOUNTS, MEMORY = "LORALOOM_IMAGE", "LORALOOM_IMAGE_MOUNTS", "LORALOOM_MEMORY"
"""Environment variables: the image; `host`: the image has no Loom, this machine's Python is shown to it; what a run may use
in all (`24g`, or bytes), else nine tenths of the machine's memory."""
NOBODY = 65532
"""User and group of a child whose server is root: what is called `nonroot` in many images."""
PROCESSES = 4096
"""At most, threads among them: more than the largest machine's training has."""
SHARED_MEMORY = "1g"
"""Of /dev/shm: processes that train together on several cards use it."""
OOM_SCORE = 500
"""Of 1000: when the machine's memory runs out, Linux ends the training and not the server."""
RUN = "loraloom.run"
"""Label of all our containers: the run's name."""
UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


@functools.cache
def ready() -> bool:
    """Whether an engine answers here that has the image. Asked once."""
    found = engine.found()
    return not isinstance(found, str) and has_image(found)


def has_image(found: Engine) -> bool:
    """Whether the image is on this machine: Loom fetches none from a registry by itself."""
    try:
        return found.ask("image", "inspect", "--format", "{{.Id}}", image()).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def image() -> str:
    """The image that runs are made of."""
    return os.environ.get(IMAGE) or f"loraloom:{__version__}"


def of_host() -> bool:
    """Whether containers use this machine's Python."""
    return os.environ.get(MOUNTS) == "host"


def memory_limit() -> int:
    """Bytes that a run may use in all. Raises ValueError on what is no size."""
    wanted = os.environ.get(MEMORY)
    if not wanted:
        import psutil

        return psutil.virtual_memory().total * 9 // 10
    size = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?", wanted.strip().lower())
    if size is None:
        raise ValueError(f"{MEMORY} is {wanted!r}.")
    return int(float(size[1]) * UNITS[size[2]])


def owner() -> tuple[int, int]:
    """User and group of a child: the server's own, unless that is root."""
    return (os.geteuid(), os.getegid()) if os.geteuid() != 0 else (NOBODY, NOBODY)


def name_of(run_dir: Path) -> str:
    """What the container of a run is called, so that every server finds it again and two data homes do not meet."""
    place = str(run_dir.absolute())
    stem = re.sub(r"[^a-zA-Z0-9_.-]", "-", run_dir.name)[:40]
    return f"loom-{stem}-{hashlib.sha256(place.encode()).hexdigest()[:12]}"


def arguments(
    found: Engine,
    run_dir: Path,
    limit: int,
    *,
    base: Path | None = None,
    read_only: Sequence[Path] = (),
    device: str = "cpu",
    name: str = "",
    network: Sequence[str] | None = None,
    labels: Mapping[str, str] | None = None,
) -> list[str]:
    """What stands between the engine and the arguments of Python to make and start the container of `run_dir`.

    `limit`: bytes of memory. With `network` the child reaches it. These are names of variables of the engine's own process
    that the child gets: on a command line everybody could read their values.
    """
    user, group = owner()
    told = ["run", "--detach", "--name", name_of(run_dir), "--pull", "never", "--init", "--no-healthcheck"]
    for label, value in {RUN: name or run_dir.name, **(labels or {})}.items():
        told += ["--label", f"{label}={value}"]
    told += ["--user", f"{user}:{group}", "--hostname", "loom", "--network", "none" if network is None else "host"]
    told += [
        "--memory",
        str(limit),
        "--memory-swap",
        str(limit),
        "--pids-limit",
        str(PROCESSES),
        "--shm-size",
        SHARED_MEMORY,
    ]
    told += ["--oom-score-adj", str(OOM_SCORE), "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
    told += ["--ulimit", f"nofile={OPEN_FILES}:{OPEN_FILES}", "--ulimit", "core=0:0"]
    told += ["--read-only", "--tmpfs", f"{HOME}:rw,nosuid,nodev,exec,mode=1777", "--workdir", str(INSIDE)]
    told += ["--log-driver", "k8s-file" if found.podman else "json-file", "--log-opt", "max-size=1m"]
    if found.podman:
        told += [*_processes_as_here(), *(("--userns", "keep-id") if os.geteuid() != 0 else ())]
    if shown.is_card(device):
        told += _cards(shown.card(device, os.environ), found.podman)
    told += _mounts(run_dir, base, read_only, network is not None)
    for key, value in _variables(device, name, base).items():
        told += ["--env", f"{key}={value}"]
    for key in network or ():
        told += ["--env", key]
    return [*told, "--entrypoint", sys.executable if of_host() else "python", image()]


def _processes_as_here() -> tuple[str, ...]:
    """Podman sets how many processes a user may have to as many as there can be, and not every root may raise that."""
    import resource

    most = int(Path("/proc/sys/kernel/pid_max").read_text("ascii"))
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    return "--ulimit", f"nproc={most}:{most}"


def _mounts(run_dir: Path, base: Path | None, read_only: Sequence[Path], network: bool) -> Iterator[str]:
    if of_host():
        yield from _host(network)
    for place in (*read_only, *(shown.weights(base) if base is not None else ())):
        yield from _mount(place, place)
    if base is not None and (converted := shown.conversion(base)):
        yield from _mount(*converted)
    yield from _mount(run_dir, INSIDE, writable=True)
    if shown.own_data(run_dir):
        yield from _mount(run_dir / "data", INSIDE / "data")


def _host(network: bool) -> Iterator[str]:
    """Libraries and Python of this machine. Its links (/lib to usr/lib) must be in the image."""
    places = [Path(place) for place in shown.SYSTEM if Path(place).is_dir() and not Path(place).is_symlink()]
    places += shown.beyond_usr(list(shown.python()))
    settings = [Path("/etc", name) for name in shown.SETTINGS] + ([Path(shown.CERTIFICATES)] if network else [])
    for place in (*places, *(place for place in settings if place.exists())):
        yield from _mount(place.resolve(), place)
    kept = home.home()
    if any(kept.is_relative_to(place) for place in places) and kept.is_dir():
        yield from ("--tmpfs", str(kept))


def _mount(source: Path, target: Path, writable: bool = False) -> tuple[str, str]:
    """The engines read a line of CSV here: names may hold commas."""
    fields = ["type=bind", f"src={source}", f"dst={target}", *([] if writable else ["readonly"])]
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(fields)
    return "--mount", line.getvalue()


def _cards(cards: str, podman: bool) -> list[str]:
    """Docker reads the value as a line of CSV, in which several cards are one field."""
    if podman:
        return [part for card in cards.split(",") for part in ("--device", f"nvidia.com/gpu={card}")]
    return ["--gpus", f'"device={cards}"' if "," in cards else f"device={cards}"]


def _variables(device: str, name: str, base: Path | None) -> dict[str, str]:
    kept = shown.shut_in(device, name, base) | {"LORALOOM_HOME": str(HOME / ".loraloom")}
    # images may ask for all cards, which NVIDIA's runtime listens to
    kept["NVIDIA_VISIBLE_DEVICES"] = shown.card(device, os.environ) or "void"
    if shown.is_card(device):
        count = shown.card(device, os.environ).count(",") + 1
        kept["CUDA_VISIBLE_DEVICES"] = ",".join(map(str, range(count)))  # the container has no others
    if not of_host():
        for key in (*shown.WAYS, "PYTHONPATH"):
            kept.pop(key, None)
    return kept

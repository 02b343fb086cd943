"""What a training child may see and use: on Linux a bubblewrap of its own, elsewhere plain limits, and a sentence on which.

In the bubblewrap: the system's libraries and Python read-only, the base model read-only at its own place (and what it was
converted to where the child looks for it), the run folder at /loom/run with its `data/` read-only, nothing else of the
disk; no network, no other processes, no capabilities.
"""

from __future__ import annotations

import functools
import os
import shutil
import site
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

import loraloom
from loraloom.child.limits import MEMORY
from loraloom.data import home
from loraloom.jobs.runners import ARENAS, GENTLE

Kind = Literal["bubblewrap", "limits", "off"]

INSIDE = Path("/loom/run")
"""Where a child in the bubblewrap finds its run folder, whatever that is called outside, now or later."""
HOME = Path("/tmp")  # noqa: S108 - its own
"""Its home; its data home is the folder `.loraloom` there."""
SYSTEM = (
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/bin",
    "/sbin",
    "/nix/store",
    "/run/opengl-driver",
    "/run/current-system",
)
SETTINGS = ("ld.so.cache", "alternatives", "localtime", "fonts")
"""Of /etc: how libraries are found, the time zone, fonts."""
NAMES = ("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/ssl/certs")
"""How names of hosts and their certificates are found, for a child that reaches the network."""
CARDS = ("nvidia*", "dxg", "kfd", "dri")
"""Of /dev, for a child that has a card."""
ISOLATED = ("--unshare-all", "--new-session", "--clearenv", "--cap-drop", "ALL")
HARDER = ("--unshare-user", "--disable-userns")
"""Nor a sandbox within: from bubblewrap 0.8 on."""
KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "OMP_NUM_THREADS", "MKL_NUM_THREADS", MEMORY)
KEPT_OUTSIDE = (
    *("HOME", "TMPDIR", "HF_HOME", "HF_HUB_CACHE", "LORALOOM_HOME", "XDG_CACHE_HOME", "DYLD_LIBRARY_PATH"),
    *("SYSTEMROOT", "WINDIR", "SYSTEMDRIVE", "TEMP", "TMP", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA"),
    *("PATHEXT", "COMSPEC", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE", "CUDA_PATH"),
)
"""Without a bubblewrap these lead to files that the child may read anyway."""
MESSAGES: dict[Kind, str] = {
    "bubblewrap": "Each training sees its own folder, its pictures and its base model, and has no network (bubblewrap).",
    "limits": "Trainings run as ordinary processes with limits on files.",
    "off": "Trainings run as ordinary processes: Loom has no sandbox on this system, or LORALOOM_SANDBOX is off.",
}
MISSING = " Install bubblewrap to shut each of them in."
FORBIDDEN = " bubblewrap is installed, but this system does not let it make user namespaces."


def kind() -> Kind:
    """How children are shut in here. The first call tries it out, in some 30 ms."""
    if os.environ.get("LORALOOM_SANDBOX", "auto") == "off" or sys.platform == "win32":
        return "off"
    return "bubblewrap" if _working() is not None else "limits"


def message() -> str:
    """What to tell people about it."""
    advice = MISSING if shutil.which("bwrap") is None else FORBIDDEN
    return MESSAGES[kind()] + (advice if kind() == "limits" and sys.platform == "linux" else "")


def command(
    run_dir: Path,
    base: Path | None = None,
    read_only: Sequence[Path] = (),
    device: str = "cpu",
    name: str = "",
    network: bool = False,
) -> list[str]:
    """The arguments before the child's own command that shut it into `run_dir`. Only where `kind` is bubblewrap.

    With `network` the child reaches it: for engines that ask an endpoint.
    """
    flags = _working()
    if flags is None:
        raise RuntimeError("there is no bubblewrap")
    shown = list(_python())
    arguments = [*flags, *_mounts(shown)]
    if network:
        arguments += ["--share-net"]
        for place in NAMES:
            arguments += ["--ro-bind-try", place, place]
    if _is_card(device):
        arguments += ["--ro-bind", "/sys", "/sys"]
        for pattern in CARDS:
            for node in sorted(Path("/dev").glob(pattern)):
                arguments += ["--dev-bind", str(node), str(node)]
    kept = home.home()
    if any(kept.is_relative_to(place) for place in (*shown, *map(Path, SYSTEM))) and kept.is_dir():
        arguments += ["--tmpfs", str(kept)]
    for place in (*read_only, *(weights(base) if base is not None else ())):
        arguments += ["--ro-bind", str(place), str(place)]
    arguments += _converted(base) if base is not None else ()
    arguments += ["--bind", str(run_dir), str(INSIDE)]
    if (run_dir / "data").is_dir() and not (run_dir / "data").is_symlink():  # an earlier child may have left a link
        arguments += ["--ro-bind", str(run_dir / "data"), str(INSIDE / "data")]
    for key, value in environment(device, name, base).items():
        arguments += ["--setenv", key, value]
    return [*arguments, "--remount-ro", "/", "--chdir", str(INSIDE), "--"]


def environment(device: str, name: str = "", base: Path | None = None) -> dict[str, str]:
    """All of the child's environment: a few of this process's variables and none of its secrets."""
    shut_in = kind() == "bubblewrap"
    kept = {key: os.environ[key] for key in (*KEPT, *(() if shut_in else KEPT_OUTSIDE)) if key in os.environ}
    kept = (
        GENTLE
        | ARENAS
        | kept
        | {"PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1", "LORALOOM_RUN": name, "LORALOOM_LIMITS": "1"}
    )
    kept |= {"CUDA_VISIBLE_DEVICES": _visible(device, os.environ), "HF_HUB_OFFLINE": "1"}
    if kind() == "off":
        del kept["LORALOOM_LIMITS"]
    if not shut_in:
        return kept
    kept |= {"HOME": str(HOME), "USER": "loom", "PYTHONPATH": str(_package().parent)}
    if base is not None and base.parent.name == "snapshots":
        kept["HF_HUB_CACHE"] = str(base.parents[2])
    return kept


def _visible(device: str, around: Mapping[str, str]) -> str:
    """CUDA_VISIBLE_DEVICES for `cuda:1`: the second of the cards that this process itself may see."""
    if not _is_card(device):
        return ""
    index = device.partition(":")[2] or "0"
    seen = around.get("CUDA_VISIBLE_DEVICES", "").split(",")
    return seen[int(index)] if seen != [""] and int(index) < len(seen) else index


def _is_card(device: str) -> bool:
    return device.startswith("cuda")


def _package() -> Path:
    return Path(loraloom.__file__).parent


def _python() -> Iterator[Path]:
    """Folders that hold the interpreter and its packages, links among them by both names."""
    packages = [*site.getsitepackages(), *([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])]
    for place in (sys.prefix, sys.base_prefix, Path(sys.executable).resolve().parents[1], *packages, _package()):
        yield from dict.fromkeys((Path(place), Path(place).resolve()))


def _mounts(python: Sequence[Path]) -> Iterator[str]:
    yield from ("--dev", "/dev", "--tmpfs", str(HOME))
    # Where the server is root, so is the child to files outside, powers or not: /proc/sys would be its to change.
    yield from ("--proc", "/proc", "--remount-ro", "/proc")
    for place in map(Path, SYSTEM):
        if place.is_symlink():
            yield from ("--symlink", str(place.readlink()), str(place))
        elif place.is_dir():
            yield from ("--ro-bind", str(place), str(place))
    for name in SETTINGS:
        yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")
    done = [Path("/usr")]
    for place in python:
        if place.is_dir() and not any(place.is_relative_to(other) for other in done):
            done.append(place)
            yield from ("--ro-bind", str(place), str(place))


def weights(base: Path) -> Iterator[Path]:
    """The base model, and the files elsewhere that links in it lead to: the hub's cache is made of such links."""
    yield base
    if base.parent.name == "snapshots":
        yield from (base.parents[1] / name for name in ("refs", "blobs") if (base.parents[1] / name).is_dir())
    elif base.is_dir():
        links = (file.resolve() for file in base.rglob("*") if file.is_symlink() and file.is_file())
        yield from dict.fromkeys(file for file in links if not file.is_relative_to(base.resolve()))


def _converted(base: Path) -> Iterator[str]:
    """The folder that a file of a language model was converted to, shown in the child's own data home."""
    from loraloom.models.text_base import converted

    folder = converted(base) if base.is_file() else None
    if folder is not None and folder.is_dir():
        yield from ("--ro-bind", str(folder), str(HOME / ".loraloom" / folder.relative_to(home.home())))


@functools.cache
def _working() -> tuple[str, ...] | None:
    """bubblewrap and the flags it takes here; None where it is missing or the system forbids it."""
    found = shutil.which("bwrap") if sys.platform == "linux" else None
    if found is None:
        return None
    for flags in ((found, *ISOLATED, *HARDER), (found, *ISOLATED)):
        probe = [*flags, *_mounts(()), "--", "true"]
        done = subprocess.run(probe, stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False)
        if done.returncode == 0:
            return flags
    return None

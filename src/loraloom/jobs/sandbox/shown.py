"""What every kind of sandbox shows of this machine, and the variables that a child gets: few, and no secrets."""

from __future__ import annotations

import os
import site
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import loraloom
from loraloom.child.limits import MEMORY
from loraloom.data import home
from loraloom.jobs.runners import ARENAS, GENTLE

INSIDE = Path("/loom/run")
"""Where a child that is shut in finds its run folder, whatever that is called outside, now or later."""
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
CERTIFICATES = "/etc/ssl/certs"
NAMES = ("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", CERTIFICATES)
"""How names of hosts and their certificates are found, for a child that reaches the network."""
WAYS = ("PATH", "LD_LIBRARY_PATH")
"""They lead to programs of this machine."""
KEPT = (*WAYS, "LANG", "LC_ALL", "TZ", "OMP_NUM_THREADS", "MKL_NUM_THREADS", MEMORY)
KEPT_OUTSIDE = (
    *("HOME", "TMPDIR", "HF_HOME", "HF_HUB_CACHE", "LORALOOM_HOME", "XDG_CACHE_HOME", "DYLD_LIBRARY_PATH"),
    *("SYSTEMROOT", "WINDIR", "SYSTEMDRIVE", "TEMP", "TMP", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA"),
    *("PATHEXT", "COMSPEC", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE", "CUDA_PATH"),
)
"""Where a child is not shut in these lead to files that it may read anyway."""


def common(device: str, name: str) -> dict[str, str]:
    """Variables of every child of the server."""
    kept = {key: os.environ[key] for key in KEPT if key in os.environ}
    own = {"PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1", "LORALOOM_RUN": name, "LORALOOM_LIMITS": "1"}
    return GENTLE | ARENAS | kept | own | {"CUDA_VISIBLE_DEVICES": card(device, os.environ), "HF_HUB_OFFLINE": "1"}


def outside(device: str, name: str) -> dict[str, str]:
    """Variables of a child that is an ordinary process."""
    return {key: os.environ[key] for key in KEPT_OUTSIDE if key in os.environ} | common(device, name)


def shut_in(device: str, name: str, base: Path | None) -> dict[str, str]:
    """Variables of a child that is shut in and uses this machine's Python."""
    own = {"HOME": str(HOME), "USER": "loom", "PYTHONPATH": str(package().parent)}
    if base is not None and base.parent.name == "snapshots":
        own["HF_HUB_CACHE"] = str(base.parents[2])
    return common(device, name) | own


def card(device: str, around: Mapping[str, str]) -> str:
    """CUDA_VISIBLE_DEVICES for `cuda:1`: the second of the cards that this process itself may see; for `cuda:0+1` the first
    two. Empty without one."""
    if not is_card(device):
        return ""
    seen = [card for card in around.get("CUDA_VISIBLE_DEVICES", "").split(",") if card]
    numbers = (device.partition(":")[2] or "0").split("+")
    return ",".join(seen[int(number)] if int(number) < len(seen) else number for number in numbers)


def is_card(device: str) -> bool:
    """Whether `device` is one."""
    return device.startswith("cuda")


def package() -> Path:
    """This package's folder."""
    return Path(loraloom.__file__).parent


def python() -> Iterator[Path]:
    """Folders that hold the interpreter and its packages, links among them by both names."""
    packages = [*site.getsitepackages(), *([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])]
    for place in (sys.prefix, sys.base_prefix, Path(sys.executable).resolve().parents[1], *packages, package()):
        yield from dict.fromkeys((Path(place), Path(place).resolve()))


def beyond_usr(places: list[Path]) -> Iterator[Path]:
    """Those of `places` that are there and lie neither in /usr nor in one of those before."""
    done = [Path("/usr")]
    for place in places:
        if place.is_dir() and not any(place.is_relative_to(other) for other in done):
            done.append(place)
            yield place


def weights(base: Path) -> Iterator[Path]:
    """The base model, and the files elsewhere that links in it lead to: the hub's cache is made of such links."""
    yield base
    if base.parent.name == "snapshots":
        yield from (base.parents[1] / name for name in ("refs", "blobs") if (base.parents[1] / name).is_dir())
    elif base.is_dir():
        links = (file.resolve() for file in base.rglob("*") if file.is_symlink() and file.is_file())
        yield from dict.fromkeys(file for file in links if not file.is_relative_to(base.resolve()))


def conversion(base: Path) -> tuple[Path, Path] | None:
    """The folder that a file of a language model was converted to, and its place in the child's own data home."""
    from loraloom.models.text_base import converted

    folder = converted(base) if base.is_file() else None
    if folder is None or not folder.is_dir():
        return None
    return folder, HOME / ".loraloom" / folder.relative_to(home.home())


def own_data(run_dir: Path) -> bool:
    """Whether the run has data to be shown read-only; an earlier child may have left a link of that name."""
    return (run_dir / "data").is_dir() and not (run_dir / "data").is_symlink()

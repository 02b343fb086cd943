"""A bubblewrap around a child: the system's libraries and Python read-only, the base model read-only at its own place (and
what it was converted to where the child looks for it), the run folder at /loom/run with its `data/` read-only, nothing else
of the disk; no network, no other processes, no capabilities."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from loraloom.data import home
from loraloom.jobs.sandbox import shown
from loraloom.jobs.sandbox.shown import HOME, INSIDE

CARDS = ("nvidia*", "dxg", "kfd", "dri")
"""Of /dev, for a child that has a card."""
ISOLATED = ("--unshare-all", "--new-session", "--clearenv", "--cap-drop", "ALL")
HARDER = ("--unshare-user", "--disable-userns")
"""Nor a sandbox within: from bubblewrap 0.8 on."""


def command(
    run_dir: Path,
    base: Path | None = None,
    read_only: Sequence[Path] = (),
    device: str = "cpu",
    name: str = "",
    network: bool = False,
) -> list[str]:
    """The arguments before the child's own command that shut it into `run_dir`. Only where bubblewrap is `working`.

    With `network` the child reaches it: for engines that ask an endpoint.
    """
    flags = working()
    if flags is None:
        raise RuntimeError("there is no bubblewrap")
    python = list(shown.python())
    arguments = [*flags, *_mounts(python)]
    if network:
        arguments += ["--share-net"]
        for place in shown.NAMES:
            arguments += ["--ro-bind-try", place, place]
    if shown.is_card(device):
        arguments += ["--ro-bind", "/sys", "/sys"]
        for pattern in CARDS:
            for node in sorted(Path("/dev").glob(pattern)):
                arguments += ["--dev-bind", str(node), str(node)]
    kept = home.home()
    if any(kept.is_relative_to(place) for place in (*python, *map(Path, shown.SYSTEM))) and kept.is_dir():
        arguments += ["--tmpfs", str(kept)]
    for place in (*read_only, *(shown.weights(base) if base is not None else ())):
        arguments += ["--ro-bind", str(place), str(place)]
    if base is not None and (converted := shown.conversion(base)):
        arguments += ["--ro-bind", *map(str, converted)]
    arguments += ["--bind", str(run_dir), str(INSIDE)]
    if shown.own_data(run_dir):
        arguments += ["--ro-bind", str(run_dir / "data"), str(INSIDE / "data")]
    for key, value in shown.shut_in(device, name, base).items():
        arguments += ["--setenv", key, value]
    return [*arguments, "--remount-ro", "/", "--chdir", str(INSIDE), "--"]


def _mounts(python: Sequence[Path]) -> Iterator[str]:
    yield from ("--dev", "/dev", "--tmpfs", str(HOME))
    # Where the server is root, so is the child to files outside, powers or not: /proc/sys would be its to change.
    yield from ("--proc", "/proc", "--remount-ro", "/proc")
    for place in map(Path, shown.SYSTEM):
        if place.is_symlink():
            yield from ("--symlink", str(place.readlink()), str(place))
        elif place.is_dir():
            yield from ("--ro-bind", str(place), str(place))
    for name in shown.SETTINGS:
        yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")
    for place in shown.beyond_usr(list(python)):
        yield from ("--ro-bind", str(place), str(place))


@functools.cache
def working() -> tuple[str, ...] | None:
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

"""What a training child may see and use: a bubblewrap or a container of its own, or plain limits; and a sentence on it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Literal

from loraloom.jobs.sandbox import bubblewrap, container, engine, shown
from loraloom.jobs.sandbox.bubblewrap import command
from loraloom.jobs.sandbox.shown import HOME, INSIDE, weights

__all__ = ["HOME", "INSIDE", "Kind", "command", "environment", "kind", "message", "spoken", "weights"]

Kind = Literal["bubblewrap", "container", "limits", "off"]

MESSAGES: dict[Kind, str] = {
    "bubblewrap": "Each training sees its own folder, its pictures and its base model, and has no network (bubblewrap).",
    "container": "Each training has a container of its own: it sees its folder, its pictures and its base model, and has no "
    "network.",
    "limits": "Trainings run as ordinary processes with limits on files.",
    "off": "Trainings run as ordinary processes: Loom has no sandbox on this system, or LORALOOM_SANDBOX is off.",
}
MISSING = " Install bubblewrap to shut each of them in."
FORBIDDEN = " bubblewrap is installed, but this system does not let it make user namespaces."
NONE_STARTS = "LORALOOM_SANDBOX is container, but no training can start: "


def kind() -> Kind:
    """How children are shut in here. The first call tries it out, in some 30 ms.

    LORALOOM_SANDBOX=container means containers, and where no engine answers nothing starts. By itself Loom takes them where
    bubblewrap does not work and an engine has the image.
    """
    wanted = os.environ.get("LORALOOM_SANDBOX", "auto")
    if wanted == "container":
        return "container"
    if wanted == "off" or sys.platform == "win32":
        return "off"
    if bubblewrap.working() is not None:
        return "bubblewrap"
    return "container" if container.ready() else "limits"


def spoken() -> Kind:
    """How processes that answer, the playground and the chat, are shut in: not by containers, which do not answer."""
    chosen = kind()
    if chosen == "container":
        return "bubblewrap" if bubblewrap.working() is not None else "limits"
    return chosen


def message() -> str:
    """What to tell people about it."""
    chosen = kind()
    if chosen == "container":
        return _about_containers()
    advice = MISSING if shutil.which("bwrap") is None else FORBIDDEN
    return MESSAGES[chosen] + (advice if chosen == "limits" and sys.platform == "linux" else "")


def environment(device: str, name: str = "", base: Path | None = None) -> dict[str, str]:
    """All of the environment of a child that is no container: a few of this process's variables and none of its secrets."""
    chosen = kind()
    if chosen == "bubblewrap":
        return shown.shut_in(device, name, base)
    kept = shown.outside(device, name)
    if chosen == "off":
        del kept["LORALOOM_LIMITS"]
    return kept


def _about_containers() -> str:
    found = engine.found()
    if isinstance(found, str):
        return NONE_STARTS + found
    if not container.has_image(found):
        return f"{NONE_STARTS}the image {container.image()} is not on this machine."
    return f"{MESSAGES['container']} ({Path(found.program).name}, {container.image()})"

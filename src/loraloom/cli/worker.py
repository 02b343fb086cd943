"""`loraloom worker`: carry out runs of a server on this machine."""

from __future__ import annotations

import os
import platform
import re
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loraloom.spec.errors import LoomError

if TYPE_CHECKING:
    from loraloom.spec.work import WorkerDevice

TOKEN, RUN_TOKEN = "LORALOOM_WORKER_TOKEN", "LORALOOM_RUN_TOKEN"


def worker(
    server: Annotated[str, typer.Option(envvar="LORALOOM_SERVER", help="Address of the server, with http or https.")],
    name: Annotated[
        str | None,
        typer.Option(help="What it is called; a name that another one has is refused. Default: this machine's name."),
    ] = None,
    device: Annotated[
        list[str] | None,
        typer.Option(
            help="`cpu`, `cuda:0` and so on, one run each, or `cuda:0+1`: two cards for one run. May be given again. "
            "Default: every card, else the processor."
        ),
    ] = None,
    labels: Annotated[str, typer.Option(help="What runs may ask for, with commas between: `a100,80gb`.")] = "",
    redis: Annotated[
        str | None,
        typer.Option(
            envvar="LORALOOM_REDIS",
            help="Redis that tells of work at once; without it, it is asked for every few seconds.",
        ),
    ] = None,
    cache_gb: Annotated[
        float, typer.Option(min=0.1, help="Bound of what is kept of base models and data, in GB.")
    ] = 50.0,
    home: Annotated[Path | None, typer.Option(help="Its folder. Default: `worker/NAME` in the data home.")] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Carry out the one run whose token LORALOOM_RUN_TOKEN holds, then end.")
    ] = False,
) -> None:
    """Carry out runs of a server on this machine. Ctrl-C or SIGTERM hands back what is at work, from its checkpoint."""
    from loraloom.cli.extra import need

    need("httpx2", "worker")
    from loraloom.data.home import home as data_home
    from loraloom.jobs import trace
    from loraloom.jobs.logs import set_up_logs
    from loraloom.jobs.worker.loop import Options, Worker, carry_one

    set_up_logs("worker")
    trace.begin("loraloom-worker")
    called = name or re.sub(r"[^A-Za-z0-9._-]+", "-", platform.node()).strip("-.") or "worker"
    folder = home or data_home() / "worker" / called
    cache = int(cache_gb * 1e9)
    if once:
        ending = threading.Event()
        _on_end(ending.set)
        carry_one(server, _secret(RUN_TOKEN), folder, cache, ending)
        return
    options = Options(
        url=server,
        token=_secret(TOKEN),
        name=called,
        devices=_devices(device or []),
        home=folder,
        labels=tuple(label.strip() for label in labels.split(",") if label.strip()),
        redis=redis,
        cache_bytes=cache,
    )
    made = Worker(options)
    _on_end(made.drain)
    made.run()


def _secret(variable: str) -> str:
    secret = os.environ.get(variable, "")
    if not secret:
        raise LoomError("worker_refused", f"{variable} is not set.", "It holds the token that the server knows.")
    return secret


def _devices(wanted: list[str]) -> tuple[WorkerDevice, ...]:
    from loraloom.jobs.devices import CPU, named, offered

    if wanted and wanted != ["auto"]:
        return named(wanted)
    there = offered()
    return tuple([one for one in there if one.id != CPU] or there)


def _on_end(call: Callable[[], None]) -> None:
    def told(number: int, frame: object) -> None:
        del number, frame
        call()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, told)

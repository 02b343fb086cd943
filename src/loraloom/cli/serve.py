"""`loraloom serve`: the page, its API and the queue on this machine."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Annotated

import typer

from loraloom.cli.show import note


def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; any but this machine's own needs a login.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 7860,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(
            "--allowed-host", metavar="NAME", help="A name under which browsers reach it; may be given again."
        ),
    ] = None,
    import_root: Annotated[
        list[Path] | None,
        typer.Option(
            "--import-root", metavar="DIR", help="A folder from which data sets may be read; may be given again."
        ),
    ] = None,
    warm: Annotated[bool, typer.Option(help="Keep a process ready, so that the next run starts at once.")] = True,
    train: Annotated[
        bool, typer.Option("--train/--no-train", help="Carry out runs on this machine's own devices, too.")
    ] = True,
    device: Annotated[
        list[str] | None,
        typer.Option(
            help="`cpu`, `cuda:0` and so on, one run each, or `cuda:0+1`: two cards for one run. May be given again. "
            "Default: everything there is."
        ),
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Open the page: upload, train, watch, download. Ctrl-C ends the server; runs at work go on."""
    from loraloom.cli.extra import need

    need("fastapi", "server")
    gc.disable()  # until the server is put together: of what is imported nothing is garbage
    from loraloom.jobs.devices import named
    from loraloom.server.serve import serve as listen

    own = (named(device) if device else None) if train else ()
    roots = tuple(root.expanduser().resolve() for root in import_root or ())
    listen(host, port, tuple(allowed_host or ()), warm=warm, say=note, open_page=open_, import_roots=roots, own=own)

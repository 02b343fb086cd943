"""Listens: one process, one event loop, structured logs."""

from __future__ import annotations

import gc
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path

import uvicorn

from loraloom.jobs import trace
from loraloom.jobs.logs import set_up_logs
from loraloom.server.app import create_app
from loraloom.server.context import Options, open_database
from loraloom.spec.errors import LoomError
from loraloom.spec.work import WorkerDevice
from loraloom.store import users


def serve(
    host: str,
    port: int,
    allowed: tuple[str, ...],
    *,
    warm: bool,
    say: Callable[[str], None],
    open_page: bool,
    import_roots: tuple[Path, ...] = (),
    own: tuple[WorkerDevice, ...] | None = None,
) -> None:
    """Serve until interrupted. Raises LoomError `login_needed`, `address_in_use`."""
    listening = _listen(host, port)
    port = listening.getsockname()[1]
    options = Options(host=host, port=port, hosts=allowed, warm=warm, import_roots=import_roots, own=own)
    set_up_logs("server")
    trace.begin("loraloom-server")
    _check_login(options)
    shown = f"http://{'localhost' if host in ('127.0.0.1', '::1') else host}:{port}"
    say(f"LoRA Loom: {shown}  (data in {options.home}; Ctrl-C ends the server, runs go on)")
    if open_page:
        threading.Timer(1.0, webbrowser.open, [shown]).start()
    app = create_app(options)
    gc.freeze()  # what lives as long as the server is not looked through again and again while it works
    gc.enable()
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            ws="websockets-sansio",
            ws_max_size=2**16,
            ws_ping_interval=40,  # proxies let a silent socket go after 60 s
            ws_per_message_deflate=False,  # messages are short, and each watcher's compressor would hold 40 kB
            timeout_graceful_shutdown=5,
            server_header=False,
        )
    )
    server.run(sockets=[listening])


def _check_login(options: Options) -> None:
    """Others than this machine need a login. Raises LoomError `login_needed`."""
    if all(users.is_loopback(name) for name in (options.host, *options.hosts)):
        return
    database = open_database(options)
    try:
        with database.session() as session:
            users.check_bind(session, options.host, options.hosts)
    finally:
        database.close()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    if sys.platform != "win32":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        hint = "Another program, perhaps another Loom, listens there: choose another --port."
        raise LoomError("address_in_use", f"{host}:{port} cannot be listened on: {error.strerror}.", hint) from error
    return listening

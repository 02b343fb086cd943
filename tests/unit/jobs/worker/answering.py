"""A server that only answers: what a worker says to it is kept, what it hears is chosen by the test."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Said = tuple[str, dict[str, Any]]
Answer = Callable[[str, dict[str, Any]], tuple[int, Any]]
"""From a path and what was said to a status and what is answered: a text of bytes, or something for JSON."""


@contextmanager
def answering(answer: Answer) -> Iterator[tuple[str, list[Said]]]:
    """(its address, what was said so far)."""
    heard: list[Said] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            del format, args

        def _reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            said: dict[str, Any] = json.loads(body) if body else {}
            heard.append((self.path, said))
            status, told = answer(self.path, said)
            content = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _reply

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", heard
    finally:
        server.shutdown()
        server.server_close()


def refused(code: str, message: str = "It is refused.", status: int = 409) -> tuple[int, Any]:
    """As this product's server says it."""
    return status, {"error": {"code": code, "message": message, "hint": "Do something."}}

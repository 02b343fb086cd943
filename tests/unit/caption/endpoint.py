"""A local HTTP server that speaks the chat protocol of OpenAI, for tests of the engine vlm."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any

from PIL import Image


@dataclass
class Seen:
    """What the endpoint was asked. `script` is what it does with its first questions, one word each; then it answers."""

    url: str = ""
    script: list[str] = field(default_factory=list[str])
    questions: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    heads: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    times: list[float] = field(default_factory=list[float])
    at_once: int = 0
    most_at_once: int = 0
    delay: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def endpoint(script: tuple[str, ...] = (), delay: float = 0.0) -> Generator[Seen]:
    """The server runs inside; words of `script`: busy (429), broken (500), slow, garbage, empty, refused (401), bad (400)."""
    seen = Seen(script=list(script), delay=delay)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with seen.lock:
                seen.questions.append(body)
                seen.heads.append(dict(self.headers))
                seen.times.append(time.monotonic())
                word = seen.script.pop(0) if seen.script else "answer"
                seen.at_once += 1
                seen.most_at_once = max(seen.most_at_once, seen.at_once)
            time.sleep(seen.delay + (1.0 if word == "slow" else 0.0))
            with seen.lock:
                seen.at_once -= 1
            status = {"busy": 429, "broken": 500, "refused": 401, "bad": 400}.get(word, 200)
            if word == "garbage":
                content = b"<html>proxy</html>"
            elif status != 200:
                told = self.headers.get("Authorization", "").removeprefix("Bearer ")
                content = json.dumps({"error": {"message": f"no, not with {told}"}}).encode()
            else:
                content = json.dumps(_completion(body, word)).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                if word == "busy":
                    self.send_header("Retry-After", "1")
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                pass  # it did not wait

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    seen.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield seen
    finally:
        server.shutdown()
        server.server_close()


def _completion(body: dict[str, Any], word: str) -> dict[str, Any]:
    """It answers with the size and the mean colour of the picture that it really decoded."""
    text, picture = body["messages"][-1]["content"]
    head, _, data = picture["image_url"]["url"].partition(",")
    assert head == "data:image/jpeg;base64" and text["type"] == "text"
    image = Image.open(BytesIO(base64.b64decode(data)))
    red = image.resize((1, 1)).getpixel((0, 0))[0]  # pyright: ignore[reportIndexIssue, reportOptionalSubscript]
    said = (
        "" if word == "empty" else f"<think>hm</think>a {image.width} x {image.height} picture,\n red {round(red, -1)}"
    )
    message = {"role": "assistant", "content": said}
    usage = {"prompt_tokens": 1000, "completion_tokens": 20}
    return {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage}

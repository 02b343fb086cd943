"""A drawing process for tests of the server: draws a grey picture at once, or waits to be let go."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from starlette.testclient import TestClient

from loraloom.server.context import Context
from loraloom.spec.drawing import Drawing, DrawLine, DrawStart
from loraloom.spec.errors import LoomError
from loraloom.store.tables import Lora, Run, User
from tests.fake_weights import kohya_lora


class Fake:
    """Draws in two steps; a prompt with `slow` waits after the first one for `newer`, for its end, or for `go`."""

    made: list[Fake]
    go: bool

    def __init__(self, start: DrawStart, bases: Sequence[Path], device: str, room: Path, gentle: bool = False) -> None:
        self.start, self.bases, self.device, self.gentle = start, bases, device, gentle
        self.alive, self.told = True, 0
        self.drawn: list[Drawing] = []
        self.made.append(self)

    def ready(self) -> Iterator[DrawLine]:
        yield DrawLine(event="ready")

    def sees(self, base_model: str) -> bool:
        return Path(base_model) in self.bases

    def ask(self, drawing: Drawing) -> Iterator[DrawLine]:
        self.drawn.append(drawing)
        told = self.told
        if "broken" in drawing.prompt:
            raise LoomError("lora_mismatch", "It does not fit.", "Take another.")
        yield DrawLine(event="drawing", done=1, total=2)
        while "slow" in drawing.prompt and self.alive and self.told == told and not self.go:
            time.sleep(0.002)
        if not self.alive:
            raise LoomError("child_died", "The drawing process was ended.")
        if self.told != told:
            yield DrawLine(event="newer")
            return
        yield DrawLine(event="drawing", done=2, total=2)
        size = {"width": drawing.width or 64, "height": drawing.height or 64}
        used = {"steps": drawing.steps or 20, "guidance": drawing.guidance or 3.0}
        yield DrawLine(event="done", load_ms=1, swap_ms=2, draw_ms=3, warnings=("odd layers",), **size, **used)

    def picture(self) -> bytes:
        return png(len(self.drawn))

    def newer(self) -> None:
        self.told += 1

    def end(self) -> None:
        self.alive = False


def png(grey: int = 0) -> bytes:
    """A small picture."""
    out = BytesIO()
    Image.new("L", (64, 64), grey % 256).save(out, "PNG")
    return out.getvalue()


def add_lora(context: Context, user_id: str, name: str, family: str = "sd1", **values: Any) -> str:
    """A LoRA made elsewhere, with a real file; its id."""
    file = context.home / "loras" / name / f"{name} file.safetensors"
    file.parent.mkdir(parents=True)
    kohya_lora(file, "sdxl" if family == "sdxl" else "sd1", every=40)
    row: dict[str, Any] = {"base_model": "", "steps": 1, "bytes": 1, "sha256": name, "trigger": ""} | values
    with context.database.session() as session:
        place = file.relative_to(context.home).as_posix()
        lora = Lora(user_id=user_id, name=name, file=place, family=family, **row)
        session.add(lora)
        session.flush()
        return lora.id


def add_run(context: Context, user_id: str, *steps: int, state: str = "running", base: str = "thimble") -> str:
    """A run with checkpoints of these steps; its id."""
    with context.database.session() as session:
        run = Run(name="fox", user_id=user_id, base_model=base, family="sd1", config={}, state=state)
        session.add(run)
        session.flush()
        run_id = run.id
    for step in steps:
        folder = context.home / "runs" / run_id / "checkpoints" / f"step-{step:06d}"
        folder.mkdir(parents=True)
        (folder / "adapter.safetensors").write_bytes(b"x")
    return run_id


def me(context: Context) -> str:
    """Id of the user of this machine."""
    with context.database.session() as session:
        user = session.query(User).first()
        assert user is not None
        return user.id


def draw(
    server: TestClient, prompt: str = "a fox", /, stream: str = "", keep: bool = False, **drawing: Any
) -> list[Any]:
    """The lines of an answer."""
    body = {"drawing": {"prompt": prompt, **drawing}, "stream": stream, "keep": keep}
    reply = server.post("/api/drawings", json=body)
    assert reply.status_code == 200, reply.text
    assert reply.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in reply.text.splitlines()]


def begin(*arguments: Any, **more: Any) -> tuple[threading.Thread, list[list[Any]]]:
    """`draw` in a thread of its own."""
    found: list[list[Any]] = []
    thread = threading.Thread(target=lambda: found.append(draw(*arguments, **more)))
    thread.start()
    return thread, found


def events(lines: list[Any]) -> list[str]:
    """What happened, steps left out."""
    return [line["event"] for line in lines if line["event"] != "drawing"]


def refused(server: TestClient, **drawing: Any) -> str:
    """The code of the error."""
    reply = server.post("/api/drawings", json={"drawing": drawing})
    assert reply.status_code >= 400, reply.text
    return reply.json()["error"]["code"]


def wait_for(what: Callable[[], bool]) -> None:
    """Fails after 20 seconds."""
    until = time.monotonic() + 20
    while not what():
        assert time.monotonic() < until, "too slow"
        time.sleep(0.005)

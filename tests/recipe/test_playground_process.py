"""The drawing process: lines in, lines and PNGs out, the newest wish first."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from loraloom.generate.playground.engine import Engine
from loraloom.generate.sheet import to_picture
from loraloom.spec.drawing import NEWER, DrawAsk, Drawing, DrawLine, DrawStart


class Process:
    def __init__(self) -> None:
        self.child = subprocess.Popen(
            [sys.executable, "-m", "loraloom.generate.playground"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def say(self, line: str) -> None:
        assert self.child.stdin is not None
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()

    def hear(self) -> DrawLine:
        assert self.child.stdout is not None
        return DrawLine.model_validate_json(self.child.stdout.readline())

    def until(self, *events: str) -> list[DrawLine]:
        found = [self.hear()]
        while found[-1].event not in events:
            found.append(self.hear())
        return found


@pytest.fixture
def process() -> Iterator[Process]:
    process = Process()
    try:
        yield process
    finally:
        process.child.kill()
        process.child.wait()


def ask(name: str, out: Path, **fields: object) -> str:
    drawing = Drawing.model_validate({"prompt": "owl", "steps": 3} | fields)
    return DrawAsk(id=name, drawing=drawing, out=str(out / f"{name}.png")).model_dump_json()


def test_from_its_start_to_its_end(process: Process, tmp_path: Path) -> None:
    process.say(DrawStart(device="cpu", threads=1).model_dump_json())
    assert process.hear() == DrawLine(event="ready")

    process.say(ask("first", tmp_path / "new folder"))
    lines = process.until("done", "error")
    assert [(line.event, line.done, line.total) for line in lines[:-1]] == [
        ("loading", 0, 0),
        *(("drawing", n, 3) for n in (1, 2, 3)),
    ]
    done = lines[-1]
    assert {line.id for line in lines} == {"first"}
    assert (done.width, done.height, done.steps, done.guidance) == (64, 64, 3, 3.0)
    assert done.load_ms > done.swap_ms >= 0 and done.draw_ms > 0
    picture = Image.open(tmp_path / "new folder" / "first.png")
    assert picture.info == {}, "what made it is written by the server"
    wanted = Engine("cpu", threads=1).draw(Drawing(prompt="owl", steps=3))
    assert np.array_equal(np.asarray(picture), np.asarray(to_picture(wanted.pixels)))

    process.say(ask("plain", tmp_path))
    assert [line.event for line in process.until("done", "error")] == ["drawing"] * 3 + ["done"]
    assert Image.open(tmp_path / "plain.png").info == {}

    process.say(ask("long", tmp_path, steps=150))
    assert process.hear().event == "drawing"
    for line in (ask("waits", tmp_path), NEWER, ask("newest", tmp_path)):
        process.say(line)
    found = process.until("done", "error")
    ends = [(line.id, line.event) for line in found if line.event != "drawing"]
    assert ends == [("long", "newer"), ("waits", "newer"), ("newest", "done")]
    assert sum(line.id == "long" for line in found) < 100
    assert sorted(path.name for path in tmp_path.glob("*.png")) == ["newest.png", "plain.png"]

    process.say(ask("wrong", tmp_path, loras=[{"path": str(tmp_path / "none.safetensors")}]))
    (error,) = process.until("error")
    assert (error.id, error.code) == ("wrong", "file_not_found") and error.hint
    process.say(json.dumps({"id": "x"}))
    assert process.hear().code == "request_invalid"

    process.say(ask("last", tmp_path, steps=150))
    assert process.hear().event == "drawing"
    assert process.child.stdin is not None
    process.child.stdin.close()
    assert process.child.wait(timeout=20) == 0
    assert not (tmp_path / "last.png").exists()


def test_a_start_that_fails(process: Process) -> None:
    process.say(DrawStart(device="tpu:9").model_dump_json())
    assert process.hear().code == "device_unavailable"
    assert process.child.wait(timeout=20) == 1

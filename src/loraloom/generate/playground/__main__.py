"""`python -m loraloom.generate.playground`: draws what it is asked for, a line of JSON each way (`spec.drawing`).

The first line on the standard input is a DrawStart, every further one a DrawAsk, answered one after the other, or the word
"newer" (as JSON), which gives up what was asked before it, between two steps. When the standard input closes, so does this
process.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from loraloom.child.work import Words
from loraloom.generate.lines import Say, begin, in_words
from loraloom.spec.drawing import NEWER, DrawAsk, DrawLine, DrawStart

if TYPE_CHECKING:
    from loraloom.generate.playground.engine import Drawn, Engine

WORDS = Words(
    kept="nothing was lost",
    again="Draw again.",
    memory="Draw a smaller picture, or close what else uses the memory.",
    busy="used",
)


def main() -> int:
    """Draw until the standard input closes. Exit code 1 when it could not begin; the last line says why."""
    lines, say = begin(NEWER)
    try:
        start = DrawStart.model_validate_json(lines.next())

        from loraloom.generate.playground.engine import Engine

        engine = Engine(start.device, start.threads, start.memory_bytes)
    except Exception as error:
        say(_error("", error))
        return 1
    say(DrawLine(event="ready"))
    while True:
        line = lines.next()
        ask = None
        try:
            ask = DrawAsk.model_validate_json(line)
            answer(engine, ask, say, lines.stopped)
        except Exception as error:
            say(_error(ask.id if ask else "", error))


def answer(engine: Engine, ask: DrawAsk, say: Say, stop: Callable[[], bool]) -> None:
    """Draw one picture and save it, or say that something newer came. Raises LoomError of `Engine.draw`, OSError."""
    from loraloom.generate.playground.engine import Stopped

    try:
        if stop():
            raise Stopped
        if not engine.holds(ask.drawing.base_model):
            say(DrawLine(event="loading", id=ask.id))
        drawn = engine.draw(
            ask.drawing,
            on_step=lambda done, total: say(DrawLine(event="drawing", id=ask.id, done=done, total=total)),
            stop=stop,
        )
    except Stopped:
        say(DrawLine(event="newer", id=ask.id))
        return
    save(drawn, Path(ask.out))
    say(
        DrawLine(
            event="done",
            id=ask.id,
            width=drawn.width,
            height=drawn.height,
            steps=drawn.steps,
            guidance=drawn.guidance,
            load_ms=drawn.load_ms,
            swap_ms=drawn.swap_ms,
            draw_ms=drawn.draw_ms,
            warnings=drawn.warnings,
        )
    )


def save(drawn: Drawn, file: Path) -> None:
    """Write the PNG, whole or not at all."""
    from loraloom.generate.sheet import to_picture

    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        to_picture(drawn.pixels).save(beside, "PNG")
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


def _error(ask: str, error: Exception) -> DrawLine:
    said = in_words(error, WORDS)
    return DrawLine(event="error", id=ask, code=said.code, message=said.message, hint=said.hint)


if __name__ == "__main__":
    sys.exit(main())

"""`python -m loraloom.generate.chat`: a language model that answers, a line of JSON each way (`spec.chat`).

The first line on the standard input is a ChatStart, every further one a ChatTurn, answered one after the other, or the word
"stop" (as JSON), which ends the answer that is being given. When the standard input closes, so does this process.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING

from pydantic import ValidationError

from loraloom.child import limits
from loraloom.child.work import Words, translate
from loraloom.spec.chat import STOP, ChatLine, ChatStart, ChatTurn
from loraloom.spec.errors import LoomError

if TYPE_CHECKING:
    from loraloom.generate.language import Speaker

WORDS = Words(
    kept="nothing was lost",
    again="Ask again.",
    memory="Ask for a shorter answer, or close what else uses the memory.",
    busy="used",
)
Say = Callable[[ChatLine], None]


class Lines:
    """What comes in, read by a thread of its own so that a stop is heard during an answer."""

    def __init__(self, source: IO[str]) -> None:
        self._source = source
        self._lines: queue.Queue[str] = queue.Queue()
        self.stopped = threading.Event()
        """Whether the answer that is being given should end."""
        threading.Thread(target=self._read, daemon=True).start()

    def next(self) -> str:
        """The next line that is not a stop."""
        return self._lines.get()

    def _read(self) -> None:
        for line in self._source:
            if line.strip() == STOP:
                self.stopped.set()
            elif line.strip():
                self.stopped.clear()
                self._lines.put(line)
        os._exit(0)  # nobody asks any more: not even an answer that is being given is finished


def main() -> int:
    """Answer until the standard input closes. Exit code 1 when the model could not be loaded; the last line says why."""
    limits.apply()
    out = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)  # what libraries print is no answer
    lines = Lines(sys.stdin)

    def say(line: ChatLine) -> None:
        out.write(line.model_dump_json(exclude_defaults=True) + "\n")
        out.flush()

    try:
        start = ChatStart.model_validate_json(lines.next())
        say(ChatLine(event="loading"))
        speaker = load(start)
    except Exception as error:
        say(_error(error))
        return 1
    say(ChatLine(event="ready"))
    while True:
        try:
            answer(speaker, ChatTurn.model_validate_json(lines.next()), say, lines.stopped.is_set)
        except Exception as error:
            say(_error(error))


def load(start: ChatStart) -> Speaker:
    """Base and LoRA, ready to answer. Raises LoomError of `resolve`, `folder_of`, `load` and `attach`."""
    import torch

    from loraloom.generate import language
    from loraloom.generate.device import device_of, dtype_of
    from loraloom.generate.quiet import quiet
    from loraloom.models.resolve import resolve
    from loraloom.models.text_base import folder_of

    quiet()
    if start.threads:
        torch.set_num_threads(start.threads)
    base = resolve(start.base_model)
    if base.family != "causal_lm":
        raise LoomError("base_model_mismatch", f"{base.name} is no language model.", "Chat with one that is.")
    folder, device = folder_of(base), device_of(start.device)
    speaker = language.load(folder, device, dtype_of(folder, device))
    if start.lora is not None:
        language.attach(speaker, Path(start.lora))
    return speaker


def answer(speaker: Speaker, turn: ChatTurn, say: Say, stop: Callable[[], bool]) -> None:
    """Say what the model answers, as it comes, and at the end how long it took. Raises LoomError `dataset_unreadable`."""
    began = time.monotonic()
    text = speaker.answer(
        turn.messages,
        strength=turn.strength,
        temperature=turn.temperature,
        max_tokens=turn.max_tokens,
        seed=turn.seed,
        on_text=lambda piece: say(ChatLine(event="token", text=piece)),
        stop=stop,
    )
    say(ChatLine(event="done", text=text, tokens=speaker.spoken, seconds=round(time.monotonic() - began, 3)))


def _error(error: Exception) -> ChatLine:
    if isinstance(error, ValidationError):
        error = LoomError("request_invalid", f"What was asked is not as it should be: {error.errors()[0]['msg']}.")
    elif not isinstance(error, LoomError):
        traceback.print_exc()
    said = translate(error, WORDS)
    return ChatLine(event="error", code=said.code, message=said.message, hint=said.hint)


if __name__ == "__main__":
    sys.exit(main())

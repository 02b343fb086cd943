"""`python -m loraloom.generate.chat`: a language model that answers, a line of JSON each way (`spec.chat`).

The first line on the standard input is a ChatStart, every further one a ChatTurn, answered one after the other, or the word
"stop" (as JSON), which ends the answer that is being given. When the standard input closes, so does this process.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from loraloom.child.work import Words
from loraloom.generate.lines import begin, in_words
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


def main() -> int:
    """Answer until the standard input closes. Exit code 1 when the model could not be loaded; the last line says why."""
    lines, say = begin(STOP)
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
            answer(speaker, ChatTurn.model_validate_json(lines.next()), say, lines.stopped)
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
    said = in_words(error, WORDS)
    return ChatLine(event="error", code=said.code, message=said.message, hint=said.hint)


if __name__ == "__main__":
    sys.exit(main())

"""`loraloom chat`: talk to a language model with a LoRA, or to the base alone."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from loraloom.cli.show import note, print_json

if TYPE_CHECKING:
    from loraloom.jobs.chat_process import ChatProcess
    from loraloom.spec.chat import ChatLine, ChatStart, ChatTurn
    from loraloom.spec.example import Message

HELP = "The LoRA, a PEFT folder; or a base model alone: smollm2, a transformers folder, a .gguf file, a hub id."


def chat(
    model: Annotated[str, typer.Argument(metavar="LORA|BASE", help=HELP)],
    prompt: Annotated[
        str | None,
        typer.Option("--prompt", metavar="TEXT", help="Ask this and end; without it you are asked for lines."),
    ] = None,
    strength: Annotated[
        float, typer.Option("--strength", min=0, max=4, help="0 is the base alone, 1 the LoRA as it was trained.")
    ] = 1.0,
    base: Annotated[
        str | None, typer.Option("--base", metavar="B", help="The base model, where the LoRA does not name it.")
    ] = None,
    system: Annotated[
        str | None,
        typer.Option("--system", metavar="TEXT", help="What the model is told first; by default what it was."),
    ] = None,
    temperature: Annotated[
        float, typer.Option("--temperature", min=0, max=2, help="0 always says the likeliest; more is more varied.")
    ] = 0.0,
    max_tokens: Annotated[int, typer.Option("--max-tokens", min=1, max=8192, help="Longest answer, in tokens.")] = 256,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**32 - 1, help="Seed of varied answers.")] = 0,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="With --prompt: end with one JSON object on stdout.")] = False,
) -> None:
    """Talk to a LoRA as it comes out of a training. Ctrl-D ends."""
    from loraloom.cli.extra import need
    from loraloom.jobs.chat_start import starting
    from loraloom.spec.chat import ChatTurn
    from loraloom.spec.example import Message

    if as_json and prompt is None:
        raise typer.BadParameter("--json needs --prompt", param_hint="--json")
    need("tokenizers", "text")
    start, told = starting(model, base, device, note)
    system = told if system is None else system
    said: list[Message] = [Message(role="system", content=system)] if system else []
    with _process(start) as process:
        for question in [prompt] if prompt is not None else _lines():
            said.append(Message(role="user", content=question))
            turn = ChatTurn(
                messages=tuple(said), strength=strength, temperature=temperature, max_tokens=max_tokens, seed=seed
            )
            done = _answer(process, turn, aloud=not as_json)
            said.append(Message(role="assistant", content=done.text))
            if as_json:
                print_json({"text": done.text, "tokens": done.tokens, "seconds": done.seconds})


@contextmanager
def _process(start: ChatStart) -> Generator[ChatProcess]:
    from loraloom.jobs.chat_process import ChatProcess

    process = ChatProcess(start)
    try:
        for _ in process.ready():
            pass
        yield process
    finally:
        process.end()


def _answer(process: ChatProcess, turn: ChatTurn, aloud: bool) -> ChatLine:
    """Print the answer as it comes; the first Ctrl-C ends the answer and not the chat."""
    from loraloom.spec.chat import ChatLine

    last = ChatLine(event="done")
    with _interrupts(process.stop):
        for last in process.ask(turn):
            if last.event == "token" and aloud:
                print(last.text, end="", flush=True)
    if aloud:
        print(flush=True)
    return last


@contextmanager
def _interrupts(stop: Callable[[], None]) -> Generator[None]:
    before = signal.getsignal(signal.SIGINT)

    def first(number: int, frame: object) -> None:
        del number, frame
        signal.signal(signal.SIGINT, before)
        stop()

    signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _lines() -> Iterator[str]:
    """What the person types, until the end of the input."""
    while True:
        try:
            text = input("> ") if sys.stdin.isatty() else input()
        except EOFError:
            return
        if text.strip():
            yield text

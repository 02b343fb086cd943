"""The answers of an experiment with language models, and how well each expects texts that it never saw."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import groupby
from pathlib import Path

import torch

from loraloom.generate import language
from loraloom.generate.device import device_of, dtype_of
from loraloom.generate.experiment.adapter import put_on, take_off
from loraloom.generate.experiment.job import Work
from loraloom.generate.experiment.measured import write
from loraloom.spec.errors import LoomError
from loraloom.spec.event import StageProgressed, StageStarted
from loraloom.spec.example import Message
from loraloom.spec.experiment import Cell, Measured, cells

TEMPERATURE = 0.8
"""With several seeds; one seed takes the likeliest token always."""
SCRATCH = "adapters"


def answer_all(work: Work) -> Callable[[], None]:
    """Answer what is missing; returns what measures. Raises Stopped, LoomError."""
    if work.job.threads:
        torch.set_num_threads(work.job.threads)
    missing = [cell for cell in cells(work.job.experiment) if cell.number not in work.record.done]
    wanted = {cell.column for cell in missing}
    for speaker, column in _speakers(work, wanted):
        own = [cell for cell in missing if cell.column == column]
        if isinstance(speaker, LoomError):
            work.fail(len(own), speaker)
            work.progressed()
            continue
        for cell in own:
            _answer(work, speaker, cell)
    return partial(_measure, work)


def _speakers(work: Work, wanted: set[int]) -> Iterator[tuple[language.Speaker | LoomError, int]]:
    """The model of every column, a base loaded once and a LoRA put on once; or why there is none."""
    job = work.job
    order = sorted(wanted, key=lambda number: (work.columns[number].base, work.columns[number].candidate, number))
    for base, some in groupby(order, key=lambda number: work.columns[number].base):
        folder, device = Path(job.bases[base]), device_of(job.device)
        speaker = language.load(folder, device, dtype_of(folder, device))
        for candidate, numbers in groupby(some, key=lambda number: work.columns[number].candidate):
            work.look()
            found: language.Speaker | LoomError = speaker
            if not work.there(candidate):
                found = LoomError("run_not_ready", f"{work.name(candidate)} was left out: {job.left_out[candidate]}")
            elif (lora := job.loras[candidate]) is None:
                take_off(speaker)
            else:
                try:
                    put_on(speaker, work.run_dir / lora, work.run_dir / SCRATCH / str(candidate))
                except LoomError as error:
                    found = error
            for number in numbers:
                yield found, number


def _answer(work: Work, speaker: language.Speaker, cell: Cell) -> None:
    work.look()
    asked = work.job.experiment
    began = time.monotonic()
    reason: list[str] = []

    def stop() -> bool:
        if not reason and (why := work.asks.reason()) is not None:
            reason.append(why)
        return bool(reason)

    text = speaker.answer(
        (Message(role="user", content=asked.prompts[cell.prompt]),),
        system=asked.system,
        strength=work.columns[cell.column].strength,
        temperature=TEMPERATURE if len(asked.seeds) > 1 else 0.0,
        max_tokens=asked.max_tokens,
        seed=asked.seeds[cell.seed],
        stop=stop,
    )
    if reason:  # half an answer is none
        work.stop(reason[0])
    work.record.say(cell.number, text, time.monotonic() - began)
    work.progressed()


def _measure(work: Work) -> None:
    """Perplexity on the held-out texts of every column; without any, nothing."""
    if work.job.texts is None:
        return
    texts: list[str] = json.loads((work.run_dir / work.job.texts).read_text("utf-8"))
    total = len(work.columns)
    work.emit(StageStarted(stage="measuring", total=total))
    found = {number: Measured(column=number) for number in range(total)}
    for done, (speaker, column) in enumerate(_speakers(work, set(found)), 1):
        if not isinstance(speaker, LoomError):
            work.look()
            value = speaker.perplexity(texts, work.columns[column].strength)
            found[column] = Measured(column=column, perplexity=round(value, 5))
        work.emit(StageProgressed(stage="measuring", done=done, total=total))
    write(work.run_dir, [found[number] for number in range(total)])

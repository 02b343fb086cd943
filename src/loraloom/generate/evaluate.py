"""`python -m loraloom.generate.evaluate REQUEST.json`: what a language model knows and forgets with a LoRA."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from loraloom.generate.once import once
from loraloom.spec.evaluation import Answered, EvaluationRequest, EvaluationResult
from loraloom.spec.example import Message


def evaluate(request: EvaluationRequest) -> EvaluationResult:
    """Ask and measure at strength 0, then at 1. Raises LoomError `weights_unreadable`, `lora_unreadable`, `lora_mismatch`,
    `device_unavailable`."""
    import torch

    from loraloom.generate.device import device_of, dtype_of
    from loraloom.generate.language import attach, load

    began = time.monotonic()
    if request.threads:
        torch.set_num_threads(request.threads)
    base, device = Path(request.base), device_of(request.device)
    speaker = load(base, device, dtype_of(base, device))
    attach(speaker, Path(request.lora))

    def answers(strength: float) -> list[str]:
        return [
            speaker.answer(
                (Message(role="user", content=asked.question),),
                system=request.system,
                strength=strength,
                max_tokens=request.max_tokens,
            )
            for asked in request.questions
        ]

    def perplexity(strength: float) -> float | None:
        return speaker.perplexity(request.texts, strength) if request.texts else None

    before, after = answers(0.0), answers(1.0)
    return EvaluationResult(
        answers=tuple(
            Answered(
                question=asked.question,
                before=old,
                after=new,
                right_before=is_right(old, asked.answer),
                right_after=is_right(new, asked.answer),
            )
            for asked, old, new in zip(request.questions, before, after, strict=True)
        ),
        perplexity_before=perplexity(0.0),
        perplexity_after=perplexity(1.0),
        seconds=round(time.monotonic() - began, 3),
    )


def is_right(said: str, wanted: Sequence[Sequence[str]]) -> bool:
    """Whether `said` has one spelling of each of `wanted`, as whole words; case and punctuation do not count."""
    words = f" {_words(said)} "
    return all(any(f" {_words(spelling)} " in words for spelling in spellings) for spellings in wanted)


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def main(arguments: list[str]) -> int:
    """Exit code 0 when something was measured, 1 when not (the answer says why), 2 for wrong usage."""
    return once(
        arguments, "loraloom.generate.evaluate", EvaluationRequest, EvaluationResult, evaluate, "Nothing was measured"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m loraloom.generate.evaluate REQUEST.json`: what a language model knows and forgets with a LoRA."""

from __future__ import annotations

import re
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from loraloom.spec.errors import LoomError
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
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m loraloom.generate.evaluate REQUEST.json\n")
        return 2
    request = EvaluationRequest.model_validate_json(Path(arguments[0]).read_bytes())
    try:
        result = evaluate(request)
    except LoomError as error:
        result = EvaluationResult(error_code=error.code, error_message=error.message, error_hint=error.hint)
    except Exception as error:
        traceback.print_exc()
        short = isinstance(error, MemoryError) or "memory" in str(error).lower()
        result = EvaluationResult(
            error_code="out_of_memory" if short else "internal",
            error_message=f"Nothing was measured: {error}",
            error_hint="Run again with --debug and report this.",
        )
    Path(request.result).write_text(result.model_dump_json(indent=1), encoding="utf-8")
    return 1 if result.error_code else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

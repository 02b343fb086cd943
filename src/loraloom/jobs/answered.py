"""Ask a process of the heavy half: a request on a file, an answer on a file."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from loraloom.jobs.runners.local import environment
from loraloom.jobs.runners.reason import why
from loraloom.spec.errors import CODES, LoomError
from loraloom.spec.evaluation import EvaluationResult
from loraloom.spec.merged import MergeResult
from loraloom.spec.sample import SampleResult

RESULT = "result.json"
"""In the folder of a question: where the answer is expected."""


Kind = TypeVar("Kind", SampleResult, MergeResult, EvaluationResult)


def answered(command: Sequence[str], request: BaseModel, kind: type[Kind], place: Path, process: str) -> Kind:
    """The answer of `command` to `request`, which names `place / RESULT`; `process` is what people call it.

    Raises LoomError: the process's own, or why it died.
    """
    question, log = place / "request.json", place / "log.txt"
    question.write_text(request.model_dump_json(indent=1), encoding="utf-8")
    with log.open("wb") as stream:
        code = subprocess.run(
            [*command, str(question)],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=environment(),
            check=False,
        ).returncode
    try:
        result = kind.model_validate_json((place / RESULT).read_bytes())
    except (OSError, ValidationError):
        said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        error = why(code, log)
        raise LoomError(
            error.code, error.message.replace("training process", process), said[0] if said else ""
        ) from None
    if result.error_code:
        known = result.error_code if result.error_code in CODES else "internal"
        raise LoomError(known, result.error_message, result.error_hint)
    return result

"""One request in a file, one answer in another: what the processes that do one thing have in common."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from loraloom.child.work import is_memory
from loraloom.spec.errors import LoomError

R = TypeVar("R", bound=BaseModel)
A = TypeVar("A", bound=BaseModel)


def once(
    arguments: list[str], module: str, request: type[R], result: type[A], work: Callable[[R], A], failed: str
) -> int:
    """Read the `request` in the file that `arguments` name, do `work`, write its `result` where the request says.

    Exit code 0, 1 where it failed (the answer says why: `error_code`, `error_message`, `error_hint`; what nobody foresaw
    begins with `failed`), 2 for wrong usage.
    """
    if len(arguments) != 1:
        sys.stderr.write(f"usage: python -m {module} REQUEST.json\n")
        return 2
    asked: Any = request.model_validate_json(Path(arguments[0]).read_bytes())
    error: LoomError | None = None
    answer: BaseModel | None = None
    try:
        answer = work(asked)
    except LoomError as met:
        error = met
    except Exception as met:
        traceback.print_exc()
        code = "out_of_memory" if is_memory(met) else "internal"
        error = LoomError(code, f"{failed}: {met}", "Run again with --debug and report this.")
    if error is not None:
        answer = result.model_validate(
            {"error_code": error.code, "error_message": error.message, "error_hint": error.hint}
        )
    assert answer is not None
    Path(asked.result).write_text(answer.model_dump_json(indent=1), encoding="utf-8")
    return 1 if error is not None else 0

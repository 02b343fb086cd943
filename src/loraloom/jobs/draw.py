"""Have pictures drawn by the generate process: a request on a file, an answer on a file."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from loraloom.jobs.runners.local import environment
from loraloom.jobs.runners.reason import why
from loraloom.spec.errors import CODES, LoomError
from loraloom.spec.sample import SampleRequest, SampleResult

COMMAND = (sys.executable, "-m", "loraloom.generate")


def draw(wanted: dict[str, Any]) -> SampleResult:
    """The answer to `wanted`, the fields of a `SampleRequest` less `result`. Raises LoomError when nothing was drawn."""
    with tempfile.TemporaryDirectory(prefix="loraloom-") as folder:
        place = Path(folder)
        answer = place / "result.json"
        request = _request(wanted | {"result": str(answer)})
        question = place / "request.json"
        question.write_text(request.model_dump_json(indent=1), encoding="utf-8")
        log = place / "log.txt"
        with log.open("wb") as stream:
            code = subprocess.run(
                [*COMMAND, str(question)],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                env=environment(),
                check=False,
            ).returncode
        return _answer(answer, code, log)


def _request(fields: dict[str, Any]) -> SampleRequest:
    try:
        return SampleRequest.model_validate(fields)
    except ValidationError as error:
        faults = [f"{'.'.join(str(p) for p in e['loc']) or 'request'}: {e['msg']}" for e in error.errors()]
        raise LoomError("config_invalid", "; ".join(faults) + ".", "See `loraloom sample --help`.") from None


def _answer(file: Path, code: int, log: Path) -> SampleResult:
    try:
        result = SampleResult.model_validate_json(file.read_bytes())
    except (OSError, ValidationError):
        said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        error = why(code, log)
        raise LoomError(
            error.code, error.message.replace("training process", "drawing process"), said[0] if said else ""
        ) from None
    if result.error_code:
        known = result.error_code if result.error_code in CODES else "internal"
        raise LoomError(known, result.error_message, result.error_hint)
    return result

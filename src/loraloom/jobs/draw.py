"""Have pictures drawn by the generate process."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from loraloom.jobs.answered import RESULT, answered
from loraloom.spec.errors import LoomError
from loraloom.spec.sample import SampleRequest, SampleResult

COMMAND = (sys.executable, "-m", "loraloom.generate")


def draw(wanted: dict[str, Any]) -> SampleResult:
    """The answer to `wanted`, the fields of a `SampleRequest` less `result`. Raises LoomError when nothing was drawn."""
    with tempfile.TemporaryDirectory(prefix="loraloom-") as folder:
        place = Path(folder)
        request = _request(wanted | {"result": str(place / RESULT)})
        return answered(COMMAND, request, SampleResult, place, "drawing process")


def _request(fields: dict[str, Any]) -> SampleRequest:
    try:
        return SampleRequest.model_validate(fields)
    except ValidationError as error:
        faults = [f"{'.'.join(str(p) for p in e['loc']) or 'request'}: {e['msg']}" for e in error.errors()]
        raise LoomError("config_invalid", "; ".join(faults) + ".", "See `loraloom sample --help`.") from None

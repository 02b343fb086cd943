"""`python -m loraloom.generate REQUEST.json`: draws what is asked for and writes the answer where the request says."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

from loraloom.spec.errors import LoomError
from loraloom.spec.sample import SampleRequest, SampleResult


def main(arguments: list[str]) -> int:
    """Exit code 0 when something was drawn, 1 when not (the answer says why), 2 for wrong usage."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m loraloom.generate REQUEST.json\n")
        return 2
    request = SampleRequest.model_validate_json(Path(arguments[0]).read_bytes())
    try:
        from loraloom.generate.answer import answer

        result = answer(request)
    except LoomError as error:
        result = SampleResult(error_code=error.code, error_message=error.message, error_hint=error.hint)
    except Exception as error:
        traceback.print_exc()
        result = SampleResult(
            error_code="out_of_memory" if "out of memory" in str(error).lower() else "internal",
            error_message=f"Nothing was drawn: {error}",
            error_hint="Run again with --debug and report this.",
        )
    Path(request.result).write_text(result.model_dump_json(indent=1), encoding="utf-8")
    return 1 if result.error_code else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

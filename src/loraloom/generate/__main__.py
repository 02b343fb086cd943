"""`python -m loraloom.generate REQUEST.json`: draws what is asked for and writes the answer where the request says."""

from __future__ import annotations

import sys

from loraloom.generate.once import once
from loraloom.spec.sample import SampleRequest, SampleResult


def main(arguments: list[str]) -> int:
    """Exit code 0 when something was drawn, 1 when not (the answer says why), 2 for wrong usage."""
    return once(arguments, "loraloom.generate", SampleRequest, SampleResult, _answer, "Nothing was drawn")


def _answer(request: SampleRequest) -> SampleResult:
    from loraloom.generate.answer import answer  # slow to import: wrong usage is told at once

    return answer(request)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

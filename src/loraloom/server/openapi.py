"""`python -m loraloom.server.openapi [--check] FILE`: the API's schema, from which the page's client is made."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from loraloom.server.app import create_app


def text() -> str:
    """The schema as it is committed."""
    return json.dumps(create_app().openapi(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main(arguments: list[str]) -> int:
    """Write the schema, or tell whether the file has it. Exit code 1 when it has not."""
    file = Path(arguments[-1])
    if arguments[0] != "--check":
        file.write_text(text(), encoding="utf-8", newline="\n")
    elif not file.is_file() or file.read_text("utf-8") != text():
        sys.stderr.write(f"{file} is not what the server says: run `make client`.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

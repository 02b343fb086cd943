"""Structured logs of the server and of workers: one JSON object a line on stderr, with the run and the trace it is about."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from loraloom.jobs import trace

run_id: ContextVar[str | None] = ContextVar("run_id", default=None)
"""The run that is being worked on; set by `about`."""


@contextmanager
def about(run: str) -> Generator[None]:
    """Every line that is logged inside `with`, in this thread or task, bears the id of this run."""
    before = run_id.set(run)
    try:
        yield
    finally:
        run_id.reset(before)


class Lines(logging.Formatter):
    """One JSON object a line: time, level, program, logger, message; run, trace and traceback where there is one."""

    def __init__(self, program: str) -> None:
        super().__init__()
        self._program = program

    def format(self, record: logging.LogRecord) -> str:
        """See the class. A run that is given as `extra={"run": ...}` goes before that of `about`."""
        told: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "program": self._program,
            "logger": record.name,
            "message": record.getMessage(),
        }
        run = getattr(record, "run", None) or run_id.get()
        if run:
            told["run"] = run
        traced = trace.trace_id()
        if traced:
            told["trace"] = traced
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False)


def set_up_logs(program: str) -> None:
    """Log as `program` (`server`, `worker`): warnings of everybody, and what Loom itself has to say."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines(program))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("loraloom").setLevel(logging.INFO)
    logging.getLogger("alembic").setLevel(logging.WARNING)

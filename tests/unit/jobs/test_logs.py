"""Logs are JSON lines that name the run and the trace they are about."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from loraloom.jobs import trace
from loraloom.jobs.logs import Lines, about
from tests.otlp import receiving

LOG = logging.getLogger("loraloom.test_logs")


@pytest.fixture
def lines() -> Iterator[list[dict[str, object]]]:
    """What is logged, as it would be written."""
    got: list[dict[str, object]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            text = self.format(record)
            assert "\n" not in text
            got.append(json.loads(text))

    handler = Keep()
    handler.setFormatter(Lines("server"))
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    yield got
    LOG.removeHandler(handler)


def test_a_line_names_its_run_and_a_thread_has_its_own(lines: list[dict[str, object]]) -> None:
    def other() -> None:
        LOG.info("beside")

    with about("one"):
        LOG.info("step %d\nof %s", 3, "水")
        with about("two"):
            LOG.info("inner")
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        LOG.info("outer")
    LOG.info("after", extra={"run": "three"})
    assert [line.get("run") for line in lines] == ["one", "two", None, "one", "three"]
    assert lines[0]["message"] == "step 3\nof 水" and lines[0]["program"] == "server"
    assert set(lines[2]) == {"time", "level", "program", "logger", "message"}


def test_a_traceback_stays_in_its_line(lines: list[dict[str, object]]) -> None:
    try:
        raise ValueError("no room")
    except ValueError:
        LOG.exception("it failed")
    assert lines[0]["level"] == "error" and str(lines[0]["traceback"]).endswith("ValueError: no room")


def test_a_line_names_its_trace(lines: list[dict[str, object]], monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as got:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", got.endpoint)
        trace.begin("t")
        with trace.span("claim"):
            LOG.info("inside")
        LOG.info("outside")
        trace.end()
        assert lines[0]["trace"] == got.named("claim").trace
        assert "trace" not in lines[1]


def test_the_whole_program_logs_so() -> None:
    code = (
        "import logging; from loraloom.jobs.logs import set_up_logs, about; set_up_logs('worker')\n"
        "with about('r1'): logging.getLogger('loraloom.jobs').info('taken')\n"
        "logging.getLogger('elsewhere').info('not shown'); logging.getLogger('elsewhere').warning('shown')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    told = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(line["program"], line["message"], line.get("run")) for line in told] == [
        ("worker", "taken", "r1"),
        ("worker", "shown", None),
    ]

"""OpenTelemetry traces across server, messenger and workers; where none are asked for, a span costs one comparison.

Asked for by `OTEL_EXPORTER_OTLP_ENDPOINT` (or `..._TRACES_ENDPOINT`) and the extra `otel`. The other variables of
OpenTelemetry's SDK (headers, sampler, service name) hold too. A trace crosses a process as the `traceparent` of
https://www.w3.org/TR/trace-context/: in the headers of a request, in a message, in a grant.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal

from loraloom import __version__

LOG = logging.getLogger("loraloom.jobs")
ASKED = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
RUN = "loraloom.run"
"""Attribute of a span: the run's id."""
Kind = Literal["internal", "server", "client", "producer", "consumer"]
Value = str | bool | int | float

MOST_KEPT = 20_000
"""Runs whose beginning is remembered."""

_kept: OrderedDict[str, dict[str, str]] = OrderedDict()
_lock = threading.Lock()
_provider: Any = None
_tracer: Any = None


def begin(program: str) -> bool:
    """Trace what this process does as the service `program` (`loraloom-server`, `loraloom-worker`). Whether it is traced."""
    global _provider, _tracer
    if _tracer is not None:
        return True
    if not any(os.environ.get(name) for name in ASKED):
        return False
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        LOG.warning("%s is set, but the extra `otel` is not installed: nothing is traced", ASKED[0])
        return False
    named = {} if os.environ.get("OTEL_SERVICE_NAME") else {"service.name": program}
    provider = TracerProvider(resource=Resource.create({"service.version": __version__, **named}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _provider, _tracer = provider, provider.get_tracer("loraloom", __version__)
    return True


def end() -> None:
    """Send what was not sent yet and trace no more. A process that ends by itself does so too."""
    global _provider, _tracer
    if _provider is not None:
        _provider.shutdown()
    _provider = _tracer = None
    _kept.clear()


def span(
    name: str,
    run_id: str | None = None,
    carrier: Mapping[str, str] | None = None,
    kind: Kind = "internal",
    **attributes: Value,
) -> AbstractContextManager[Any]:
    """A span around what is done inside `with`: part of the trace of `carrier`, if it names one, else of the current span.

    The context gives OpenTelemetry's span, or None where nothing is traced. An exception that leaves it marks it as failed.
    """
    if _tracer is None:
        return nullcontext()
    from opentelemetry.trace import SpanKind

    if run_id is not None:
        attributes[RUN] = run_id
    return _tracer.start_as_current_span(
        name, context=_read(carrier), kind=SpanKind[kind.upper()], attributes=attributes
    )


def nothing() -> AbstractContextManager[None]:
    """In place of a span, for what is not worth one."""
    return nullcontext()


def carrier() -> dict[str, str]:
    """What carries the current span to another process: `traceparent` and, if there is one, `tracestate`. Else empty."""
    made: dict[str, str] = {}
    if _tracer is not None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        TraceContextTextMapPropagator().inject(made)
    return made


def keep(run_id: str) -> None:
    """Remember the current span as what the run began with, for who takes the run up later in this process."""
    made = carrier()
    if made:
        with _lock:
            _kept[run_id] = made
            while len(_kept) > MOST_KEPT:
                _kept.popitem(last=False)


def kept(run_id: str) -> dict[str, str]:
    """The carrier of what the run began with. Empty where nobody kept it: another process did, or one before this one."""
    return _kept.get(run_id, {})


def trace_id() -> str | None:
    """Id of the current trace, 32 hex digits."""
    if _tracer is None:
        return None
    from opentelemetry.trace import get_current_span

    current = get_current_span().get_span_context()
    return f"{current.trace_id:032x}" if current.is_valid else None


def _read(carrier: Mapping[str, str] | None) -> Any:
    """OpenTelemetry's context from a carrier; None, which means the current one, when it names no trace."""
    if not carrier or "traceparent" not in carrier:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    found = TraceContextTextMapPropagator().extract(dict(carrier))
    return found or None

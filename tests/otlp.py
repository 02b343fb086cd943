"""A receiver of traces on loopback: OTLP over HTTP with protobuf, as collectors take it."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Span:
    """One span as it arrived; ids are hex, an empty parent is none."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    kind: int
    failed: bool
    attributes: dict[str, object]


@dataclass
class Receiver:
    """Where it listens, and what it got."""

    endpoint: str = ""
    spans: list[Span] = field(default_factory=list)

    def named(self, name: str) -> Span:
        """The only span of that name."""
        (found,) = [span for span in self.spans if span.name == name]
        return found


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that listens."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    got = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            request = ExportTraceServiceRequest.FromString(body)
            for resource in request.resource_spans:
                service = next(a.value.string_value for a in resource.resource.attributes if a.key == "service.name")
                for scope in resource.scope_spans:
                    got.spans += [_span(service, one) for one in scope.spans]
            self.send_response(200 if self.path == "/v1/traces" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    got.endpoint = f"http://127.0.0.1:{server.server_port}"
    try:
        yield got
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _span(service: str, one: object) -> Span:
    attributes = {a.key: getattr(a.value, a.value.WhichOneof("value")) for a in one.attributes}  # type: ignore[attr-defined]
    return Span(
        service, one.name, one.trace_id.hex(), one.span_id.hex(), one.parent_span_id.hex(), one.kind,  # type: ignore[attr-defined]
        one.status.code == 2, attributes,  # type: ignore[attr-defined]
    )  # fmt: skip

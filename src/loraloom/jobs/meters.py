"""What this process counts and times for Prometheus while it works; what rows tell is read when it is asked for
(`server.metrics`)."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector

REGISTRY = CollectorRegistry()
"""Of this process: one server is one process."""
ProcessCollector(registry=REGISTRY)

CLAIM_SECONDS = Histogram(
    "loraloom_claim_seconds",
    "Finding the next run for a device and taking it, successful or not.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
CLAIMS = Counter(
    "loraloom_claims", "Claims by result: granted, nothing (no run fits), lost (another was first).", ["result"],
    registry=REGISTRY,
)  # fmt: skip
EVENT_BATCHES = Counter("loraloom_event_batches", "Messages with events from workers.", registry=REGISTRY)
EVENTS = Counter("loraloom_events", "Events received from workers and kept.", registry=REGISTRY)
WRITES_REFUSED = Counter(
    "loraloom_writes_refused", "What a worker wrote and was refused, by error code.", ["code"], registry=REGISTRY
)
RUN_ENDS = Counter(
    "loraloom_run_ends", "Runs that ended, by state and, of failed ones, error code.", ["state", "code"],
    registry=REGISTRY,
)  # fmt: skip
FORECAST_ERROR = Histogram(
    "loraloom_forecast_error_ratio",
    "How far off forecasts of finished runs were, |took / forecast - 1|, of time and memory.",
    ["what", "source"],
    buckets=(0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 2, 5),
    registry=REGISTRY,
)
HTTP_SECONDS = Histogram(
    "loraloom_http_request_seconds",
    "Requests by method, route and status (2xx, ...), until the last byte of the answer.",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=REGISTRY,
)
HTTP_BYTES = Counter(
    "loraloom_http_bytes", "Bytes of bodies received (up) and sent (down).", ["direction"], registry=REGISTRY
)
SOCKET_MESSAGES = Counter("loraloom_socket_messages", "Messages sent to watchers.", registry=REGISTRY)
SOCKET_CHARACTERS = Counter("loraloom_socket_characters", "Characters sent to watchers.", registry=REGISTRY)

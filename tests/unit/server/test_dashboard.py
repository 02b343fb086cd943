"""Every query of the dashboard can be read, and asks for metrics and labels that a server tells."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import promql_parser as promql
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from loraloom.jobs import history, meters
from loraloom.server.context import Context
from tests.structure_source import ROOT
from tests.unit.server.filled import fill, outcome

DASHBOARD = json.loads((ROOT / "deploy/helm/loraloom/dashboards/loraloom.json").read_text("utf-8"))
EXPRESSIONS = [(panel["title"], target["expr"]) for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]
ADDED = {"job", "instance"}
"""Labels that Prometheus adds when it scrapes."""


@pytest.fixture
def told(server: TestClient, context: Context, monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """Sample -> its labels, of a server that has had something of everything."""
    monkeypatch.setenv("LORALOOM_HOME", str(context.home))
    fill(context)
    server.get("/metrics")
    history.add(outcome("1", 140.0))
    meters.CLAIMS.labels("granted").inc(0)
    meters.WRITES_REFUSED.labels("stale_lease").inc(0)
    meters.RUN_ENDS.labels("failed", "internal").inc(0)
    meters.HTTP_SECONDS.labels("GET", "/x", "2xx").observe(0)
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(server.get("/metrics").text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def selectors(node: Any) -> Iterator[Any]:
    """Every selector below `node`."""
    if isinstance(node, promql.VectorSelector):
        yield node
    elif isinstance(node, promql.MatrixSelector):
        yield node.vector_selector
    for name in ("expr", "lhs", "rhs", "param"):
        if getattr(node, name, None) is not None:
            yield from selectors(getattr(node, name))
    for child in getattr(node, "args", None) or []:
        yield from selectors(child)


def groups(node: Any) -> Iterator[tuple[list[str], Any]]:
    """Labels by which something is grouped, and what."""
    if isinstance(node, promql.AggregateExpr) and node.modifier is not None:
        yield list(node.modifier.labels), node.expr
    for name in ("expr", "lhs", "rhs"):
        if getattr(node, name, None) is not None:
            yield from groups(getattr(node, name))
    for child in getattr(node, "args", None) or []:
        yield from groups(child)


def test_every_query_asks_for_what_is_told(told: dict[str, set[str]]) -> None:
    assert len(EXPRESSIONS) >= 35
    asked: set[str] = set()
    for title, text in EXPRESSIONS:
        node = promql.parse(text.replace("$__rate_interval", "5m"))
        for selector in selectors(node):
            assert selector.name in told, f"{title}: {selector.name}"
            labels = {matcher.name for matcher in selector.matchers.matchers}
            assert labels <= told[selector.name] | ADDED, f"{title}: {labels}"
            assert "job" in labels, f"{title}: other programs of the cluster are not asked"
            asked.add(selector.name)
        for labels, inner in groups(node):
            for selector in selectors(inner):
                assert set(labels) <= told[selector.name] | ADDED, f"{title}: by {labels}"
    families = {name.removesuffix("_bucket") for name in asked}
    shown = {"loraloom_queue_length", "loraloom_claim_seconds", "loraloom_runs", "loraloom_device_load_ratio"}
    assert shown | {"loraloom_forecast_error_ratio", "loraloom_workers", "loraloom_http_request_seconds"} <= families


def test_legends_name_labels_that_are_there(told: dict[str, set[str]]) -> None:
    import re

    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", []):
            node = promql.parse(target["expr"].replace("$__rate_interval", "5m"))
            kept = set().union(*(told[selector.name] for selector in selectors(node))) | ADDED
            for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
                assert label in kept, f"{panel['title']}: {label}"


def test_panels_do_not_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells

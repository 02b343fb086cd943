"""Forecast, measurement and ladder of a real server: told before, measured on the spot, put beside the truth afterwards."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.served import SMALL, Served, wait

MEMORY = 1_300_000_000
"""Bytes of addresses beyond the program's own: enough for twelve pictures of 128 px, not for twenty-four."""


def test_told_measured_and_compared_with_the_truth(served: Served) -> None:
    dataset = served.sample_dataset()
    body: dict[str, Any] = {"dataset": dataset, "config": SMALL, "watts": 100, "price_kilowatt_hour": 0.3}
    told = served.post("/api/config/forecast", body)
    forecast = told["forecast"]
    assert forecast["source"] == "model" and forecast["steps"] == 40 and forecast["fits"]
    assert forecast["seconds"]["p10"] < forecast["seconds"]["p50"] < forecast["seconds"]["p90"]
    assert {"runtime", "base", "activations"} <= max(forecast["memory"], key=lambda one: sum(one["parts"].values()))[
        "parts"
    ].keys()
    assert forecast["spending"]["money"] == pytest.approx(forecast["spending"]["kilowatt_hours"] * 0.3)
    rows = {(row["key"], row["value"]): row for row in served.post("/api/config/what-if", body)["items"]}
    assert rows["training.steps", 80]["seconds"] > forecast["seconds"]["p50"] > rows["training.steps", 20]["seconds"]
    assert rows["training.batch_size", 4]["peak_memory_bytes"] > forecast["peak_memory_bytes"]["p50"]
    assert [one["code"] for one in told["advice"]] and told["fit"]["fits"] and told["devices"][0] == "cpu"

    lines = _measure(served, body | {"search": False})
    assert [line["event"] for line in lines] == ["trying", "measured", "done"]
    measured = lines[-1]["forecast"]
    assert measured["source"] == "probe"
    assert served.post("/api/config/forecast", body)["forecast"]["source"] == "probe", "it is remembered"

    run = served.start_run()
    done = served.wait_for(run, "finished", "failed")
    assert done["state"] == "finished"
    compared = served.get(f"/api/runs/{run}/forecast")
    assert compared["told"]["source"] == "probe"
    assert compared["took"]["peak_memory_bytes"] == pytest.approx(
        compared["told"]["peak_memory_bytes"]["p50"], rel=0.15
    )
    assert compared["took"]["seconds"] > 0 and compared["took"]["stages"]["training"] > 0
    outcome = served.get("/api/forecasts")["items"][0]
    assert outcome["name"] and outcome["took"]["step"] > 0 and outcome["told"]["source"] == "probe"
    assert served.get("/api/forecasts/ratings")["items"][0]["runs"] == 1
    other = {**body, "config": SMALL | {"lora": {"rank": 8}}}
    assert served.post("/api/config/forecast", other)["forecast"]["source"] == "history"


def test_not_while_a_run_holds_the_device_and_stopped_by_going_away(served: Served) -> None:
    dataset = served.sample_dataset()
    body = {"dataset": dataset, "config": SMALL, "search": False}
    run = served.start_run(training={"steps": 2000})
    served.wait_for_step(run, 1)
    answer = served.client.post("/api/config/probe", json=body)
    assert answer.status_code == 409 and answer.json()["error"]["code"] == "in_use"
    served.post(f"/api/runs/{run}/cancel")
    served.wait_for(run, "cancelled")
    with served.client.stream("POST", "/api/config/probe", json=body) as lines:
        assert json.loads(next(lines.iter_lines()))["event"] == "trying"
    left = served.home / "runs"
    wait(lambda: not list(left.glob("loraloom-*")), "the measurement went on", 20)
    again = served.start_run()
    assert served.wait_for(again, "finished", "failed")["state"] == "finished", "the device is free again"


def test_a_run_on_the_server_goes_down_the_ladder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LORALOOM_RUN_MEMORY", str(MEMORY))
    server = Served(tmp_path / "home", "--no-warm").start()
    try:
        lora = {"rank": 8, "targets": "attention+ff+conv"}
        training = {"steps": 2, "batch_size": 24}
        run = server.start_run(dataset={"resolution": 128}, lora=lora, training=training)
        done = server.wait_for(run, "finished", "failed", seconds=400)
        assert done["state"] == "finished", server.tell(run)
        lowered = [event["payload"] for event in server.events(run) if event["type"] == "SettingsLowered"]
        assert lowered and lowered[0]["key"] == "training.micro_batch"
        assert done["attempts"] == len(lowered) + 1
        assert server.get("/api/forecasts")["items"][0]["lowered"] == {one["key"]: one["new"] for one in lowered}
    finally:
        server.stop()


def _measure(served: Served, body: dict[str, Any]) -> list[dict[str, Any]]:
    """Every line of a measurement, as they come."""
    found: list[dict[str, Any]] = []
    times: list[float] = []
    with served.client.stream("POST", "/api/config/probe", json=body, timeout=120) as lines:
        assert lines.status_code == 200
        for line in lines.iter_lines():
            found.append(json.loads(line))
            times.append(time.monotonic())
    assert times[-1] - times[0] > 1, "the first line comes before the measurement is over"
    return found

"""Experiments through the server: a sweep and what compares it, a child that is killed, votes and measures at the end."""

from __future__ import annotations

from typing import Any

from tests.e2e.served import SMALL, Served, kill_child, wait

CONFIG = SMALL | {
    "caption": {"trigger": "inkscape"},
    "training": {"steps": 4, "batch_size": 2, "threads": 1, "device": "cpu"},
}


def test_a_sweep_is_trained_then_compared(served: Served) -> None:
    asked = {
        "name": "ranks",
        "dataset": served.sample_dataset(),
        "config": CONFIG,
        "vary": {"lora.rank": [2, 4]},
        "prompts": ["[trigger], a cat", "a house"],
    }
    told = served.post("/api/sweeps", asked)
    experiment = told["experiment"]["id"]
    done = served.wait_for(experiment, "finished", "failed", seconds=400)
    assert (done["state"], done["error"], done["step"]) == ("finished", None, 12), served.tell(experiment)
    runs = [served.run(run["id"]) for run in told["runs"]]
    assert all(run["state"] == "finished" and run["ended_at"] <= done["started_at"] for run in runs)
    view = served.get(f"/api/experiments/{experiment}")
    assert all(cell["there"] for cell in view["cells"])
    pictures = {served.client.get(cell["picture"]).content for cell in view["cells"]}
    assert len(pictures) == 12
    measured: list[dict[str, Any]] = view["measured"]
    assert [one["leak"] is None for one in measured] == [True, False, False]
    images = {image["id"] for image in served.get(f"/api/datasets/{done['dataset']['id']}/images?limit=500")["items"]}
    assert all(one["nearest_image"] in images for one in measured)
    assert view["proposal"]["by"] == "measures" and view["proposal"]["column"] in (1, 2)
    assert not (served.home / "runs" / experiment / "data").exists()
    loras = {lora["run"]: lora["id"] for lora in served.get("/api/loras")["items"]}
    assert served.get(f"/api/experiments?lora={loras[runs[0]['id']]}")["items"][0]["run"]["id"] == experiment


def test_a_child_that_is_killed_goes_on(served: Served) -> None:
    asked = {
        "candidates": [{"what": "base"}],
        "samplers": ["ddim", "euler", "dpmpp_2m_karras"],
        "prompts": ["a cat", "a house"],
        "measure": False,
        "seeds": [1, 2, 3],
    }
    told = served.post("/api/experiments", {"experiment": asked, "name": "samplers"})
    run = told["run"]["id"]
    wait(lambda: served.run(run)["step"] >= 6, "nothing was drawn", 300, lambda: served.tell(run))
    kill_child(served, run)
    wait(lambda: served.run(run)["attempts"] == 2, "not started again", 120, lambda: served.tell(run))
    served.post(f"/api/runs/{run}/pause")
    state = served.wait_for(run, "paused", "finished", seconds=300)["state"]
    if state == "paused":
        served.post(f"/api/runs/{run}/resume")
    done = served.wait_for(run, "finished", "failed", seconds=300)
    assert (done["state"], done["step"]) == ("finished", 18), served.tell(run)
    lines = (served.home / "runs" / run / "cells.jsonl").read_text().splitlines()
    assert len(lines) == 18, "no cell was made twice"
    ballot = served.get(f"/api/experiments/{run}/ballot")
    assert ballot["total"] == 18
    cast = {"left": ballot["left"]["number"], "right": ballot["right"]["number"], "winner": "left"}
    assert served.post(f"/api/experiments/{run}/votes", cast)["done"] == 1

"""Runs survive whatever dies: the page, the server, the child, the machine. Nothing is missing and nothing is overwritten."""

from __future__ import annotations

import time
from typing import Any

from tests.e2e.served import Served, kill_child, wait


def steps(events: list[dict[str, Any]]) -> list[int]:
    return [event["payload"]["step"] for event in events if event["type"] == "StepLogged"]


def no_hole(events: list[dict[str, Any]], total: int) -> None:
    """Every step is there, and every event once."""
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert set(steps(events)) == set(range(1, total + 1))


def test_the_server_is_killed_and_the_run_goes_on(served: Served) -> None:
    run = served.start_run()
    served.wait_for_step(run, 4)
    served.kill()
    time.sleep(1)
    served.start()
    done = served.wait_for(run, "finished", "failed")
    assert (done["state"], done["attempts"], done["error"]) == ("finished", 1, None)
    events = served.events(run)
    no_hole(events, 40)
    assert len(steps(events)) == 40, "the same child went on"
    assert served.get("/api/loras")["items"][0]["run"] == run


def test_the_child_is_killed_and_the_run_resumes(served: Served) -> None:
    run = served.start_run()
    served.wait_for_step(run, 8)
    killed = time.monotonic()
    kill_child(served, run)
    wait(lambda: any(e["type"] == "RunLost" for e in served.events(run)), "not noticed", 5, lambda: served.tell(run))
    assert time.monotonic() - killed < 5
    done = served.wait_for(run, "finished", "failed")
    assert (done["state"], done["attempts"]) == ("finished", 2)
    assert done["resumed_from"] >= 5
    events = served.events(run)
    no_hole(events, 40)
    lost = next(event["payload"] for event in events if event["type"] == "RunLost")
    assert lost["resumes"] and lost["message"] and lost["hint"]


def test_both_are_killed_as_by_a_restart_of_the_machine(served: Served) -> None:
    run = served.start_run()
    waiting = served.start_run()
    served.wait_for_step(run, 8)
    served.kill()
    kill_child(served, run)
    served.start()
    done = served.wait_for(run, "finished", "failed")
    assert (done["state"], done["attempts"]) == ("finished", 2)
    no_hole(served.events(run), 40)
    assert served.wait_for(waiting, "finished", "failed")["state"] == "finished"


def test_two_runs_of_one_name_take_turns_and_keep_apart(served: Served) -> None:
    first = served.start_run(name="same")
    second = served.start_run(name="same", training={"steps": 10})
    third = served.start_run(name="third", training={"steps": 10})
    served.wait_for_step(first, 2)
    queue = served.get("/api/queue")
    assert [run["id"] for run in queue["running"]] == [first]
    assert [(run["id"], run["position"]) for run in queue["waiting"]] == [(second, 1), (third, 2)]
    assert 0 < queue["waiting"][0]["starts_in_seconds"] < 300
    served.post("/api/queue/order", {"run": third, "before": second})
    assert [run["id"] for run in served.get("/api/queue")["waiting"]] == [third, second]
    for run in (first, third, second):
        served.wait_for(run, "finished", "failed")
    rows = [served.run(run) for run in (first, third, second)]
    assert [row["state"] for row in rows] == ["finished"] * 3
    assert rows[0]["ended_at"] <= rows[1]["started_at"] and rows[1]["ended_at"] <= rows[2]["started_at"]
    files = [served.client.get(f"/api/runs/{run}/download/lora").content for run in (first, second)]
    assert len(files[0]) > 10_000 and files[0] != files[1]


def test_pause_resume_cancel_and_a_branch(served: Served) -> None:
    run = served.start_run()
    served.wait_for_step(run, 3)
    served.post(f"/api/runs/{run}/checkpoint")
    served.post(f"/api/runs/{run}/pause")
    paused = served.wait_for(run, "paused")
    assert paused["wish"] is None and 3 <= paused["step"] < 40
    assert served.get(f"/api/runs/{run}/checkpoints")["items"][-1]["step"] == paused["step"]
    served.post(f"/api/runs/{run}/resume")
    served.wait_for_step(run, paused["step"] + 2)
    served.post(f"/api/runs/{run}/cancel")
    cancelled = served.wait_for(run, "cancelled")
    assert cancelled["attempts"] == 2
    branch = served.post(f"/api/runs/{run}/retry", {"checkpoint": cancelled["step"]})
    assert branch["id"] != run
    done = served.wait_for(branch["id"], "finished", "failed")
    assert done["state"] == "finished" and done["resumed_from"] == cancelled["step"]
    assert served.run(run)["state"] == "cancelled"
    assert served.client.delete(f"/api/runs/{run}").status_code == 204
    assert served.client.get(f"/api/runs/{run}").status_code == 404

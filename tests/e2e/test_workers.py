"""Runs on other machines: the same result, nothing lost with a worker, nothing taken from one that lost its run."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.e2e.served import Served, wait
from tests.e2e.test_survival import no_hole, steps
from tests.workers import TOKEN, Working

LEASE = 4.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    """A server that carries out nothing itself."""
    made = Served(
        tmp_path / "home", "--no-warm", "--no-train", LORALOOM_WORKER_TOKEN=TOKEN, LORALOOM_LEASE_SECONDS=str(LEASE)
    )
    yield made.start()
    made.stop()


Hire = Callable[..., Working]


@pytest.fixture
def hire(server: Served, tmp_path: Path) -> Iterator[Hire]:
    """Starts workers."""
    hired: list[Working] = []

    def one(name: str, *options: str, **environment: str) -> Working:
        hired.append(Working(server.address, tmp_path / name, name, *options, **environment).start())
        return hired[-1]

    yield one
    for worker in hired:
        worker.stop()


def told(server: Served, run: str, *workers: Working) -> str:
    logs = "".join(f"--- {worker.name}\n{worker.log.read_text()[-3000:]}" for worker in workers)
    return server.tell(run) + logs


def kept(worker: Working) -> dict[str, Any]:
    """What the worker was given."""
    (file,) = (worker.home / "kept").glob("*.json")
    return json.loads(file.read_text())["work"]


def test_a_worker_trains_what_this_machine_would(server: Served, hire: Hire, tmp_path: Path) -> None:
    prompts = {"sample": {"prompts": ["a cup"], "every_steps": 20, "steps": 2}}
    run = server.start_run(**prompts)
    worker = hire("w1")
    done = server.wait_for(run, "finished", "failed")
    assert (done["state"], done["attempts"], done["error"]) == ("finished", 1, None), told(server, run, worker)
    no_hole(server.events(run), 40)
    assert len(server.get(f"/api/runs/{run}/samples")["items"]) == 3
    assert [one["step"] for one in server.get(f"/api/runs/{run}/checkpoints")["items"]] == [30, 35, 40]
    assert "worker" not in server.client.get(f"/api/runs/{run}/log").text.lower()
    here = Served(tmp_path / "alone", "--no-warm").start()
    alone = here.start_run(**prompts)
    assert here.wait_for(alone, "finished", "failed")["state"] == "finished"
    files = [at.client.get(f"/api/runs/{one}/download/lora").content for at, one in ((server, run), (here, alone))]
    here.stop()
    assert weights(files[0]) == weights(files[1])
    wait(lambda: not any((worker.home / "runs").iterdir()) and not worker.children(), "the worker keeps the run")


def weights(file: bytes) -> bytes:
    """The tensors of a safetensors file; its header names the moment and the run."""
    return file[8 + int.from_bytes(file[:8], "little") :]


def test_a_worker_that_is_started_again_goes_on_with_its_child(server: Served, hire: Hire) -> None:
    worker = hire("w1")
    run = server.start_run()
    server.wait_for_step(run, 5)
    worker.kill()
    worker.start()
    done = server.wait_for(run, "finished", "failed")
    assert (done["state"], done["attempts"]) == ("finished", 1), told(server, run, worker)
    events = server.events(run)
    no_hole(events, 40)
    assert len(steps(events)) == 40, "the same child went on"


def test_another_goes_on_when_a_worker_is_gone_and_the_old_one_may_write_no_more(server: Served, hire: Hire) -> None:
    first = hire("w1")
    run = server.start_run()
    wait(lambda: server.get(f"/api/runs/{run}/checkpoints")["items"] != [], "no checkpoint", 60)
    work = kept(first)
    first.stop()
    second = hire("w2")
    wait(lambda: server.run(run)["worker"] == "w2", "not given to the other", 60, lambda: told(server, run, second))
    assert any(event["type"] == "RunLost" for event in server.events(run))
    late = httpx2.Client(base_url=server.address, headers={"Authorization": f"Bearer {work['token']}"})
    sha = "0" * 64
    end = {"code": 0, "word": None, "died": None, "returned": False}
    asked = (
        late.post("/api/work/events", json={"after": 0, "lines": []}),
        late.post("/api/work/files", json={"put": [], "remove": ["checkpoints"]}),
        late.post("/api/work/uploads", json={"sha256": sha, "bytes": 3}),
        late.put(f"/api/work/parts/{sha}/1?upload=x", content=b"abc"),
        late.post("/api/work/end", json=end),
        late.get(f"/api/work/blob?sha256={sha}"),
        late.get("/api/work/mine"),
    )
    for answer in asked:
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "stale_lease"), answer.url
    done = server.wait_for(run, "finished", "failed")
    assert (done["state"], done["attempts"]) == ("finished", 2), told(server, run, second)
    assert done["resumed_from"] >= 5
    no_hole(server.events(run), 40)


def test_cancel_reaches_a_child_elsewhere_within_two_seconds(server: Served, hire: Hire) -> None:
    worker = hire("w1")
    run = server.start_run(training={"steps": 4000}, checkpoints={"every_steps": 1000})
    server.wait_for_step(run, 3)
    asks = worker.home / "runs" / f"{run}.1" / "asks"
    started = time.monotonic()
    server.post(f"/api/runs/{run}/cancel")
    wait(lambda: asks.is_dir(), "the child was not asked", 10)  # made with the first ask
    took = time.monotonic() - started
    print(f"from the cancel to the child: {took:.2f} s")
    assert took < 2
    assert server.wait_for(run, "cancelled", "failed", seconds=30)["state"] == "cancelled"


def test_kill_pause_and_resume_elsewhere(server: Served, hire: Hire) -> None:
    worker = hire("w1")
    run = server.start_run(training={"steps": 400}, checkpoints={"every_steps": 5})
    server.wait_for_step(run, 3)
    server.post(f"/api/runs/{run}/pause")
    paused = server.wait_for(run, "paused", "failed", seconds=30)
    assert paused["state"] == "paused" and paused["step"] >= 3
    server.post(f"/api/runs/{run}/resume")
    server.wait_for_step(run, paused["step"] + 3)
    server.post(f"/api/runs/{run}/kill")
    assert server.wait_for(run, "cancelled", "failed", seconds=30)["state"] == "cancelled"
    wait(lambda: not worker.children(), "the child lives on")
    events = server.events(run)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))


def test_a_worker_that_is_told_to_go_hands_its_run_back(server: Served, hire: Hire) -> None:
    first = hire("w1")
    run = server.start_run(checkpoints={"every_steps": 1000})
    server.wait_for_step(run, 5)
    assert first.drain() == 0
    row = server.run(run)
    assert (row["state"], row["step"]) == ("queued", row["step"]) and row["step"] >= 5, told(server, run, first)
    assert server.get(f"/api/runs/{run}/checkpoints")["items"][-1]["step"] == row["step"]
    second = hire("w2")
    done = server.wait_for(run, "finished", "failed")
    assert (done["state"], done["resumed_from"]) == ("finished", row["step"]), told(server, run, second)
    assert not any(event["type"] == "RunLost" for event in server.events(run))


def test_the_server_is_away_for_a_while(server: Served, hire: Hire) -> None:
    worker = hire("w1")
    run = server.start_run()
    server.wait_for_step(run, 5)
    server.kill()
    time.sleep(LEASE + 1)
    server.start()
    done = server.wait_for(run, "finished", "failed")
    assert (done["state"], done["attempts"]) == ("finished", 1), told(server, run, worker)
    no_hole(server.events(run), 40)


def test_a_base_model_of_the_server_is_brought(server: Served, hire: Hire, tmp_path: Path) -> None:
    from loraloom.models.resolve import thimble_path

    base = tmp_path / "bases" / "my-base"
    base.mkdir(parents=True)
    for file in thimble_path().rglob("*"):
        if file.is_file():
            target = base / file.relative_to(thimble_path())
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    added = server.post("/api/models", {"source": str(base)})
    run = server.start_run(base_model=added["source"], training={"steps": 5})
    worker = hire("w1")
    done = server.wait_for(run, "finished", "failed")
    assert done["state"] == "finished", told(server, run, worker)
    assert list((worker.home / "places").glob("*/my-base")), "it was not brought"


def test_only_who_knows_the_token_is_let_in(server: Served, hire: Hire) -> None:
    worker = hire("w1", LORALOOM_WORKER_TOKEN="something else of the same length")
    assert worker.process is not None
    assert worker.process.wait(timeout=30) == 1
    assert "LORALOOM_WORKER_TOKEN" in worker.log.read_text()


def test_captions_and_comparisons_elsewhere(server: Served, hire: Hire) -> None:
    worker = hire("w1")
    data = server.sample_dataset()
    job = {"engine": "clip", "labels": ["cat", "dog", "car"], "existing": "append"}
    run = server.post(f"/api/datasets/{data}/captions", {"job": job})["id"]
    done = server.wait_for(run, "finished", "failed")
    assert (done["state"], done["step"]) == ("finished", 24), told(server, run, worker)
    assert server.get(f"/api/datasets/{data}/changes")["items"][0]["by"] == "engine:clip"
    trained = server.start_run(training={"steps": 4})
    assert server.wait_for(trained, "finished", "failed")["state"] == "finished"
    lora = server.get("/api/loras")["items"][0]["id"]
    asked = {
        "candidates": [{"what": "base"}, {"what": "lora", "id": lora}],
        "prompts": ["a cat"],
        "steps": 2,
        "seeds": [1, 2],
    }
    made = server.post("/api/experiments", {"experiment": asked, "name": "one"})["run"]["id"]
    done = server.wait_for(made, "finished", "failed")
    assert (done["state"], done["step"]) == ("finished", 4), told(server, made, worker)
    cells = server.get(f"/api/experiments/{made}")["cells"]
    assert len({server.client.get(cell["picture"]).content for cell in cells}) == 4

"""An experiment by its child: every cell once, the same after a kill, measured; with a language model too."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from loraloom.generate.experiment.job import read_job, run_job
from loraloom.spec.errors import LoomError
from loraloom.spec.experiment import Experiment, ExperimentJob, cells
from loraloom.spec.journal import Journal
from tests.runs import DEMO, make_run, payloads, train_here
from tests.text_runs import make_text_run, pairs
from tests.tiny_text import tiny_text_base

BASE = {"what": "base", "label": "base"}
LORA = {"what": "lora", "id": "a", "label": "ink"}
STEP = {"what": "run", "id": "b", "step": 2, "label": "ink step 2"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of four steps with two checkpoints."""
    run_dir = make_run(
        tmp_path_factory.mktemp("trained") / "run",
        optimizer={"learning_rate": 3e-2},
        caption={"trigger": "inkscape"},
        checkpoints={"every_steps": 2},
    )
    train_here(run_dir)
    return run_dir


def place(folder: Path, trained: Path, candidates: list[dict[str, Any]], **asked: Any) -> Path:
    """The folder of an experiment as the supervisor makes it."""
    job = ExperimentJob(
        experiment=Experiment.model_validate(
            {"candidates": candidates, "prompts": ["[trigger], a cat", "a house"], "seeds": [1, 2], "steps": 2} | asked
        ),
        bases=("thimble",),
        loras=tuple(_link(folder, trained, one) for one in candidates),
        triggers=tuple(() if one["what"] == "base" else ("inkscape",) for one in candidates),
        pictures=("data/pictures",) * len(candidates),
        device="cpu",
        threads=1,
    )
    (folder / "data" / "pictures").mkdir(parents=True)
    for file in sorted(DEMO.glob("*.png"))[:6]:
        shutil.copy(file, folder / "data" / "pictures" / file.name)
    (folder / "job.yaml").write_text(yaml.safe_dump(job.model_dump(mode="json")))
    return folder


def _link(folder: Path, trained: Path, one: dict[str, Any]) -> str | None:
    if one["what"] == "base":
        return None
    target = folder / "data" / "loras" / one["id"]
    if "step" in one:
        name = f"checkpoints/step-{one['step']:06d}"
        shutil.copytree(trained / name, target / name)
        shutil.copy(trained / "run.yaml", target / "run.yaml")
        return (target / name).relative_to(folder).as_posix()
    target.mkdir(parents=True)
    shutil.copy(next((trained / "lora").glob("*.safetensors")), target / "lora.safetensors")
    return (target / "lora.safetensors").relative_to(folder).as_posix()


def carry_out(folder: Path) -> str | None:
    """In this process."""
    emit = Journal(folder)
    try:
        return run_job(folder, read_job(folder), emit, lambda: None, time.time())
    finally:
        emit.close()


def start(folder: Path) -> subprocess.Popen[bytes]:
    """As the child that the supervisor starts."""
    with (folder / "log.txt").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "loraloom.generate.experiment", str(folder)],
            stdout=log,
            stderr=log,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )


def pictures(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted((folder / "cells").glob("*.png"))}


def test_every_cell_once_and_what_was_measured(trained: Path, tmp_path: Path) -> None:
    folder = place(tmp_path / "x", trained, [BASE, LORA, STEP], strengths=[0.0, 1.0])
    assert carry_out(folder) is None
    job = read_job(folder)
    lines = [json.loads(line) for line in (folder / "cells.jsonl").read_text().splitlines()]
    assert sorted(line["number"] for line in lines) == [cell.number for cell in cells(job.experiment)]
    drawn = list(pictures(folder).values())
    assert len(drawn) == 20
    base, off, on, step_off, step = (drawn[at : at + 4] for at in range(0, 20, 4))
    assert len(set(base)) == 4
    assert step != on and on != base
    assert off[2:] == base[2:] and step_off[2:] == base[2:], "a LoRA at strength 0 leaves pictures without its trigger"
    events = payloads(folder)
    assert [event["type"] for event in events][-1] == "ExperimentFinished"
    assert events[-1]["cells"] == 20 and events[-1]["failed"] == 0
    assert [e["stage"] for e in events if e["type"] == "StageStarted"] == ["loading", "comparing", "measuring"]
    measured = json.loads((folder / "measures.json").read_text())
    assert [one["column"] for one in measured] == [0, 1, 2, 3, 4]
    for one in measured:
        assert all(one[key] is not None for key in ("adherence", "style", "diversity", "nearest", "nearest_image"))
    assert [one["leak"] is None for one in measured] == [True, True, False, True, False], (
        "no base, nothing switched off"
    )
    assert measured[2]["leak"] > 0


def test_a_child_that_is_killed_goes_on_and_makes_the_same(trained: Path, tmp_path: Path) -> None:
    asked: dict[str, Any] = {"candidates": [BASE, LORA], "strengths": [0.5, 1.0, 1.5], "measure": False, "steps": 6}
    whole = place(tmp_path / "whole", trained, **asked)
    assert start(whole).wait(timeout=300) == 0
    folder = place(tmp_path / "killed", trained, **asked)
    child = start(folder)
    until = time.monotonic() + 240
    while len(pictures(folder)) < 5:
        assert child.poll() is None and time.monotonic() < until, (folder / "log.txt").read_text()
        time.sleep(0.005)
    child.kill()
    child.wait()
    (folder / "cells.jsonl").open("a").write('{"number": 3, "fi')
    before = {file.name: file.stat().st_mtime_ns for file in (folder / "cells").glob("*.png")}
    written = {json.loads(line)["number"] for line in (folder / "cells.jsonl").read_text().splitlines()[:-1]}
    assert 4 <= len(written) < 16
    assert start(folder).wait(timeout=300) == 0
    assert pictures(folder) == pictures(whole)
    for number in written:
        name = f"{number:06d}.png"
        assert (folder / "cells" / name).stat().st_mtime_ns == before[name], "not drawn again"
    assert payloads(folder)[-1]["cells"] == 16


def test_a_stop_that_is_asked_for_is_heard(trained: Path, tmp_path: Path) -> None:
    folder = place(tmp_path / "x", trained, [BASE, LORA])
    (folder / "asks").mkdir()
    (folder / "asks" / "stop").touch()
    assert carry_out(folder) == "ask"
    assert payloads(folder)[-1] == {"type": "RunInterrupted", "step": 0, "signal": "ask"}
    assert carry_out(folder) is None


def test_a_lora_that_does_not_fit_is_a_warning_and_alone_the_end(trained: Path, tmp_path: Path) -> None:
    folder = place(tmp_path / "x", trained, [BASE, LORA], measure=False)
    (folder / "data" / "loras" / "a" / "lora.safetensors").write_bytes(b"no weights")
    assert carry_out(folder) is None
    assert [event["code"] for event in payloads(folder, "WarningRaised")] == ["weights_unreadable"]
    assert payloads(folder)[-1]["failed"] == 4
    assert len(pictures(folder)) == 4
    alone = place(tmp_path / "y", trained, [LORA], measure=False)
    (alone / "data" / "loras" / "a" / "lora.safetensors").write_bytes(b"no weights")
    with pytest.raises(LoomError) as caught:
        carry_out(alone)
    assert caught.value.code == "weights_unreadable"


def test_one_that_was_left_out_is_said_and_not_drawn(trained: Path, tmp_path: Path) -> None:
    folder = place(tmp_path / "x", trained, [BASE, LORA], measure=False)
    job = read_job(folder).model_copy(update={"left_out": ("", "The run failed."), "loras": (None, None)})
    (folder / "job.yaml").write_text(yaml.safe_dump(job.model_dump(mode="json")))
    assert carry_out(folder) is None
    assert payloads(folder, "WarningRaised")[0]["message"] == "ink was left out: The run failed."
    assert len(pictures(folder)) == 4


def test_answers_of_a_language_model_with_a_lora_and_its_checkpoint(tmp_path: Path) -> None:
    base = tiny_text_base(tmp_path / "base")
    run_dir = tmp_path / "run"
    make_text_run(run_dir, base, checkpoints={"every_steps": 4}, optimizer={"learning_rate": 2e-2})
    train_here(run_dir)
    folder = tmp_path / "x"
    exported = next(path for path in (run_dir / "lora").iterdir() if path.is_dir())
    shutil.copytree(exported, folder / "data" / "loras" / "a")
    shutil.copytree(
        run_dir / "checkpoints" / "step-000004", folder / "data" / "loras" / "b" / "checkpoints" / "step-000004"
    )
    shutil.copy(run_dir / "run.yaml", folder / "data" / "loras" / "b" / "run.yaml")
    (folder / "data" / "texts.json").write_text(json.dumps([str(row) for row in pairs(3)]))
    step = {"what": "run", "id": "b", "step": 4}
    asked = {"kind": "texts", "candidates": [BASE, LORA, step, LORA], "prompts": ["Where is shop 1?"], "max_tokens": 12}
    job = ExperimentJob(
        experiment=Experiment.model_validate(asked | {"strengths": [0.0, 1.0]}),
        bases=(str(base),),
        loras=(None, "data/loras/a", "data/loras/b/checkpoints/step-000004", "data/loras/a"),
        triggers=((),) * 4,
        pictures=(None,) * 4,
        texts="data/texts.json",
        device="cpu",
        threads=1,
    )
    (folder / "job.yaml").write_text(yaml.safe_dump(job.model_dump(mode="json")))
    assert carry_out(folder) is None
    said = {line["number"]: line["text"] for line in map(json.loads, (folder / "cells.jsonl").read_text().splitlines())}
    base_says, off, on, step_off, step_on, off_again, on_again = (said[number] for number in range(7))
    assert base_says == off == step_off == off_again
    assert on == step_on == on_again
    measured = {one["column"]: one["perplexity"] for one in json.loads((folder / "measures.json").read_text())}
    assert measured[0] == measured[1] == measured[3] == measured[5]
    assert measured[2] == pytest.approx(measured[4], rel=1e-4), "the checkpoint is the LoRA that was exported"
    assert measured[2] == measured[6]
    assert abs(measured[2] - measured[0]) > 0.01

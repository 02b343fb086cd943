"""The playground over the API, with the real process: a LoRA, a checkpoint of a run, and a picture made again."""

from __future__ import annotations

import base64
import shutil
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sd_parsers import ParserManager
from starlette.testclient import TestClient

from loraloom.server.app import create_app
from loraloom.server.context import Context, Options
from loraloom.store.tables import Run
from tests.runs import make_run, train_here
from tests.unit.server.easels import begin, draw, events, me
from tests.uploading import send

SMALL = {"steps": 4, "seed": 5}
PROMPT = "a red apple on white background"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of six steps, with checkpoints of steps 3 and 6."""
    run_dir = make_run(
        tmp_path_factory.mktemp("trained") / "run",
        training={"steps": 6},
        checkpoints={"every_steps": 3, "keep_last": 2},
        optimizer={"learning_rate": 2e-2},
        sample={"prompts": []},
    )
    assert train_here(run_dir) is None
    return run_dir


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, Context]]:
    app = create_app(Options(home=tmp_path_factory.mktemp("home"), warm=False, train=False))
    with TestClient(app, base_url="http://127.0.0.1:7860") as client:
        client.headers["X-CSRF-Token"] = client.get("/api/session").json()["csrf"]
        yield client, app.state.context


def pixels(line: dict[str, Any]) -> np.ndarray:
    assert line["event"] == "done", line
    with Image.open(BytesIO(base64.b64decode(line["picture"].partition(",")[2]))) as picture:
        return np.asarray(picture)


def add_run(context: Context, trained: Path) -> str:
    with context.database.session() as session:
        run = Run(name="six", user_id=me(context), base_model="thimble", family="sd1", config={}, state="running")
        session.add(run)
        session.flush()
        run_id = run.id
    shutil.copytree(trained, context.home / "runs" / run_id)
    return run_id


def test_loras_checkpoints_and_a_picture_again(served: tuple[TestClient, Context], trained: Path) -> None:
    client, context = served
    [file] = (trained / "lora").glob("*.safetensors")
    done = send(client, "Six.safetensors", file.read_bytes(), kind="lora")
    assert done["state"] == "done", done
    plain = draw(client, PROMPT, **SMALL)
    assert {"loading", "drawing", "done"} <= {line["event"] for line in plain}
    base = pixels(plain[-1])
    with_lora = draw(client, f"{PROMPT} <lora:six:1>", keep=True, **SMALL)[-1]
    assert not with_lora.get("warnings") and (pixels(with_lora) != base).any()
    off = draw(client, PROMPT, loras=[{"lora": done["lora"], "strength": 0}], **SMALL)[-1]
    assert (pixels(off) == base).all(), "strength 0 is the base"

    run = add_run(context, trained)
    newest = draw(client, PROMPT, loras=[{"run": run}], **SMALL)[-1]
    older = draw(client, PROMPT, loras=[{"run": run, "step": 3}], **SMALL)[-1]
    assert (pixels(newest) != base).any() and (pixels(newest) != pixels(older)).any()
    assert np.abs(pixels(newest).astype(int) - pixels(with_lora)).max() <= 2, "the last checkpoint is what was exported"

    asked = client.get("/api/drawings").json()["items"][0]["asked"]
    again = draw(client, asked.pop("prompt"), **asked)[-1]
    assert (pixels(again) == pixels(with_lora)).all()
    found = ParserManager().parse(BytesIO(base64.b64decode(again["picture"].partition(",")[2])))
    assert found is not None and found.samplers[0].prompts[0].value == f"{PROMPT} <lora:{file_stem(context)}:1>"
    assert found.samplers[0].parameters["seed"] == "5" and found.samplers[0].parameters["steps"] == "4"

    varied = draw(client, PROMPT, picture={"kind": "drawing", "id": with_lora["kept"]}, variation=0.3, **SMALL)[-1]
    near, far = (np.abs(pixels(varied).astype(int) - other).mean() for other in (pixels(with_lora), 0))
    assert 0 < near < far


def file_stem(context: Context) -> str:
    [file] = (context.home / "loras").rglob("*.safetensors")
    return file.stem


def test_the_newest_is_drawn_soon(served: tuple[TestClient, Context]) -> None:
    client, _ = served
    draw(client, PROMPT, **SMALL)  # the base is loaded
    long, found = begin(client, PROMPT, stream="typing", steps=150)
    time.sleep(0.5)
    began = time.monotonic()
    last = draw(client, PROMPT, stream="typing", **SMALL)
    took = time.monotonic() - began
    long.join(20)
    assert events(found[0])[-1] == "newer" and last[-1]["event"] == "done"
    assert took < 10, "the older one was given up, not waited for"


def test_a_lora_that_the_base_cannot_take_is_told(served: tuple[TestClient, Context], tmp_path: Path) -> None:
    from tests.fake_weights import kohya_lora

    client, _ = served
    real = kohya_lora(tmp_path / "real.safetensors", "sd1", every=40)
    done = send(client, "real.safetensors", real.read_bytes(), kind="lora")
    last = draw(client, PROMPT, loras=[{"lora": done["lora"]}], **SMALL)[-1]
    assert last.get("code") == "lora_mismatch" or last.get("warnings"), last
    assert draw(client, PROMPT, **SMALL)[-1]["event"] == "done", "it draws on"

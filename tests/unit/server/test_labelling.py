"""Labels by answers over HTTP: the queue, the proposals that follow, and what is written."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pictures

from tests.broken_pictures import encoded
from tests.uploading import dataset, send, serving

COLOURS = {"red": (200, 30, 30), "green": (30, 180, 40), "blue": (30, 40, 210)}


@pytest.fixture
def coloured(tmp_path: Path) -> Iterator[tuple[Any, str]]:
    """A client, and 30 pictures in three colours."""
    draw = np.random.default_rng(0)
    with serving(tmp_path / "home") as (client, _):
        made = dataset(client)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for number in range(30):
                name = list(COLOURS)[number % 3]
                pixels = np.clip(np.array(COLOURS[name]) + draw.normal(0, 12, (64, 64, 3)), 0, 255).astype(np.uint8)
                archive.writestr(f"{name}-{number:02}.png", encoded(Pictures.fromarray(pixels), "PNG"))
        send(client, "set.zip", buffer.getvalue(), dataset=made)
        yield client, made


def chosen(client: Any, made: str) -> dict[str, Any]:
    """The labelling once every picture was looked at."""
    for _ in range(200):
        answer = client.put(f"/api/datasets/{made}/labelling", json={"labels": [*COLOURS, "grey"]})
        if answer.status_code == 200:
            told: dict[str, Any] = answer.json()
            return told
        assert answer.json()["error"]["code"] == "run_not_ready"
        time.sleep(0.05)
    raise AssertionError("the pictures are still being looked at")


def test_a_few_answers_label_the_rest(coloured: tuple[Any, str]) -> None:
    client, made = coloured
    told = chosen(client, made)
    assert told["total"] == 30 and told["answered"] == 0 and told["worth"] > 0
    for _ in range(12):
        image = told["queue"][0]["image"]
        label = image["name"].split("-")[0]
        told = client.post(
            f"/api/datasets/{made}/labelling/answers", json={"image": image["id"], "label": label}
        ).json()
    assert told["answered"] == 12 and all(one["image"]["id"] != image["id"] for one in told["queue"])
    for asked in told["queue"]:
        assert asked["proposals"][0]["label"] == asked["image"]["name"].split("-")[0]
    done = client.post(f"/api/datasets/{made}/labelling/apply", json={"existing": "keep"}).json()
    images = client.get(f"/api/datasets/{made}/images").json()["items"]
    assert done["count"] == 30 and all(image["caption"] == image["name"].split("-")[0] for image in images)
    assert {image["author"] for image in images} == {"person:local", "engine:answers 1"}
    client.post(f"/api/datasets/{made}/changes/{done['change']}/undo")
    assert client.get(f"/api/datasets/{made}").json()["captioned"] == 0


def test_answers_can_be_taken_back_and_none_may_fit(coloured: tuple[Any, str]) -> None:
    client, made = coloured
    told = chosen(client, made)
    image = told["queue"][0]["image"]["id"]
    address = f"/api/datasets/{made}/labelling/answers"
    assert client.post(address, json={"image": image, "label": None}).json()["answered"] == 1
    assert client.delete(f"{address}/{image}").json()["answered"] == 0
    wrong = client.post(address, json={"image": image, "label": "pink"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (422, "request_invalid")
    assert chosen(client, made)["answered"] == 0


@pytest.mark.parametrize("form", ["kohya", "imagefolder", "lora-scripts", "flat"])
def test_export(coloured: tuple[Any, str], form: str) -> None:
    client, made = coloured
    answer = client.get(f"/api/datasets/{made}/export?format={form}")
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert sum(name.endswith((".png", ".webp")) for name in archive.namelist()) == 30
    assert client.get(f"/api/datasets/{dataset(client)}/export?format={form}").status_code == 422

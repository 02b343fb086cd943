"""The setting `nsfw_check`: refused without its extra; pictures are scored, and looked at again, only while it is on."""

from __future__ import annotations

import time
from typing import Any

import pytest
from PIL import Image as Pictures
from starlette.testclient import TestClient

from loraloom.data.quality import nsfw
from loraloom.server.context import Context
from tests.broken_pictures import encoded, noise
from tests.uploading import bearing, dataset, send


def card(client: TestClient, made: str) -> dict[str, Any]:
    for _ in range(200):
        told: dict[str, Any] = client.get(f"/api/datasets/{made}/quality").json()
        if told["state"] == "ready":
            return {one["kind"]: one for one in told["findings"]}
        time.sleep(0.05)
    raise AssertionError("the pictures are still being looked at")


def check(client: TestClient, on: bool) -> Any:
    settings = client.get("/api/settings").json()
    return client.put("/api/settings", json={**settings, "nsfw_check": on})


@pytest.fixture
def client(server: TestClient, context: Context) -> TestClient:
    """With an API token, as scripts have."""
    server.headers.update(bearing(context))
    return server


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The sizes of pictures that were scored: wide ones high, the others low."""
    seen: list[tuple[int, int]] = []

    def score(picture: Pictures.Image) -> float:
        seen.append(picture.size)
        return 0.95 if picture.width > picture.height else 0.02

    monkeypatch.setattr(nsfw, "installed", lambda: True)
    monkeypatch.setattr(nsfw, "score", score)
    return seen


def test_only_while_it_is_on(client: TestClient, scored: list[tuple[int, int]]) -> None:
    made = dataset(client)
    for name, picture in {"a.png": noise(64, 64), "wide.png": noise(96, 64)}.items():
        send(client, name, encoded(picture, "PNG"), dataset=made)
    assert client.get("/api/settings").json()["nsfw_check"] is False
    assert "nsfw" not in card(client, made) and scored == []

    assert check(client, True).status_code == 200
    found = card(client, made)["nsfw"]
    [shown] = client.get(f"/api/datasets/{made}/images?finding=nsfw").json()["items"]
    assert (shown["name"], found["images"]) == ("wide.png", [shown["id"]]) and "remove" in found["hint"]
    assert sorted(scored) == [(64, 64), (96, 64)]

    send(client, "new.png", encoded(noise(80, 60), "PNG"), dataset=made)
    assert card(client, made)["nsfw"]["count"] == 2 and len(scored) == 3, "the others were not looked at again"

    assert check(client, False).status_code == 200
    assert "nsfw" not in card(client, made)
    send(client, "more.png", encoded(noise(90, 60), "PNG"), dataset=made)
    assert "nsfw" not in card(client, made) and len(scored) == 3
    check(client, True)
    assert card(client, made)["nsfw"]["count"] == 3 and len(scored) == 4


def test_without_the_extra_the_setting_is_refused_and_the_card_works(
    client: TestClient, scored: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = dataset(client)
    send(client, "wide.png", encoded(noise(96, 64), "PNG"), dataset=made)
    assert check(client, True).status_code == 200
    monkeypatch.setattr(nsfw, "installed", lambda: False)  # taken away later
    assert "nsfw" not in card(client, made)
    error = check(client, True)
    assert error.status_code == 501 and error.json()["error"]["code"] == "extra_missing"
    assert "loraloom[nsfw]" in error.json()["error"]["hint"]
    assert check(client, False).status_code == 200 and card(client, made)

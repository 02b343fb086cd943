"""The score card over HTTP: pictures are looked at in the background, findings come in words, and filter the grid."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from PIL import Image as Pictures

from tests.broken_pictures import encoded, noise
from tests.uploading import dataset, send, serving


def ready(client: Any, made: str, query: str = "") -> dict[str, Any]:
    for _ in range(200):
        told: dict[str, Any] = client.get(f"/api/datasets/{made}/quality{query}").json()
        if told["state"] == "ready":
            return told
        time.sleep(0.05)
    raise AssertionError("the pictures are still being looked at")


def test_findings_in_words_and_as_a_filter(tmp_path: Path) -> None:
    with serving(tmp_path / "home") as (client, _):
        made = dataset(client)
        for number in range(3):
            send(client, f"{number}.png", encoded(noise(), "PNG"), dataset=made)
        send(client, "dark.png", encoded(Pictures.new("RGB", (300, 300), (3, 3, 3)), "PNG"), dataset=made)
        told = ready(client, made)
        kinds = {one["kind"]: one for one in told["findings"]}
        assert kinds["no_caption"]["count"] == 4 and kinds["few_pictures"]["hint"]
        [shown] = client.get(f"/api/datasets/{made}/images?finding=flat").json()["items"]
        assert shown["name"] == "dark.png"
        chinese = {one["kind"]: one for one in ready(client, made, "?language=zh")["findings"]}
        assert chinese.keys() == kinds.keys()
        assert all(any("一" <= letter <= "鿿" for letter in one["message"]) for one in chinese.values())
        for image in client.get(f"/api/datasets/{made}/images").json()["items"]:
            client.patch(f"/api/images/{image['id']}", json={"caption": "a picture of noise"})
        after = ready(client, made, "?trigger=sks")
        assert {"same_caption", "trigger_missing"} <= {one["kind"] for one in after["findings"]}
        assert "no_caption" not in {one["kind"] for one in after["findings"]}
        for query, count in (("&trigger=sks", 4), ("", 0)):
            meant = client.get(f"/api/datasets/{made}/images?finding=trigger_missing{query}").json()["items"]
            assert len(meant) == count

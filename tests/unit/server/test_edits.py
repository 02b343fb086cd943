"""Edits of whole data sets: preview, history, undo, diff, restore, conflicts, tags, masks, crops."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pictures

from tests.broken_pictures import encoded, noise
from tests.hostile_uploads import archive
from tests.uploading import dataset, send, serving

CAPTIONS = ("cat, red sofa, Indoors", "cat，outdoors，sun", "dog, red_sofa", "")


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[tuple[Any, str]]:
    """A client, and a data set of four pictures."""
    with serving(tmp_path / "home") as (client, _):
        made = dataset(client)
        files: list[tuple[str, bytes]] = []
        for number, caption in enumerate(CAPTIONS):
            files.append((f"{number}.png", encoded(noise(), "PNG")))
            files.append((f"{number}.txt", caption.encode()))
        send(client, "set.zip", archive(*files), dataset=made)
        yield client, made


def captions(client: Any, made: str) -> list[str | None]:
    return [one["caption"] for one in images(client, made)]


def images(client: Any, made: str, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"/api/datasets/{made}/images{query}").json()["items"]
    return found


def edit(client: Any, made: str, do: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = client.post(f"/api/datasets/{made}/edits", json={"edit": do} | more)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_a_preview_shows_and_changes_nothing(filled: tuple[Any, str]) -> None:
    client, made = filled
    told = edit(client, made, {"do": "replace", "find": "CAT", "put": "tabby"}, preview=True)
    assert told["change"] is None and told["count"] == 2
    assert [one["after"] for one in told["items"]] == ["tabby, red sofa, Indoors", "tabby，outdoors，sun"]
    assert captions(client, made)[0] == "cat, red sofa, Indoors"


def test_edit_undo_redo_and_history(filled: tuple[Any, str]) -> None:
    client, made = filled
    before = captions(client, made)
    done = edit(client, made, {"do": "rename_tag", "old": "red sofa", "new": "couch"})
    after = captions(client, made)
    assert after[0] == "cat, couch, Indoors" and after[2] == "dog, couch"
    assert images(client, made)[0]["author"] == "person:local"
    undone = client.post(f"/api/datasets/{made}/changes/{done['change']}/undo").json()
    assert undone["count"] == 2 and undone["conflicts"] == [] and captions(client, made) == before
    assert images(client, made)[0]["author"] == "import"
    client.post(f"/api/datasets/{made}/changes/{undone['change']}/undo")
    assert captions(client, made) == after
    told = client.get(f"/api/images/{images(client, made)[0]['id']}/changes").json()["items"]
    assert [one["kind"] for one in told] == ["undo", "undo", "edit", "add"]
    assert told[2]["before"] == {"caption": CAPTIONS[0], "author": "import"} and told[2]["by"] == "person:local"
    kinds = [(one["kind"], one["undone"]) for one in client.get(f"/api/datasets/{made}/changes").json()["items"]]
    assert kinds[:3] == [("undo", False), ("undo", True), ("edit", False)]
    first = client.get(f"/api/datasets/{made}/changes?limit=1").json()
    assert (
        client.get(f"/api/datasets/{made}/changes?limit=1&cursor={first['next']}").json()["items"][0]["kind"] == "undo"
    )


def test_an_undo_leaves_alone_what_was_changed_since(filled: tuple[Any, str]) -> None:
    client, made = filled
    done = edit(client, made, {"do": "prefix", "text": "ink, "})
    [first, second, *_] = images(client, made)
    client.patch(f"/api/images/{first['id']}", json={"caption": "by hand", "version": first["version"]})
    undone = client.post(f"/api/datasets/{made}/changes/{done['change']}/undo").json()
    assert undone["conflicts"] == [first["id"]]
    assert captions(client, made)[:2] == ["by hand", CAPTIONS[1]]
    assert second["caption"] == "ink, " + CAPTIONS[1]


def test_two_people_do_not_overwrite_each_other(filled: tuple[Any, str]) -> None:
    client, made = filled
    [image, *_] = images(client, made)
    address = f"/api/images/{image['id']}"
    assert client.patch(address, json={"caption": "mine", "version": image["version"]}).status_code == 200
    late = client.patch(address, json={"caption": "theirs", "version": image["version"]})
    assert (late.status_code, late.json()["error"]["code"]) == (409, "edit_conflict")
    assert captions(client, made)[0] == "mine"


def test_diff_and_restore(filled: tuple[Any, str]) -> None:
    client, made = filled
    version = client.get(f"/api/datasets/{made}/changes").json()["items"][0]["number"]
    before = captions(client, made)
    edit(client, made, {"do": "trigger", "text": "sks"})
    edit(client, made, {"do": "remove"}, images=[images(client, made)[3]["id"]])
    assert len(captions(client, made)) == 3
    diff = client.get(f"/api/datasets/{made}/diff?from={version}").json()["items"]
    assert {one["field"] for one in diff} == {"caption", "author", "removed"}
    assert next(one["after"] for one in diff if one["field"] == "caption") == "sks, cat, red sofa, Indoors"
    assert client.post(f"/api/datasets/{made}/restore", json={"version": version}).json()["count"] == 4
    assert captions(client, made) == before
    assert client.get(f"/api/datasets/{made}/diff?from={version}").json()["items"] == []


def test_filters_and_tags(filled: tuple[Any, str]) -> None:
    client, made = filled
    assert len(images(client, made, "?tag=cat")) == 2
    assert len(images(client, made, "?tag=cat&tag=Red_Sofa")) == 1
    assert [one["name"] for one in images(client, made, "?only=uncaptioned")] == ["3.png"]
    tags = client.get(f"/api/datasets/{made}/tags").json()["items"]
    assert tags[0] == {"tag": "cat", "count": 2} and {"tag": "sun", "count": 1} in tags
    beside = client.get(f"/api/datasets/{made}/tags?with=cat").json()["items"]
    assert {one["tag"]: one["count"] for one in beside} == {
        "cat": 2,
        "red sofa": 1,
        "Indoors": 1,
        "outdoors": 1,
        "sun": 1,
    }
    edit(client, made, {"do": "hold_out", "on": True}, tag=["dog"])
    assert [one["name"] for one in images(client, made, "?only=held_out")] == ["2.png"]
    edit(client, made, {"do": "repeats", "times": 4}, search="outdoors")
    assert [one["repeats"] for one in images(client, made)] == [1, 4, 1, 1]
    edit(client, made, {"do": "remove"}, only="uncaptioned")
    assert [one["name"] for one in images(client, made, "?only=removed")] == ["3.png"]
    edit(client, made, {"do": "bring_back"})
    assert len(images(client, made)) == 4


def test_a_pattern_that_never_ends_is_stopped(filled: tuple[Any, str]) -> None:
    client, made = filled
    edit(client, made, {"do": "set", "caption": "a" * 40 + "!"})
    for pattern in ("(a|aa)+$", "(", "(a|a)*$"):
        asked = {"edit": {"do": "replace", "find": pattern, "put": "b", "regex": True}}
        answer = client.post(f"/api/datasets/{made}/edits", json=asked)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "pattern_invalid"), pattern
    grouped = edit(client, made, {"do": "replace", "find": "(a)(!)$", "put": r"\2\1", "regex": True})
    assert grouped["count"] == 4 and captions(client, made)[0] == "a" * 39 + "!a"


def test_crops_and_masks(filled: tuple[Any, str]) -> None:
    client, made = filled
    [image, *_] = images(client, made)
    address = f"/api/images/{image['id']}"
    assert client.patch(address, json={"crop": [0.1, 0, 0.5, 1]}).json()["crop"] == [0.1, 0, 0.5, 1]
    for wrong in ([0.6, 0, 0.5, 1], [0, 0, 0, 1], [0, 0, 1], ["a", 0, 1, 1]):
        assert client.patch(address, json={"crop": wrong}).status_code == 422
    assert client.patch(address, json={"crop": None}).json()["crop"] is None
    buffer = BytesIO()
    Pictures.new("RGBA", (10, 10), (255, 255, 255, 0)).save(buffer, "PNG")
    put = client.put(f"{address}/mask", content=buffer.getvalue()).json()
    mask = client.get(put["mask"])
    with Pictures.open(BytesIO(mask.content)) as opened:
        assert (opened.format, opened.mode, opened.size) == ("PNG", "L", (image["width"], image["height"]))
        assert opened.getextrema() == (0, 0)  # transparent: does not count
    assert client.put(f"{address}/mask", content=b"GIF89a nothing").status_code == 422
    assert client.delete(f"{address}/mask").json()["mask"] is None
    assert client.get(f"{address}/mask").status_code == 404


def test_what_is_not_there(filled: tuple[Any, str]) -> None:
    client, _ = filled
    assert client.post("/api/datasets/nothere/edits", json={"edit": {"do": "sort_tags"}}).status_code == 404
    made = dataset(client)
    assert client.post(f"/api/datasets/{made}/changes/7/undo").json()["error"]["code"] == "change_not_found"
    assert edit(client, made, {"do": "sort_tags"}) == {"change": None, "count": 0, "items": []}

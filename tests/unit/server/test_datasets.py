"""Data sets and their pictures over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image as Pictures
from sqlalchemy import event

from loraloom.server.context import Context
from loraloom.store.datasets import get_dataset, images_of
from loraloom.store.tables import Image, Problem, Run
from tests.broken_pictures import encoded, noise
from tests.hostile_uploads import archive, picture
from tests.uploading import bearing, dataset, send, serving

Served = tuple[TestClient, Context]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "home") as both:
        yield both


def many(context: Context, dataset_id: str, count: int) -> None:
    """Rows of pictures without files."""
    with context.database.session() as session:
        session.add_all(
            Image(
                id=f"{number:016}", dataset_id=dataset_id, name=f"{number:05}.png", blob=f"{number:064x}", width=512,
                height=512, bytes=1000, caption=f"picture {number}" if number % 2 else None,
            )
            for number in range(count)
        )  # fmt: skip


def test_create_rename_delete(served: Served) -> None:
    client, _ = served
    made = dataset(client, "  my cat  ")
    body = client.get(f"/api/datasets/{made}").json()
    assert body == body | {
        "id": made, "name": "my cat", "images": 0, "captioned": 0, "bytes": 0, "problems": 0, "covers": [],
        "sample": False, "mine": True,
    }  # fmt: skip
    assert client.patch(f"/api/datasets/{made}", json={"name": "猫"}).json()["name"] == "猫"
    assert client.delete(f"/api/datasets/{made}").status_code == 204
    assert client.get(f"/api/datasets/{made}").json()["error"]["code"] == "dataset_not_found"


def test_names_that_are_none(served: Served) -> None:
    wrong: tuple[Any, ...] = ("", "   ", "\x00", "x" * 201, 7, None, ["x"])
    for name in wrong:
        answer = served[0].post("/api/datasets", json={"name": name})
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "request_invalid")


def test_a_list_is_a_few_queries(served: Served) -> None:
    client, context = served
    ids = [dataset(client, f"set {number}") for number in range(3)]
    many(context, ids[1], 2000)
    with context.database.session() as session:
        session.add_all(Problem(dataset_id=ids[1], file=f"{n}", reason="bomb", message="No.") for n in range(7))
    asked: list[str] = []
    event.listen(context.database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    body = client.get("/api/datasets?limit=2").json()
    assert [item["name"] for item in body["items"]] == ["set 2", "set 1"]
    found = body["items"][1]
    assert (found["images"], found["captioned"], found["bytes"], found["problems"]) == (2000, 1000, 2_000_000, 7)
    assert found["covers"] == [f"{number:016}" for number in range(4)]
    who, lists = sum("tokens" in words or "users" in words for words in asked), len(asked)
    assert lists - who <= 5, asked
    assert [item["name"] for item in client.get(f"/api/datasets?cursor={body['next']}").json()["items"]] == ["set 0"]
    asked.clear()
    page = client.get(f"/api/datasets/{ids[1]}/images?limit=500").json()
    assert len(page["items"]) == 500
    assert len([words for words in asked if "tokens" not in words and "users" not in words]) <= 2
    last = client.get(f"/api/datasets/{ids[1]}/images?limit=500&cursor={page['next']}").json()
    assert last["items"][0]["name"] == "00500.png"


def test_search(served: Served) -> None:
    client, context = served
    made = dataset(client)
    many(context, made, 30)
    for words, count in (("PICTURE 7", 1), ("00011", 1), ("%", 0), ("_", 0), ("%00", 0)):
        found = client.get(f"/api/datasets/{made}/images", params={"search": words}).json()["items"]
        assert len(found) == count, words
    assert len(client.get("/api/datasets", params={"search": "CATS"}).json()["items"]) == 1


def test_files_are_ours_and_cached(served: Served) -> None:
    client, context = served
    made = dataset(client)
    send(client, 'cats/"<b>.jpg', encoded(noise(640, 320), "JPEG"), dataset=made)
    [image] = client.get(f"/api/datasets/{made}/images").json()["items"]
    small = client.get(image["thumbnail"])
    whole = client.get(f"/api/images/{image['id']}/file")
    for answer, size in ((small, (256, 128)), (whole, (640, 320))):
        assert answer.headers["content-type"] == "image/webp"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "immutable" in answer.headers["cache-control"] and answer.headers["etag"].startswith('W/"')
        with Pictures.open(BytesIO(answer.content)) as opened:
            assert (opened.format, opened.size) == ("WEBP", size)
        again = client.get(answer.url, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert whole.headers["content-disposition"] == "inline; filename*=UTF-8''b.webp"
    assert len(whole.content) == image["bytes"]
    with context.database.session() as session:
        [row] = images_of(session, made)
    context.blobs.path(row.blob).with_name(f"{row.blob}.webp").unlink()
    assert client.get(image["thumbnail"]).content == small.content  # made again
    context.blobs.delete(row.blob)
    for address in (image["thumbnail"], f"/api/images/{image['id']}/file", "/api/images/0/file"):
        assert client.get(address).json()["error"]["code"] == "image_not_found"


def test_captions(served: Served) -> None:
    client, _ = served
    made = dataset(client)
    send(client, "a.png", picture(), dataset=made)
    [image] = client.get(f"/api/datasets/{made}/images").json()["items"]
    address = f"/api/images/{image['id']}"
    assert client.patch(address, json={"caption": " a cat\nits twin \x00"}).json()["caption"] == "a cat\nits twin"
    assert client.get(f"/api/datasets/{made}").json()["captioned"] == 1
    assert client.patch(address, json={"caption": "  "}).json()["caption"] is None
    for wrong in ({"caption": "x" * 20_001}, {"caption": 5}, {}, {"caption": "x", "name": "y"}):
        assert client.patch(address, json=wrong).status_code == 422
    assert client.delete(address).status_code == 204
    assert client.get(f"/api/datasets/{made}").json()["images"] == 0
    assert client.delete(address).status_code == 404


def test_a_picture_goes_with_the_last_that_names_it(served: Served) -> None:
    client, context = served
    data = picture()
    first, second = dataset(client), dataset(client)
    for made in (first, second):
        send(client, "a.png", data, dataset=made)
    [key] = context.blobs.keys()
    assert client.delete(f"/api/datasets/{first}").status_code == 204
    assert context.blobs.has(key)
    [image] = client.get(f"/api/datasets/{second}/images").json()["items"]
    assert client.delete(f"/api/images/{image['id']}").status_code == 204
    assert context.blobs.has(key)  # it can be brought back
    assert client.delete(f"/api/datasets/{second}").status_code == 204
    assert not context.blobs.has(key) and context.blobs.thumbnail(key) is None


def test_what_a_waiting_run_needs_stays(served: Served) -> None:
    client, context = served
    made = dataset(client)
    queue_run(context, made, "queued")
    answer = client.delete(f"/api/datasets/{made}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "in_use")
    queue_run(context, made, "running")
    assert client.delete(f"/api/datasets/{made}").status_code == 204


def queue_run(context: Context, dataset_id: str, state: str) -> None:
    """A run of the data set in this state; there is one."""
    with context.database.session() as session:
        run = session.get(Run, "run") or Run(id="run", name="ink", family="sd1", base_model="thimble")
        run.dataset_id, run.state = dataset_id, state
        run.user_id = get_dataset(session, dataset_id).user_id
        session.add(run)


def test_problems(served: Served) -> None:
    client, _ = served
    made = dataset(client)
    data = archive(*((f"{number}.png", b"not a picture") for number in range(5)), ("good.png", picture()))
    send(client, "x.zip", data, dataset=made)
    page = client.get(f"/api/datasets/{made}/problems?limit=3").json()
    assert len(page["items"]) == 3
    assert len(client.get(f"/api/datasets/{made}/problems?cursor={page['next']}").json()["items"]) == 2
    assert set(page["items"][0]) == {"file", "reason", "message", "created_at"}
    send(client, "0.png", picture(), dataset=made)  # the right file after the wrong one
    assert client.get(f"/api/datasets/{made}").json()["problems"] == 4
    assert client.delete(f"/api/datasets/{made}/problems").status_code == 204
    assert client.get(f"/api/datasets/{made}/problems").json() == {"items": [], "next": None}


def test_the_sample(served: Served) -> None:
    client, _ = served
    body = client.post("/api/datasets/sample").json()
    assert (body["images"], body["captioned"], body["problems"], body["sample"]) == (24, 24, 0, True)
    assert client.post("/api/datasets/sample").json() == body
    assert len(client.get("/api/datasets").json()["items"]) == 1
    client.delete(f"/api/datasets/{body['id']}")
    assert client.post("/api/datasets/sample").json()["id"] != body["id"]


def test_the_sample_is_called_as_the_page_asks(served: Served) -> None:
    client, _ = served
    made = client.post("/api/datasets/sample", json={"name": " 示例 "}).json()
    assert (made["name"], made["sample"]) == ("示例", True)
    assert client.post("/api/datasets/sample", json={"name": "Sample"}).json() == made
    client.delete(f"/api/datasets/{made['id']}")
    assert client.post("/api/datasets/sample", json={}).json()["name"] == "Sample"
    assert client.post("/api/datasets/sample", json={"name": " "}).json()["error"]["code"] == "request_invalid"


def test_others_may_look_and_not_touch(served: Served) -> None:
    client, context = served
    made = dataset(client)
    send(client, "a.png", picture(), dataset=made)
    [image] = client.get(f"/api/datasets/{made}/images").json()["items"]
    client.headers.update(bearing(context, "other"))
    assert client.get(f"/api/datasets/{made}").json()["mine"] is False
    assert client.get(image["thumbnail"]).status_code == 200
    for answer in (
        client.patch(f"/api/datasets/{made}", json={"name": "x"}),
        client.delete(f"/api/datasets/{made}"),
        client.delete(f"/api/datasets/{made}/problems"),
        client.patch(f"/api/images/{image['id']}", json={"caption": "x"}),
        client.delete(f"/api/images/{image['id']}"),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_allowed")


def test_odd_ids(served: Served) -> None:
    for odd in ("%00", "..%2f..%2fetc", "x" * 300, "%F0%9F%90%88", "A"):
        for address in (f"datasets/{odd}", f"datasets/{odd}/images", f"images/{odd}/file", f"uploads/{odd}/result"):
            assert served[0].get(f"/api/{address}").status_code in (404, 422)

"""Uploads: resumed byte by byte, owned by who made them, checked after the last byte, safe against a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx2
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from loraloom.data.renew import renew
from loraloom.models.resolve import resolve
from loraloom.server import sweeping, tus
from loraloom.server.context import Context
from loraloom.store.tables import BaseModel, Image, Upload
from tests.fake_weights import header_only, kohya_lora, original_base
from tests.hostile_uploads import MODELS, UPLOADS, archive, picture
from tests.uploading import BYTES, TUS, bearing, begin, create, dataset, metadata, patch, result, send, serving

Served = tuple[TestClient, Context]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "home") as both:
        yield both


def files(home: Path) -> set[str]:
    """Every file that is neither an upload's own nor a blob nor the database."""
    kept = ("uploads/", "blobs/", "loraloom.db")
    names = {path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()}
    return {name for name in names if not name.startswith(kept)}


def test_a_picture(served: Served) -> None:
    client, context = served
    made, data = dataset(client), picture()
    body = send(client, "cat.png", data, dataset=made)
    assert body == body | {"state": "done", "filename": "cat.png", "added": 1, "duplicates": 0, "problems": []}
    assert send(client, "again.png", data, dataset=made)["duplicates"] == 1
    [image] = client.get(f"/api/datasets/{made}/images").json()["items"]
    assert (image["name"], image["width"], image["height"], image["caption"]) == ("cat.png", 80, 72, None)
    assert {path.stat().st_size for path in (context.home / "uploads").iterdir() if len(path.name) == 32} == {0}


def test_resuming(served: Served) -> None:
    client, _ = served
    data = archive(("a.png", picture()), ("b.png", picture()), ("b.txt", b"b"))
    upload = begin(client, len(data), filename="x.zip", dataset=dataset(client))
    third = len(data) // 3
    assert patch(client, upload, 0, data[:third]).headers["upload-offset"] == str(third)
    assert patch(client, upload, 0, data[:third]).status_code == 409
    head = client.head(f"/api/uploads/{upload}", headers=TUS)
    assert (head.headers["upload-offset"], head.headers["upload-length"]) == (str(third), str(len(data)))
    assert client.get(f"/api/uploads/{upload}/result").json()["state"] == "receiving"
    assert patch(client, upload, third, data[third:] + b"more").json()["error"]["code"] == "upload_refused"
    for header, status in (("Tus-Resumable", 412), ("Content-Type", 415)):
        headers = {**BYTES, "Upload-Offset": str(third)} | {header: "x"}
        answer = client.patch(f"/api/uploads/{upload}", content=b"", headers=headers)
        assert (answer.status_code, bool(answer.json()["error"]["hint"])) == (status, True)
    assert patch(client, upload, third, data[third:]).status_code == 204
    body = result(client, upload)
    assert (body["state"], body["added"], body["captions"]) == ("done", 2, 1)
    # A client whose last answer was lost asks again, and hears that everything is there.
    assert client.head(f"/api/uploads/{upload}", headers=TUS).headers["upload-offset"] == str(len(data))
    assert patch(client, upload, len(data), b"").status_code == 204
    assert result(client, upload) == body


def test_captions_find_their_pictures_whatever_comes_first(served: Served) -> None:
    client, _ = served
    made = dataset(client)
    early = send(client, "set/A.TXT", "früh".encode(), dataset=made)
    assert (early["state"], early["captions"], early["problems"][0]["reason"]) == ("done", 0, "caption_without_picture")
    table = b'file_name,text\nb.png,from the table\nelsewhere/c.jpg,"also, this"\nnever.png,no\n'
    early = send(client, "set/metadata.csv", table, dataset=made)
    assert early["problems"][0]["message"].startswith("3 of its rows")
    assert client.get(f"/api/datasets/{made}").json()["problems"] == 2
    for name in ("set/a.png", "set/b.png", "set/c.png", "set/d.png", "other/a.png"):
        send(client, name, picture(), dataset=made)
    send(client, "set/d.txt", b"late", dataset=made)
    send(client, "metadata.jsonl", b'{"file_name": "c.png", "text": "\\ud800\\u0000later"}', dataset=made)
    items = client.get(f"/api/datasets/{made}/images").json()["items"]
    assert {item["name"]: item["caption"] for item in items} == {
        "set/a.png": "früh", "set/b.png": "from the table", "set/c.png": "?later", "set/d.png": "late",
        "other/a.png": None,
    }  # fmt: skip
    left = client.get(f"/api/datasets/{made}/problems").json()["items"]
    assert [problem["file"] for problem in left] == ["set/metadata.csv"]


def test_two_pictures_of_one_name(served: Served) -> None:
    client, _ = served
    made = dataset(client)
    for _ in range(3):
        send(client, "a.png", picture(), dataset=made)
    names = [item["name"] for item in client.get(f"/api/datasets/{made}/images").json()["items"]]
    assert names == ["a.png", "a (2).png", "a (3).png"]


def test_names_are_harmless(served: Served) -> None:
    client, context = served
    made, before = dataset(client), files(context.home.parent)
    for name in ("../../x.png", "/etc/x.png", "C:\\x.png", "x\x00.png", "a/" * 200 + "x.png"):
        assert send(client, name, picture(), dataset=made)["added"] == 1
    assert not [path for path in files(context.home.parent) - before if not path.startswith("home/")]
    assert not list(context.home.parent.rglob("x*.png"))


def test_hostile_uploads_are_refused(served: Served) -> None:
    client, context = served
    made = dataset(client)
    outside = files(context.home.parent)
    for case in UPLOADS:
        body = send(client, case.filename, case.data(), dataset=made)
        assert case.reason in {problem["reason"] for problem in body["problems"]}, (case.kind, body)
        assert str(context.home) not in str(body)
        if case.kind != "two members of one name":
            assert (body["state"], body["added"]) == ("refused", 0), case.kind
    assert client.get(f"/api/datasets/{made}").json()["images"] == 1
    assert client.get(f"/api/datasets/{made}").json()["problems"] > 20
    new = {name for name in files(context.home.parent) - outside if not name.startswith(("home/blobs", "home/uploads"))}
    assert not {name for name in new if "loraloom.db" not in name}
    assert {path.name for path in (context.home / "uploads").glob("*.unpacked")} == set()


def test_what_is_not_begun(served: Served) -> None:
    client, context = served
    cases = (
        ({}, "upload_refused"),
        ({"filename": "a.png"}, "upload_refused"),
        ({"filename": "a.png", "kind": "plugin"}, "upload_refused"),
        ({"filename": "a.png", "dataset": "no"}, "dataset_not_found"),
        ({"filename": "a.png", "dataset": "no", "kind": "base_model"}, "upload_refused"),
        ({"filename": "a.png", "dataset": "../../etc"}, "dataset_not_found"),
        ({"filename": "a.png", "dataset": "\x00"}, "dataset_not_found"),
    )
    for values, code in cases:
        assert create(client, 10, **values).json()["error"]["code"] == code
    assert not list((context.home / "uploads").iterdir())


def test_ways_around_are_closed(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    client, _ = served
    made = dataset(client)
    upload = begin(client, 5, filename="a.png", dataset=made)
    said = metadata(filename="a.png", filetype="x", dataset=made)
    for headers in (
        {"Upload-Concat": f"final;{upload}"},
        {"Upload-Concat": "partial", "Upload-Length": "5"},
        {"Upload-Defer-Length": "1"},
        {},
        {"Upload-Length": "-1"},
    ):
        assert (
            client.post("/api/uploads", headers={**TUS, **said, **headers}).json()["error"]["code"] == "upload_refused"
        )
    for method in ("GET", "POST"):
        headers = {**BYTES, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
        body = client.request(method, f"/api/uploads/{upload}", headers=headers, content=b"hello")
        assert body.json()["error"]["code"] == "upload_refused"
    body = client.post("/api/uploads", headers={**TUS, **said, "Upload-Length": "5"}, content=b"hello")
    assert body.json()["error"]["code"] == "upload_refused"
    assert create(client, 10**15, filename="a.png", dataset=made).json()["error"]["code"] == "too_large"
    monkeypatch.setattr(tus, "ROOM", 2**62)
    assert create(client, 10, filename="a.png", dataset=made).json()["error"]["code"] == "disk_full"


def test_another_users_upload(served: Served) -> None:
    client, context = served
    made = dataset(client)
    upload = begin(client, 5, filename="a.png", dataset=made)
    mine = client.headers["authorization"]
    client.headers.update(bearing(context, "other"))
    assert patch(client, upload, 0, b"hello").status_code == 404
    assert client.head(f"/api/uploads/{upload}", headers=TUS).status_code == 404
    assert client.delete(f"/api/uploads/{upload}", headers=TUS).status_code == 404
    assert client.get(f"/api/uploads/{upload}/result").status_code == 404
    assert create(client, 5, filename="a.png", dataset=made).json()["error"]["code"] == "not_allowed"
    client.headers["authorization"] = "Bearer nobody"
    assert patch(client, upload, 0, b"hello").status_code == 401
    assert create(client, 5, filename="a.png", dataset=made).status_code == 401
    del client.headers["authorization"]  # a page of another site has no token
    assert patch(client, upload, 0, b"hello").status_code == 403
    assert create(client, 5, filename="a.png", dataset=made).status_code == 403
    client.headers["authorization"] = mine
    assert client.head(f"/api/uploads/{upload}", headers=TUS).headers["upload-offset"] == "0"
    assert (context.home / "uploads" / upload).read_bytes() == b""
    assert client.delete(f"/api/uploads/{upload}", headers=TUS).status_code == 204
    assert client.get(f"/api/uploads/{upload}/result").status_code == 404
    assert not [path for path in (context.home / "uploads").iterdir() if path.name.startswith(upload)]


def test_a_restart_checks_again(tmp_path: Path) -> None:
    data = archive(*((f"{number}.png", picture()) for number in range(3)), ("bad.png", b"no"))
    with serving(tmp_path / "home") as (client, context):
        made = dataset(client)
        upload = begin(client, len(data), filename="x.zip", dataset=made)
        patch(client, upload, 0, data[:-1])
        with context.database.session() as session:
            session.execute(update(Upload).values(state="checking", added=1))
            one = Image(dataset_id=made, name="0.png", blob="0" * 64, width=1, height=1, bytes=1, caption=None)
            session.add(one)
        with (context.home / "uploads" / upload).open("ab") as file:
            file.write(data[-1:])
        # As if the first picture had been added before the server was killed.
        key = context.blobs.put(renew(ZipFile(BytesIO(data)).read("0.png")).data)
        with context.database.session() as session:
            session.execute(update(Image).values(blob=key))
    with serving(tmp_path / "home", begin=False) as (client, _):
        assert client.get(f"/api/uploads/{upload}/result").json()["state"] == "checking"
        assert client.delete(f"/api/uploads/{upload}", headers=TUS).json()["error"]["code"] == "in_use"
    with serving(tmp_path / "home") as (client, _):
        body = result(client, upload)
        assert (body["state"], body["added"], body["duplicates"], len(body["problems"])) == ("done", 3, 0, 1)
        assert client.get(f"/api/datasets/{made}").json()["images"] == 3
    with serving(tmp_path / "home") as (client, _):
        assert result(client, upload) == body


def test_a_crash_while_bytes_come(tmp_path: Path) -> None:
    """More was written than noted, or less was kept: the upload goes on where it really is."""
    data = picture()
    half, home = len(data) // 2, tmp_path / "home"
    with serving(home) as (client, _):
        made = dataset(client)
        more, less, whole = (begin(client, len(data), filename="a.png", dataset=made) for _ in range(3))
        for upload in (more, less):
            patch(client, upload, 0, data[:half])
    with (home / "uploads" / more).open("ab") as file:
        file.write(b"not noted")
    with (home / "uploads" / less).open("rb+") as file:
        file.truncate(half - 10)
    (home / "uploads" / whole).write_bytes(data)
    info = home / "uploads" / f"{whole}.info"
    info.write_text(info.read_text().replace('"offset": 0', f'"offset": {len(data)}'))
    with serving(home) as (client, _):
        assert result(client, whole)["added"] == 1
        assert patch(client, more, half, data[half:]).status_code == 204
        assert result(client, more)["duplicates"] == 1
        assert patch(client, less, half, data[half:]).status_code == 409
        offset = int(client.head(f"/api/uploads/{less}", headers=TUS).headers["upload-offset"])
        assert offset == half - 10
        assert patch(client, less, offset, data[offset:]).status_code == 204
        assert result(client, less)["duplicates"] == 1


def test_a_data_set_deleted_meanwhile(served: Served) -> None:
    client, context = served
    made, data = dataset(client), archive(*((f"{number}.png", picture()) for number in range(100)))
    upload = begin(client, len(data), filename="x.zip", dataset=made)
    patch(client, upload, 0, data)
    assert client.delete(f"/api/datasets/{made}").status_code == 204
    assert client.get(f"/api/uploads/{upload}/result").status_code == 404
    context.ingest.stop()
    with context.database.session() as session:
        assert session.scalars(select(Image)).all() == []


def test_uploads_expire(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    client, context = served
    upload = begin(client, 5, filename="a.png", dataset=dataset(client))
    folder = context.home / "uploads"
    (folder / "orphan").write_bytes(b"x")
    sweeping.sweep(context.database, folder)
    assert {path.name for path in folder.iterdir()} - {".locks"} == {upload, f"{upload}.info"}
    monkeypatch.setattr(sweeping, "KEEP", -sweeping.KEEP)
    sweeping.sweep(context.database, folder)
    assert not {path.name for path in folder.iterdir()} - {".locks"}
    assert client.get(f"/api/uploads/{upload}/result").status_code == 404


def test_hostile_models_are_refused(served: Served) -> None:
    client, context = served
    for case in MODELS:
        body = send(client, case.filename, case.data(), kind="base_model")
        assert (body["state"], body["model"], body["problems"][0]["reason"]) == ("refused", None, case.reason)
        assert case.word in body["problems"][0]["message"], case.kind
    assert files(context.home) == set()
    with context.database.session() as session:
        assert session.scalars(select(BaseModel)).all() == []


def test_a_base_model(served: Served, tmp_path: Path) -> None:
    client, context = served
    data = header_only(tmp_path / "b.safetensors", original_base("sdxl")).read_bytes()
    body = send(client, "models/Ink vpred.safetensors", data, kind="base_model")
    assert (body["state"], body["problems"]) == ("done", [])
    with context.database.session() as session:
        [row] = session.scalars(select(BaseModel)).all()
    assert (row.id, row.name, row.family, row.bytes) == (body["model"], "Ink vpred", "sdxl", len(data))
    found = resolve(row.source)
    assert (found.name, found.prediction) == ("Ink vpred", row.prediction == "v_prediction" and "v_prediction")
    assert Path(row.source).read_bytes() == data
    assert Path(row.source).parent.parent == context.home / "models"


def test_a_base_model_whose_check_was_interrupted(tmp_path: Path) -> None:
    data = header_only(tmp_path / "b.safetensors", original_base("sd1")).read_bytes()
    with serving(tmp_path / "home") as (client, context):
        body = send(client, "b.safetensors", data, kind="base_model")
        with context.database.session() as session:
            session.execute(update(Upload).values(state="checking"))
            session.delete(session.get(BaseModel, body["model"]))
    with serving(tmp_path / "home") as (client, context):
        assert result(client, body["id"]) == body
        with context.database.session() as session:
            assert [row.id for row in session.scalars(select(BaseModel))] == [body["model"]]


def test_a_lora_is_no_base_model(served: Served, tmp_path: Path) -> None:
    data = kohya_lora(tmp_path / "style.safetensors", "sd1", every=20).read_bytes()
    body = send(served[0], "style.safetensors", data, kind="base_model")
    assert body["problems"][0]["reason"] == "base_model_unknown"
    assert "a LoRA for Stable Diffusion 1.x" in body["problems"][0]["message"]


def test_a_new_connection_takes_over(served: Served) -> None:
    """A connection that hangs (a laptop that slept) neither keeps the upload nor stops the server."""
    client, _ = served
    data = picture()
    upload = begin(client, len(data), filename="a.png", dataset=dataset(client))
    half = len(data) // 2

    async def hanging() -> Any:
        yield data[:half]
        await asyncio.sleep(30)
        yield data[half:]

    async def main() -> None:
        transport = httpx2.ASGITransport(app=client.app)
        url = f"/api/uploads/{upload}"
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://testserver", headers=dict(client.headers)
        ) as http:
            headers = {**BYTES, "Upload-Offset": "0", "Content-Length": str(len(data))}
            first = asyncio.ensure_future(http.patch(url, content=hanging(), headers=headers))
            await asyncio.sleep(0.3)
            taken = await http.patch(url, content=data[half:], headers={**BYTES, "Upload-Offset": str(half)})
            assert taken.status_code == 204
            first.cancel()

    asyncio.run(asyncio.wait_for(main(), 10))
    assert result(client, upload)["added"] == 1


def test_what_is_offered(served: Served) -> None:
    headers = served[0].options("/api/uploads").headers
    assert headers["tus-extension"] == "creation,expiration,termination"
    assert headers["tus-version"] == "1.0.0"

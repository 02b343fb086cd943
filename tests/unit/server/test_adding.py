"""What uploads say of pictures beside their captions reaches the rows, whatever comes first, and can be undone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from loraloom.data.decode import decode
from loraloom.data.exporting.picture import FORMATS, Format, Picture
from loraloom.data.exporting.write import entries, to_zip
from loraloom.server.context import Context
from loraloom.store.tables import Change, Image
from tests.broken_pictures import encoded, noise
from tests.hostile_uploads import archive, picture
from tests.unit.data.exporting.nasty import nasty
from tests.uploading import dataset, send, serving

Served = tuple[TestClient, Context]
CROP = [0.25, 0.0, 0.5, 0.75]
TABLE = [{"file_name": "a.png", "text": "a cat", "repeats": 3, "held_out": True, "crop": CROP}]
LINES = "\n".join(map(json.dumps, TABLE)).encode()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "home") as both:
        yield both


def rows(context: Context, made: str) -> dict[str, Image]:
    with context.database.session() as session:
        found = session.scalars(select(Image).where(Image.dataset_id == made, Image.removed.is_(False)))
        return {image.name: image for image in found}


def kinds(context: Context, made: str) -> list[tuple[str, str, int]]:
    with context.database.session() as session:
        found = session.scalars(select(Change).where(Change.dataset_id == made).order_by(Change.number))
        return [(change.kind, change.author, change.count) for change in found]


def said(image: Image) -> tuple[Any, ...]:
    return image.caption, image.author, image.repeats, image.held_out, image.crop, image.mask is not None


def mask() -> bytes:
    return encoded(noise(40, 36).convert("L"), "PNG")


def test_a_zip_says_everything(served: Served) -> None:
    client, context = served
    made = dataset(client)
    files = (("a.png", picture()), ("a-masklabel.png", mask()), ("metadata.jsonl", LINES), ("b.png", picture()))
    body = send(client, "x.zip", archive(*files), dataset=made)
    assert (body["state"], body["added"], body["problems"]) == ("done", 2, [])
    images = rows(context, made)
    assert said(images["a.png"]) == ("a cat", "import", 3, True, CROP, True)
    assert said(images["b.png"]) == (None, None, 1, False, None, False)
    stored = decode(context.blobs.path(images["a.png"].mask or "").read_bytes())
    assert (stored.format, stored.mode, stored.size) == ("PNG", "L", (80, 72))
    assert kinds(context, made) == [("add", "import", 2)]


def test_what_comes_before_its_picture_waits(served: Served) -> None:
    client, context = served
    made = dataset(client)
    body = send(client, "set/a-masklabel.png", mask(), dataset=made)
    assert (body["state"], body["problems"][0]["message"][:30]) == ("done", "No picture of this name is her")
    send(client, "set/metadata.jsonl", LINES, dataset=made)
    assert client.get(f"/api/datasets/{made}").json()["problems"] == 2
    send(client, "set/a.png", picture(), dataset=made)
    send(client, "set/b.png", picture(), dataset=made)
    images = rows(context, made)
    assert said(images["set/a.png"]) == ("a cat", "import", 3, True, CROP, True)
    assert said(images["set/b.png"]) == (None, None, 1, False, None, False)
    assert not list((context.home / "uploads" / "waiting" / made).glob("*"))
    left = client.get(f"/api/datasets/{made}/problems").json()["items"]
    assert [problem["file"] for problem in left] == ["set/metadata.jsonl"]


def test_what_comes_after_its_picture_can_be_undone(served: Served) -> None:
    client, context = served
    made = dataset(client)
    send(client, "A.png", picture(), dataset=made)
    for name, data in (("a.txt", b"first"), ("metadata.jsonl", LINES), ("a-masklabel.png", mask())):
        assert send(client, name, data, dataset=made)["state"] == "done"
    assert said(rows(context, made)["A.png"]) == ("a cat", "import", 3, True, CROP, True)
    assert kinds(context, made) == [("add", "import", 1)] + [("caption", "import", 1)] * 3
    assert client.post(f"/api/datasets/{made}/changes/4/undo").json()["count"] == 1
    assert client.post(f"/api/datasets/{made}/changes/3/undo").json()["count"] == 1
    image = rows(context, made)["A.png"]
    assert (image.caption, *said(image)[2:]) == ("first", 1, False, None, False)
    assert send(client, "a.txt", b"first", dataset=made)["captions"] == 1
    assert len(kinds(context, made)) == 6  # nothing new was said


def test_kohya_folders_file_by_file(served: Served) -> None:
    client, context = served
    made = dataset(client)
    send(client, "s/10_sks cat/b.txt", b"waits", dataset=made)
    for name in ("s/10_sks cat/a.png", "s/10_sks cat/b.png", "s/held-out/2_dog/c.png"):
        send(client, name, picture(), dataset=made)
    send(client, "s/10_sks cat/a.txt", b"late", dataset=made)
    assert {name: said(image)[:4] for name, image in rows(context, made).items()} == {
        "s/10_sks cat/a.png": ("late", "import", 10, False),
        "s/10_sks cat/b.png": ("waits", "import", 10, False),
        "s/held-out/2_dog/c.png": ("dog", "import", 2, True),
    }


def test_a_mask_for_a_picture_that_is_there(served: Served) -> None:
    client, context = served
    made, data = dataset(client), picture()
    send(client, "a.png", data, dataset=made)
    body = send(client, "x.zip", archive(("other.png", data), ("other-masklabel.png", mask())), dataset=made)
    assert (body["duplicates"], body["added"]) == (1, 0)
    assert rows(context, made)["a.png"].mask is not None
    assert send(client, "y-masklabel.png", b"no mask", dataset=made)["state"] == "refused"


@pytest.mark.parametrize("form", FORMATS)
def test_a_nasty_set_comes_back(served: Served, tmp_path: Path, form: Format) -> None:
    """Exported from a server's rows and uploaded again: the same rows, but for what the format cannot say."""
    client, context = served
    first, second = dataset(client), dataset(client)
    send(client, "x.zip", b"".join(to_zip(entries(nasty(tmp_path / "stored"), "flat"))), dataset=first)
    before = rows(context, first)
    pictures = [
        Picture(
            name=image.name,
            path=context.blobs.path(image.blob),
            caption=image.caption,
            repeats=image.repeats,
            held_out=image.held_out,
            crop=(image.crop[0], image.crop[1], image.crop[2], image.crop[3]) if image.crop else None,
            mask=context.blobs.path(image.mask) if image.mask else None,
        )
        for image in before.values()
    ]
    body = send(client, "y.zip", b"".join(to_zip(entries(pictures, form, crop=False))), dataset=second)
    assert (body["added"], body["state"]) == (len(before), "done")
    after = {image.blob: image for image in rows(context, second).values()}
    for image in before.values():
        again = after[image.blob]
        assert (again.caption, again.held_out, again.mask) == (image.caption, image.held_out, image.mask)
        assert again.repeats == (1 if form == "lora-scripts" else image.repeats)
        assert again.crop == (image.crop if form in ("imagefolder", "flat") else None)
        assert again.name == image.name or form in ("kohya", "lora-scripts")

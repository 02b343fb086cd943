"""Data sets read from where they lie on the server: under the import roots, and nowhere else."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from tests.broken_pictures import encoded, noise
from tests.uploading import dataset, serving


def test_a_folder_is_read_and_left_alone(tmp_path: Path) -> None:
    root = tmp_path / "pictures"
    (root / "3_cats").mkdir(parents=True)
    for number in range(3):
        (root / "3_cats" / f"猫 {number}.png").write_bytes(encoded(noise(), "PNG"))
    (root / "3_cats" / "猫 0.txt").write_text("a cat, 红色", "utf-8")
    before = {file: file.read_bytes() for file in root.rglob("*") if file.is_file()}
    with serving(tmp_path / "home", import_roots=(root,)) as (client, _):
        made = dataset(client)
        answer = client.post(f"/api/datasets/{made}/imports", json={"path": str(root)})
        assert answer.status_code == 201, answer.text
        told: dict[str, Any] = {}
        for _ in range(200):
            told = client.get(f"/api/uploads/{answer.json()['id']}/result").json()
            if told["state"] == "done":
                break
            time.sleep(0.05)
        assert (told["added"], told["state"]) == (3, "done")
        images = client.get(f"/api/datasets/{made}/images").json()["items"]
        assert [image["caption"] for image in images] == ["a cat, 红色", "cats", "cats"]
        assert {image["repeats"] for image in images} == {3}
    assert {file: file.read_bytes() for file in root.rglob("*") if file.is_file()} == before


def test_the_page_is_told_the_roots(tmp_path: Path) -> None:
    roots = (tmp_path / "pictures", tmp_path / "图片")
    for root in roots:
        root.mkdir()
    with serving(tmp_path / "home", import_roots=roots) as (client, _):
        assert client.get("/api/machine").json()["import_roots"] == [str(root) for root in roots]
    with serving(tmp_path / "other") as (client, _):
        assert client.get("/api/machine").json()["import_roots"] == []


def test_nothing_outside_the_roots_is_read(tmp_path: Path) -> None:
    root, other = tmp_path / "pictures", tmp_path / "secret"
    root.mkdir()
    other.mkdir()
    (other / "a.png").write_bytes(encoded(noise(), "PNG"))
    (root / "link").symlink_to(other)
    with serving(tmp_path / "home", import_roots=(root,)) as (client, _):
        made = dataset(client)
        for path in (
            other,
            root / ".." / "secret",
            root / "link",
            tmp_path / "nothing",
            Path("/etc"),
            Path("pictures"),
        ):
            answer = client.post(f"/api/datasets/{made}/imports", json={"path": str(path)})
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_allowed"), path
        missing = client.post(f"/api/datasets/{made}/imports", json={"path": str(root / "nothing")})
        assert missing.json()["error"]["code"] == "file_not_found"
    with serving(tmp_path / "other") as (client, _):
        answer = client.post(f"/api/datasets/{dataset(client)}/imports", json={"path": str(root)})
        assert answer.json()["error"]["code"] == "not_allowed"

"""Publishing over the API: the gate, places, versions, the bundle, the gallery, and who may."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select
from starlette.testclient import TestClient

from loraloom.server.context import Context
from loraloom.store import users
from loraloom.store.tables import Lora, Publication
from tests.published import TELLING, make_experiment, make_lora


@pytest.fixture(autouse=True)
def _own_page(server: TestClient) -> None:
    """Requests come from Loom's own page."""
    server.headers["X-CSRF-Token"] = server.get("/api/session").json()["csrf"]


@pytest.fixture
def lora(context: Context) -> str:
    """The id of a LoRA that nobody compared."""
    with context.database.session() as session:
        return make_lora(session, context.home).id


@pytest.fixture
def tested(context: Context, lora: str) -> str:
    """The same, with a finished experiment: strength 0.8 won."""
    compare(
        context, lora, wins={0.8: 15, 0.6: 8, 0.0: 2}, measured={0.8: {"adherence": 0.31, "style": 0.2, "leak": 0.7}}
    )
    return lora


def compare(context: Context, lora: str, **more: Any) -> str:
    with context.database.session() as session:
        row = session.get(Lora, lora)
        assert row is not None
        return make_experiment(session, context.home, row, **more).id


def publish(server: TestClient, lora: str, target: str = "zip", **more: Any) -> Any:
    return server.post(f"/api/loras/{lora}/publications", json={"target": target, **more})


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_the_gate(server: TestClient, context: Context, lora: str) -> None:
    assert code(publish(server, lora)) == (409, "lora_untested")
    assert not list((context.home / "publications").glob("*")), "nothing was begun"
    said_again = publish(server, lora, untested=True)
    assert (said_again.status_code, said_again.json()["tested"]) == (201, False)


def test_which_experiments_open_it(server: TestClient, context: Context) -> None:
    cases: tuple[tuple[dict[str, Any], str, bool], ...] = (
        ({"what": "lora", "id": "LORA"}, "finished", True),
        ({"what": "run", "id": "RUN"}, "finished", True),
        ({"what": "run", "id": "RUN", "step": 4}, "finished", True),
        ({"what": "run", "id": "RUN", "step": 2}, "finished", False),
        ({"what": "lora", "id": "other"}, "finished", False),
        *(({"what": "lora", "id": "LORA"}, state, False) for state in ("running", "failed", "queued", "cancelled")),
    )
    for candidate, state, opens in cases:
        with context.database.session() as session:
            lora = make_lora(session, context.home)
            ids = {"LORA": lora.id, "RUN": lora.run_id}
            named = {**candidate, "id": ids.get(candidate["id"], candidate["id"])}
            make_experiment(session, context.home, lora, state=state, candidate=named)
        assert server.get(f"/api/loras/{lora.id}/evidence").json()["tested"] is opens, candidate
        answer = publish(server, lora.id)
        assert answer.status_code == (201 if opens else 409), (candidate, state)
        assert opens or code(answer) == (409, "lora_untested")


def test_evidence(server: TestClient, tested: str) -> None:
    known = server.get(f"/api/loras/{tested}/evidence").json()
    assert (known["tested"], known["strength"], known["strength_from"], known["votes"]) == (True, 0.8, "votes", 25)
    assert (known["adherence"], known["images"], known["steps"], known["resolution"]) == (0.31, 24, 4, 64)
    assert any("without its trigger" in limit for limit in known["limits"])
    assert len(known["experiments"]) == 1
    row = server.get(f"/api/loras/{tested}").json()
    assert known["hashes"]["sha256"] == row["sha256"] and known["hashes"]["autov2"] == row["sha256"][:10].upper()
    assert code(server.get("/api/loras/none/evidence")) == (404, "lora_not_found")


def test_the_bundle(server: TestClient, tested: str) -> None:
    made = publish(server, tested, description="Soft & <b>").json()
    assert made["files"] == ["Felt-v1.zip"] and made["place"] == "" and made["version"] == 1
    answer = server.get(f"/api/publications/{made['id']}/bundle")
    assert answer.headers["content-disposition"].endswith("Felt-v1.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as file:
        names = set(file.namelist())
        side = json.loads(file.read("Felt-v1/Felt.json"))
        card = file.read("Felt-v1/README.md").decode()
        with Image.open(io.BytesIO(file.read("Felt-v1/sample-grid.png"))) as grid:
            assert grid.width > 5 * 160, "the base and four strengths"
    assert names == {
        f"Felt-v1/{n}" for n in ("Felt.safetensors", "Felt.png", "Felt.json", "README.md", "sample-grid.png")
    }
    assert (side["preferred weight"], side["activation text"]) == (0.8, "felt style")
    assert "Recommended strength: **0.8**, by 25 blind votes." in card
    assert "agatha" not in card
    drafted = server.post(f"/api/loras/{tested}/card", json={"target": "gallery", "description": "Soft & <b>"}).json()[
        "text"
    ]
    assert drafted == card, "the draft is what is published"


def test_versions_count_at_each_place_and_numbers_are_not_used_again(server: TestClient, tested: str) -> None:
    first, second = (publish(server, tested, changes=words).json() for words in ("one", "two"))
    assert (first["version"], second["version"]) == (1, 2)
    assert publish(server, tested, "gallery").json()["version"] == 1
    gone = server.delete(f"/api/publications/{second['id']}").json()
    assert gone["state"] == "withdrawn" and gone["withdrawn_at"]
    assert code(server.get(f"/api/publications/{second['id']}/bundle")) == (404, "file_not_found")
    assert server.get(f"/api/publications/{first['id']}/bundle").status_code == 200
    assert server.delete(f"/api/publications/{second['id']}").json() == gone, "withdrawing twice is withdrawing once"
    third = publish(server, tested).json()
    assert third["version"] == 3
    with zipfile.ZipFile(io.BytesIO(server.get(f"/api/publications/{third['id']}/bundle").content)) as file:
        card = file.read("Felt-v3/README.md").decode()
    assert "## Earlier versions\n\n- Version 2: two\n- Version 1: one\n" in card
    listed = server.get("/api/publications", params={"lora": tested, "limit": 2}).json()
    assert listed["items"][0]["id"] == third["id"] and listed["next"]


def test_captions_stay_at_home_unless_asked(server: TestClient, context: Context) -> None:
    with context.database.session() as session:
        lora = make_lora(session, context.home, metadata=TELLING).id
    for captions in (False, True):
        made = publish(server, lora, untested=True, captions=captions).json()
        content = server.get(f"/api/publications/{made['id']}/bundle").content
        assert (b"aunt agatha" in content) is captions
        told = server.get(f"/api/loras/{lora}/evidence").json()["hashes"]["sha256"]
        assert (told == made["sha256"]) is not captions, "the evidence tells the file as it goes out"


def test_folders(server: TestClient, tested: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loras = tmp_path / "ComfyUI" / "models" / "loras"
    loras.mkdir(parents=True)
    monkeypatch.setenv("LORALOOM_COMFYUI", str(tmp_path / "ComfyUI"))
    found = server.get("/api/publish-targets").json()
    assert {"program": "comfyui", "path": str(loras), "writable": True} in found["places"]
    made = publish(server, tested, "folder", place=str(loras)).json()
    assert made["place"] == str(loras) and set(made["files"]) == {file.name for file in loras.iterdir()}
    assert code(publish(server, tested, "folder", place=str(loras / "none"))) == (404, "file_not_found")
    assert code(publish(server, tested, "folder", place="")) == (404, "file_not_found")
    assert code(publish(server, tested, "folder", place=str(loras), formats=["gguf"])) == (422, "lora_mismatch")
    server.delete(f"/api/publications/{made['id']}")
    assert list(loras.iterdir()) == []


def test_the_gallery_is_served(server: TestClient, tested: str) -> None:
    empty = server.get("/api/gallery/index.html")
    assert empty.status_code == 200 and "Nothing is published here yet." in empty.text
    made = publish(server, tested, "gallery").json()
    page = server.get(made["place"])
    assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script" not in policy
    root = made["place"].rpartition("/")[0]
    assert server.get(f"{root}/v1/cell-1-1.png").headers["content-type"] == "image/png"
    file = server.get(f"{root}/v1/Felt-v1.safetensors")
    assert file.status_code == 200 and "attachment" in file.headers["content-disposition"]
    for outside in ("../loraloom.db", "..%2Floraloom.db", f"{root.rpartition('/')[2]}/../../loraloom.db"):
        assert server.get(f"/api/gallery/{outside}").status_code == 404
    server.delete(f"/api/publications/{made['id']}")
    assert server.get(made["place"]).status_code == 404


def test_only_the_owner_and_administrators(server: TestClient, context: Context, tmp_path: Path, tested: str) -> None:
    made = publish(server, tested).json()
    with context.database.session() as session:
        users.add_user(session, "first", "a long password", True)
        owner = users.add_user(session, "owner", "a long password", False)
        users.add_user(session, "other", "a long password", False)
        row = session.get(Lora, tested)
        assert row is not None
        row.user_id = owner.id
        for publication in session.scalars(select(Publication)):
            publication.user_id = owner.id
    loras = tmp_path / "loras"
    loras.mkdir()

    def log_in(name: str) -> None:
        known = server.post("/api/session", json={"name": name, "password": "a long password"})
        assert known.status_code == 200, known.text
        server.headers["X-CSRF-Token"] = known.json()["csrf"]

    log_in("other")
    assert code(publish(server, tested)) == (403, "not_allowed")
    assert code(server.delete(f"/api/publications/{made['id']}")) == (403, "not_allowed")
    assert server.get(f"/api/publications/{made['id']}/bundle").status_code == 200
    log_in("owner")
    assert publish(server, tested).status_code == 201
    assert code(publish(server, tested, "folder", place=str(loras))) == (403, "not_allowed"), "a folder nobody found"
    assert server.delete(f"/api/publications/{made['id']}").status_code == 200


def test_a_file_that_a_child_exchanged_for_a_link(server: TestClient, context: Context, tested: str) -> None:
    with context.database.session() as session:
        row = session.get(Lora, tested)
        assert row is not None
        file = context.home / row.file
    file.unlink()
    file.symlink_to("/etc/hostname")
    assert code(publish(server, tested)) == (404, "file_not_found")


def test_what_is_asked_is_checked(server: TestClient, tested: str) -> None:
    assert code(publish(server, tested, "nowhere")) == (422, "request_invalid")
    assert code(publish(server, tested, "hub", place="no name")) == (502, "hub_refused")
    assert code(publish(server, tested, formats=["gguf"])) == (422, "lora_mismatch")
    assert code(server.delete("/api/publications/none")) == (404, "publication_not_found")
    assert code(server.get("/api/publications/none/bundle")) == (404, "publication_not_found")

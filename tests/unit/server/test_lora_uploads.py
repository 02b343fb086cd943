"""LoRAs made elsewhere: uploaded, looked at, listed, deleted; what is none is refused with a way out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from loraloom.models.header import read_header
from loraloom.models.raw_file import read_raw, write_raw
from loraloom.server.app import create_app
from loraloom.server.context import Context, Options
from loraloom.server.lora_upload import trigger_of
from loraloom.store.tables import BaseModel, Upload
from tests.fake_weights import header_only, kohya_lora, original_base
from tests.unit.server.easels import me
from tests.uploading import bearing, send

Served = tuple[TestClient, Context]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    app = create_app(Options(home=tmp_path / "home", warm=False, train=False))
    with TestClient(app, base_url="http://127.0.0.1:7860") as client:
        client.headers["X-CSRF-Token"] = client.get("/api/session").json()["csrf"]
        yield client, app.state.context


def upload(client: TestClient, name: str, file: Path) -> dict[str, Any]:
    return send(client, name, file.read_bytes(), kind="lora")


def test_a_lora_of_another_program(served: Served, tmp_path: Path) -> None:
    client, context = served
    metadata = {
        "modelspec.trigger_phrase": "inkwash",
        "ss_steps": "1500",
        "ss_sd_model_name": "real.safetensors",
        "ss_tag_frequency": "x" * 30_000,
    }
    file = kohya_lora(tmp_path / "x.safetensors", "sd1", rank=4, alpha=(2.0,), every=20, metadata=metadata)
    base = str(header_only(tmp_path / "real.safetensors", original_base("sd1")))
    with context.database.session() as session:
        session.add(BaseModel(name="Real", source=base, layout="original", family="sd1", user_id=me(context)))
    done = upload(client, "C:\\fakepath\\Ink: wash.safetensors", file)
    assert done["state"] == "done" and done["model"] is None, done
    lora = client.get(f"/api/loras/{done['lora']}").json()
    assert lora["run"] is None and lora["name"] == "Ink: wash" and lora["base_model"] == base
    assert (lora["family"], lora["rank"], lora["alpha"], lora["steps"], lora["trigger"]) == (
        "sd1",
        4,
        2.0,
        1500,
        "inkwash",
    )
    data = file.read_bytes()
    assert lora["sha256"] == sha256(data).hexdigest() and lora["bytes"] == len(data)
    start = read_header(file).data_start
    assert lora["metadata"]["sshs_model_hash"] == sha256(data[start:]).hexdigest()
    assert "ss_tag_frequency" not in lora["metadata"], "long values are left out"
    [kept] = (context.home / "loras").rglob("*.safetensors")
    assert kept.read_bytes() == data and kept.parent.name == done["lora"] and ":" not in kept.name
    assert client.get(f"/api/loras/{done['lora']}/file").content == data
    assert [one["id"] for one in client.get("/api/loras?family=sd1").json()["items"]] == [done["lora"]]
    assert client.get("/api/loras?family=sdxl").json()["items"] == []
    assert client.get("/api/loras?search=inkwash").json()["items"][0]["id"] == done["lora"]
    assert client.delete(f"/api/loras/{done['lora']}").status_code == 204
    assert not list((context.home / "loras").rglob("*"))


def test_layouts_and_families(served: Served, tmp_path: Path) -> None:
    client, _ = served
    large = kohya_lora(tmp_path / "xl.safetensors", "sdxl", every=60)
    assert client.get(f"/api/loras/{upload(client, 'xl.safetensors', large)['lora']}").json()["family"] == "sdxl"
    shapes = {f"lora_unet_down_blocks_0_attentions_0_proj_in.hada_w{n}_{p}": (4, 4) for n in (1, 2) for p in "ab"}
    loha = header_only(tmp_path / "loha.safetensors", shapes, {"ss_base_model_version": "sd_v1"})
    assert client.get(f"/api/loras/{upload(client, 'loha.safetensors', loha)['lora']}").json()["family"] == "sd1"
    peft = {f"unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.lora_{p}.weight": (4, 768) for p in "AB"}
    diffusers = header_only(tmp_path / "d.safetensors", peft)
    found = client.get(f"/api/loras/{upload(client, 'd.safetensors', diffusers)['lora']}").json()
    assert (found["family"], found["base_model"], found["trigger"], found["steps"]) == ("sd1", "", "", 0)


def test_what_is_refused(served: Served, tmp_path: Path) -> None:
    client, context = served
    text = {f"base_model.model.model.layers.0.self_attn.q_proj.lora_{p}.weight": (4, 8) for p in "AB"}
    flux = {f"transformer.single_blocks.0.attn.to_q.lora_{p}.weight": (4, 8) for p in "AB"}
    (tmp_path / "torn.safetensors").write_bytes(b"\xff" * 40)
    (tmp_path / "pickle.safetensors").write_bytes(b"PK\x03\x04" + b"x" * 40)
    kohya_lora(tmp_path / "good.safetensors", "sd1", every=60)
    cases = (
        (
            "base.safetensors",
            header_only(tmp_path / "base.safetensors", original_base("sd1")),
            "lora_unreadable",
            "base models",
        ),
        ("text.safetensors", header_only(tmp_path / "text.safetensors", text), "lora_mismatch", "language model"),
        ("flux.safetensors", header_only(tmp_path / "flux.safetensors", flux), "lora_mismatch", "Stable Diffusion"),
        ("other.safetensors", header_only(tmp_path / "other.safetensors", {"a": (2,)}), "lora_unreadable", "no LoRA"),
        ("torn.safetensors", tmp_path / "torn.safetensors", "weights_unreadable", ""),
        ("pickle.safetensors", tmp_path / "pickle.safetensors", "pickle_refused", ""),
        ("good.ckpt", tmp_path / "good.safetensors", "pickle_refused", ""),
        ("good.bin.txt", tmp_path / "good.safetensors", "lora_unreadable", ".safetensors"),
    )
    for name, file, code, says in cases:
        body = upload(client, name, file)
        assert body["state"] == "refused" and body["lora"] is None, (name, body)
        [problem] = body["problems"]
        assert problem["reason"] == code and says in problem["message"], problem
        assert str(context.home) not in problem["message"] and name.split(".")[0] in problem["message"]
    assert client.get("/api/loras").json()["items"] == [] and not (context.home / "loras").exists()


def test_a_check_that_was_interrupted_makes_one_lora(served: Served, tmp_path: Path) -> None:
    client, context = served
    file = kohya_lora(tmp_path / "x.safetensors", "sd1", every=60)
    done = upload(client, "x.safetensors", file)
    with context.database.session() as session:
        session.execute(update(Upload).values(state="checking"))
    context.ingest.begin()
    context.ingest.stop()
    [lora] = client.get("/api/loras").json()["items"]
    assert lora["id"] == done["lora"]


def test_somebody_else_s_lora_stays(served: Served, tmp_path: Path) -> None:
    client, context = served
    done = upload(client, "x.safetensors", kohya_lora(tmp_path / "x.safetensors", "sd1", every=60))
    client.headers.update(bearing(context, "other"))
    assert client.delete(f"/api/loras/{done['lora']}").json()["error"]["code"] == "not_allowed"
    assert list((context.home / "loras").rglob("*.safetensors"))


def test_thimble_is_recognised(served: Served, tmp_path: Path) -> None:
    client, _ = served
    file = kohya_lora(tmp_path / "x.safetensors", "sd1", every=60)
    _, tensors = read_raw(file)
    write_raw(tmp_path / "y.safetensors", tensors, {"ss_sd_model_name": "thimble"})
    done = upload(client, "y.safetensors", tmp_path / "y.safetensors")
    assert client.get(f"/api/loras/{done['lora']}").json()["base_model"] == "thimble"


def test_words_that_call_it() -> None:
    def said(counts: dict[str, Any], pictures: int = 3) -> str:
        folders = {name: {"img_count": pictures} for name in counts}
        return trigger_of({"ss_dataset_dirs": json.dumps(folders), "ss_tag_frequency": json.dumps(counts)})

    assert said({"10_x": {"sks dog": 3, "grass": 2}}) == "sks dog"
    assert said({"10_x": {"sks": 3, "a": 3}, "5_y": {"sks": 3, "b": 3}}) == "sks"
    assert said({"10_x": {"sks": 3, "dog": 3}}) == "", "two of them: who knows"
    assert said({"10_x": {"sks": 1}}, 1) == "" and said({}) == "" and trigger_of({}) == ""
    for odd in ("[]", "{", '{"a": 1}', '{"a": {"b": []}}', "[" * 9000):
        assert trigger_of({"ss_dataset_dirs": odd, "ss_tag_frequency": odd}) == ""

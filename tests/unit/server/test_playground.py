"""The playground over the API: what is asked becomes what is drawn, is kept, and can be made again."""

from __future__ import annotations

import base64
import json
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from sd_parsers import ParserManager
from starlette.testclient import TestClient

from loraloom.jobs import storage
from loraloom.server import drawing as module
from loraloom.server.context import Context
from loraloom.store.tables import Drawing, Lora
from tests.unit.server.easels import Fake, add_lora, add_run, draw, events, me, refused
from tests.uploading import bearing


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, server: TestClient) -> list[Fake]:
    """The processes that were made; the client may write."""
    Fake.made, Fake.go = [], False
    monkeypatch.setattr(module, "DrawProcess", Fake)
    monkeypatch.setattr("loraloom.jobs.devices.slots", lambda: ["cpu"])
    server.headers["X-CSRF-Token"] = server.get("/api/session").json()["csrf"]
    return Fake.made


def picture(line: dict[str, Any]) -> bytes:
    kind, _, data = line["picture"].partition(",")
    assert kind == "data:image/png;base64"
    return base64.b64decode(data)


def test_a_picture_comes_with_what_made_it(server: TestClient, made: list[Fake]) -> None:
    lines = draw(server, "a (fox:1.2)", seed=9, sampler="euler_a", negative_prompt="blurry")
    assert [line["event"] for line in lines] == ["loading", "drawing", "drawing", "done"]
    done = lines[-1]
    assert (done["width"], done["steps"], done["guidance"], done["warnings"]) == (64, 20, 3, ["odd layers"])
    assert "kept" not in done and done["prompt"] == "a (fox:1.2)"
    found = ParserManager().parse(BytesIO(picture(done)))
    assert found is not None and found.samplers[0].parameters["seed"] == "9" and found.samplers[0].name == "Euler a"
    assert found.samplers[0].model is not None and found.samplers[0].model.name == "thimble"
    assert events(draw(server)) == ["done"], "the process is kept"
    assert len(made) == 1 and made[0].gentle and server.get("/api/drawings").json()["items"] == []
    body = {"drawing": {"prompt": "a"}, "metadata": False}
    last = json.loads(server.post("/api/drawings", json=body).text.splitlines()[-1])
    with Image.open(BytesIO(picture(last))) as plain:
        assert "parameters" not in plain.info


def test_what_is_kept_can_be_made_again(server: TestClient, context: Context, made: list[Fake]) -> None:
    lora = add_lora(context, me(context), "ink")
    server.put("/api/wildcards/animal", json={"lines": ["fox", "hare", "", "owl"]})
    done = draw(server, "an __animal__ <lora:INK:0.5> in snow", keep=True, seed=4, width=128)[-1]
    [kept] = server.get("/api/drawings").json()["items"]
    assert kept["id"] == done["kept"] and kept["user"] == "local" and (kept["width"], kept["height"]) == (128, 64)
    asked = kept["asked"]
    assert asked["prompt"] == done["prompt"] in ("an fox in snow", "an hare in snow", "an owl in snow")
    assert [(one["lora"], one["strength"]) for one in asked["loras"]] == [(lora, 0.5)]
    assert (asked["seed"], asked["steps"], asked["guidance"], asked["width"]) == (4, 20, 3, 128)
    png = server.get(kept["picture"])
    assert png.headers["content-type"] == "image/png" and png.content == picture(done)
    with Image.open(BytesIO(png.content)) as found:
        assert "<lora:ink file:0.5>" in found.info["parameters"]
    server.put("/api/wildcards/animal", json={"lines": ["whale"]})
    draw(server, **{key: value for key, value in asked.items() if key != "prompt"} | {"prompt": asked["prompt"]})
    assert made[0].drawn[0] == made[0].drawn[1].model_copy(update={"steps": None, "guidance": None, "height": None})
    assert server.get(f"/api/drawings/{kept['id']}").json() == kept


def test_deleting_frees_the_file_when_nothing_else_has_it(
    server: TestClient, context: Context, made: list[Fake]
) -> None:
    one, other = (draw(server, "same", keep=True)[-1]["kept"] for _ in range(2))
    with context.database.session() as session:
        first, second = session.get_one(Drawing, one), session.get_one(Drawing, other)
        second.blob = key = first.blob
        assert storage.usage(session, context.home, context.blobs)
        context.blobs.sweep(storage.references(session), older_than=-1)
    assert context.blobs.has(key), "a kept drawing is no garbage"
    assert server.delete(f"/api/drawings/{one}").status_code == 204
    assert context.blobs.has(key)
    assert server.delete(f"/api/drawings/{other}").status_code == 204
    assert not context.blobs.has(key)
    assert server.get(f"/api/drawings/{one}").json()["error"]["code"] == "drawing_not_found"
    assert server.get(f"/api/drawings/{other}/picture").status_code == 404


def test_somebody_else_s_drawing(server: TestClient, context: Context, made: list[Fake]) -> None:
    kept = draw(server, keep=True)[-1]["kept"]
    server.headers.update(bearing(context, "other"))
    assert server.get("/api/drawings").json()["items"] == []
    assert server.delete(f"/api/drawings/{kept}").json()["error"]["code"] == "not_allowed"
    assert refused(server, picture={"kind": "drawing", "id": kept}) == "not_allowed"


def test_loras_by_id_tag_run_and_step(server: TestClient, context: Context, made: list[Fake]) -> None:
    user = me(context)
    ink = add_lora(context, user, "ink")
    run = add_run(context, user, 20, 40)
    loras = [{"lora": ink, "strength": 0.5}, {"run": run, "blocks": {"unet": 0.5}}, {"run": run, "step": 20}]
    lines = draw(server, "a fox <lora:ink file:0.25> <lora:None:1>", loras=loras, keep=True)
    used = made[0].drawn[0].loras
    assert [use.strength for use in used] == [0.75, 1, 1], "once each; twice is the sum"
    assert [use.path.split("/")[-1] for use in used] == ["ink file.safetensors", "step-000040", "step-000020"]
    assert used[1].blocks == {"unet": 0.5} and made[0].drawn[0].prompt == "a fox"
    assert lines[-1]["warnings"] == ["There is no LoRA 'None'; the picture is drawn without it.", "odd layers"]
    asked = server.get("/api/drawings").json()["items"][0]["asked"]
    assert [(one["lora"], one["run"], one["step"]) for one in asked["loras"]] == [
        (ink, None, None), (None, run, 40), (None, run, 20)
    ]  # fmt: skip
    with context.database.session() as session:  # it ends, and becomes a LoRA
        session.get_one(Lora, ink).run_id = run
    draw(server, loras=[{"run": run}])
    assert made[0].drawn[-1].loras[0].path.endswith("ink file.safetensors")


def test_what_does_not_fit(server: TestClient, context: Context, made: list[Fake]) -> None:
    user = me(context)
    large = add_lora(context, user, "large", "sdxl")
    text = add_lora(context, user, "text", "causal_lm")
    real = add_lora(context, user, "real", base_model="some/model")
    gone = add_lora(context, user, "gone")
    (context.home / "loras" / "gone" / "gone file.safetensors").unlink()
    run, other = add_run(context, user), add_run(context, user, 20, base="some/model")
    cases: tuple[tuple[dict[str, Any], str], ...] = (
        ({"loras": [{"lora": large}]}, "lora_mismatch"),
        ({"loras": [{"lora": text}]}, "lora_mismatch"),
        ({"loras": [{"lora": real}]}, "lora_mismatch"),
        ({"loras": [{"run": other}]}, "lora_mismatch"),
        ({"loras": [{"lora": gone}]}, "file_not_found"),
        ({"loras": [{"lora": "no"}]}, "lora_not_found"),
        ({"loras": [{"run": "no"}]}, "run_not_found"),
        ({"loras": [{"run": run}]}, "checkpoint_not_found"),
        ({"loras": [{"run": other, "step": 21}]}, "checkpoint_not_found"),
        ({"loras": [{}]}, "request_invalid"),
        ({"loras": [{"run": run, "lora": gone}]}, "request_invalid"),
        ({"base_model": "nothing like this"}, "base_model_not_found"),
        ({"base_model": "a" * 2000}, "base_model_not_found"),
        ({"base_model": "~nobody/\0"}, "base_model_not_found"),
        ({"base_model": "stabilityai/sdxl-turbo"}, "base_model_not_found"),
        ({"picture": {"kind": "drawing", "id": "no"}}, "drawing_not_found"),
        ({"picture": {"kind": "image", "id": "no"}}, "image_not_found"),
        ({"width": 65}, "request_invalid"),
        ({"seed": 2**32}, "request_invalid"),
    )
    for asked, code in cases:
        assert refused(server, prompt="a", **asked) == code, asked
    assert not made
    lines = draw(server, "a <lora:large:1> <lora:gone:1> <lora:text:1>")
    assert not made[0].drawn[0].loras and len(lines[-1]["warnings"]) == 4
    assert "large is for Stable Diffusion XL, and thimble is Stable Diffusion 1.x." in lines[-1]["warnings"][0]


def test_a_picture_to_vary(server: TestClient, context: Context, made: list[Fake]) -> None:
    dataset = server.post("/api/datasets/sample").json()["id"]
    image = server.get(f"/api/datasets/{dataset}/images").json()["items"][0]["id"]
    kept = draw(server, picture={"kind": "image", "id": image}, variation=0.3, keep=True)[-1]
    asked = made[0].drawn[0]
    assert asked.picture is not None and asked.picture.startswith(str(context.blobs.root)) and asked.variation == 0.3
    draw(server, picture={"kind": "drawing", "id": kept["kept"]})
    assert made[0].drawn[1].picture not in (None, asked.picture)
    with Image.open(BytesIO(picture(kept))) as found:
        assert "Denoising strength: 0.3" in found.info["parameters"]


def test_wildcards(server: TestClient, made: list[Fake]) -> None:
    assert server.get("/api/wildcards").json()["items"] == []
    put = server.put("/api/wildcards/colour", json={"lines": [" red ", "", "__deep__"]})
    assert put.json() == {"name": "colour", "lines": ["red", "__deep__"]}
    server.put("/api/wildcards/deep", json={"lines": ["dark blue <lora:x:1>"]})
    prompts = {draw(server, "a __colour__ __none__", seed=seed)[-1]["prompt"] for seed in range(12)}
    assert prompts == {"a red __none__", "a dark blue __none__"}
    assert [one["name"] for one in server.get("/api/wildcards").json()["items"]] == ["colour", "deep"]
    for name in ("a b", "a" * 61, "%00", "a.b"):
        assert server.put(f"/api/wildcards/{name}", json={"lines": []}).status_code == 422, name
    for _ in range(2):
        assert server.delete("/api/wildcards/deep").status_code == 204
    assert [one["name"] for one in server.get("/api/wildcards").json()["items"]] == ["colour"]
    server.put("/api/wildcards/colour", json={"lines": ["x" * 500] * 8})
    long = {"prompt": "__colour__ " * 9}
    assert refused(server, **long) == "request_invalid"


ODD = (
    "",
    "\0",
    "\ud800",
    "<lora:\0:1>",
    "__\ud83e__",
    "🦊" * 1000,
    "((((" * 500,
    ":1.2)" * 500,
    "<lora:a:" + "9" * 400 + ">",
)


def test_odd_texts_do_no_harm(server: TestClient, made: list[Fake]) -> None:
    for text in ODD:
        ask_oddly(server, text)


def ask_oddly(server: TestClient, text: str) -> None:
    asked = {
        "drawing": {"prompt": text, "negative_prompt": text, "base_model": "thimble"},
        "stream": text[:64],
        "keep": True,
    }
    requests = [
        ("POST", "/api/drawings", asked),
        ("POST", "/api/drawings", {"drawing": {"base_model": text[:2000], "loras": [{"lora": text[:64]}]}}),
        ("POST", "/api/drawings", {"drawing": {"loras": [{"run": text[:64]}]}}),
        ("POST", "/api/drawings", {"drawing": {"picture": {"kind": "image", "id": text[:64]}}}),
        ("POST", "/api/prompts", {"prompt": text}),
        ("POST", "/api/prompts", {"prompt": "a", "base_model": text[:2000]}),
        ("PUT", "/api/wildcards/odd", {"lines": [text[:500]]}),
    ]
    for method, address, body in requests:
        content = json.dumps(body)
        reply = server.request(method, address, content=content, headers={"Content-Type": "application/json"})
        assert reply.status_code in (200, 404, 422), (address, reply.text)
    assert (
        server.get("/api/words", params={"search": text[:100].encode("utf-8", "replace").decode()}).status_code == 200
    )
    assert server.get("/api/drawings").status_code == 200 and server.get("/api/wildcards").status_code == 200

"""What means something in a prompt is marked where it stands, and tokens are counted as the base's text encoder does."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from loraloom.server.context import Context
from tests.fake_weights import header_only, original_base
from tests.unit.server.easels import add_lora, me


@pytest.fixture(autouse=True)
def _may_write(server: TestClient) -> None:
    server.headers["X-CSRF-Token"] = server.get("/api/session").json()["csrf"]


def read(server: TestClient, prompt: str, base_model: str = "thimble") -> dict[str, Any]:
    reply = server.post("/api/prompts", json={"prompt": prompt, "base_model": base_model})
    assert reply.status_code == 200, reply.text
    return reply.json()


def marked(prompt: str, found: dict[str, Any], kind: str) -> list[str]:
    """The texts of the spans of `kind`; spans count UTF-16 code units, as a browser does."""
    units = prompt.encode("utf-16-le")
    spans = [span for span in found["spans"] if span["kind"] == kind]
    return [units[2 * span["start"] : 2 * span["end"]].decode("utf-16-le") for span in spans]


def test_signs_are_marked_where_they_stand(server: TestClient, context: Context) -> None:
    add_lora(context, me(context), "ink", trigger="inkwash style")
    add_lora(context, me(context), "large", "sdxl", trigger="fox")
    server.put("/api/wildcards/animal", json={"lines": ["fox"]})
    server.put("/api/wildcards/empty", json={"lines": []})
    prompt = "🦊🦊 (a fox:1.5) Inkwash STYLE, inkwash styles, <lora:INK:0.8> <lora:ink file> <lora:no:1> __animal__ __no__ __empty__ [x]"
    found = read(server, prompt)
    assert marked(prompt, found, "weight") == ["a fox", "x"]
    assert marked(prompt, found, "trigger") == ["Inkwash STYLE"]
    assert marked(prompt, found, "lora") == ["<lora:INK:0.8>", "<lora:ink file>", "<lora:no:1>"]
    assert marked(prompt, found, "wildcard") == ["__animal__", "__no__", "__empty__"]
    known = {span["name"]: span["known"] for span in found["spans"] if span["kind"] in ("lora", "wildcard")}
    assert known == {"INK": True, "ink file": True, "no": False, "animal": True, "empty": False} | {"no": False}
    weights = {span["name"] or "w": span["weight"] for span in found["spans"] if span["kind"] in ("lora", "weight")}
    assert weights["INK"] == 0.8 and weights["w"] == pytest.approx(1 / 1.1, abs=1e-4)
    assert [span["start"] for span in found["spans"]] == sorted(span["start"] for span in found["spans"])


def test_tokens_are_those_of_the_base(server: TestClient, tmp_path: Path) -> None:
    found = read(server, "a red apple on white background")
    assert (found["tokens"], found["limit"], found["spans"]) == (6, 14, [])
    assert read(server, "")["tokens"] == 0
    weighed = read(server, "a (red:1.3) ((apple)) <lora:none:1> on white background")
    assert weighed["tokens"] == 6, "signs are no tokens"
    file = header_only(tmp_path / "real.safetensors", original_base("sd1"))
    real = read(server, "a red apple on white background", str(file))
    assert (real["tokens"], real["limit"]) == (6, 75)
    many = "apple, " * 60
    assert read(server, many, str(file))["tokens"] == 120
    assert marked(many, read(server, many, str(file)), "cut") == [many[37 * len("apple, ") + len("apple") :]]


@pytest.mark.parametrize("before", ["", "🦊 ", "(red apple:1.2), ", "<lora:x:0.5> ", "\\(red\\) "])
def test_what_is_cut_begins_at_a_word(server: TestClient, before: str) -> None:
    prompt = before + " ".join(["apple"] * 20)
    found = read(server, prompt)
    [cut] = marked(prompt, found, "cut")
    assert cut.startswith("apple") and prompt.endswith(cut)
    kept = read(server, prompt.removesuffix(cut))
    assert kept["tokens"] <= 14 and not marked(prompt, kept, "cut")
    assert read(server, prompt.removesuffix(cut) + "apple")["tokens"] > 14


def test_counting_takes_a_few_milliseconds(server: TestClient) -> None:
    read(server, "a")
    times: list[float] = []
    for _ in range(20):
        began = time.perf_counter()
        read(server, "a (red:1.2) apple on white background, __animal__, <lora:ink:1>")
        times.append(time.perf_counter() - began)
    assert sorted(times)[10] < 0.05


def test_a_language_model_has_no_prompts(server: TestClient) -> None:
    reply = server.post("/api/prompts", json={"prompt": "a", "base_model": "smollm2"})
    assert reply.json()["error"]["code"] in ("base_model_mismatch", "base_model_not_found")

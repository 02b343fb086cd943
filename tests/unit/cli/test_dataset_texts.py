"""`loraloom dataset check` and `draft` of texts: told by content, with the lines, with a base also tokens and steps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from loraloom.cli.app import run
from loraloom.data.examples.drafting import Endpoint
from loraloom.data.examples.read import read
from loraloom.spec.errors import LoomError
from loraloom.spec.example import Example, Message
from tests.chat_templates import STYLES, save

GOOD = "\n".join(f'{{"instruction": "What is {n} times {n}?", "output": "It is {n * n}."}}' for n in range(12, 20))
LONG = json.dumps({"instruction": "Tell me.", "output": "x" * 500})


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    file = tmp_path / "pairs.jsonl"
    file.write_text(f'{GOOD}\n{{"instruction": "a", "output": 3}}\n{LONG}\n', encoding="utf-8")
    return file


@pytest.fixture
def base(tmp_path: Path) -> str:
    folder = save(STYLES["chatml"], tmp_path / "base")
    about = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 8, "num_hidden_layers": 1}
    (folder / "config.json").write_text(json.dumps(about), encoding="utf-8")
    (folder / "model.safetensors").write_bytes(b"\x02\x00\x00\x00\x00\x00\x00\x00{}")
    return str(folder)


def last_json(capsys: Any) -> dict[str, Any]:
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_a_file_of_texts_is_told_by_what_it_is(texts: Path, capsys: Any) -> None:
    assert run(["dataset", "check", str(texts)]) == 0
    said = capsys.readouterr()
    assert "9 examples taken (alpaca); 1 line skipped" in said.out
    assert "Line 9: `output` is a number where a text should be" in said.out
    assert "--base" in said.err


def test_with_a_base_tokens_and_steps_are_counted(texts: Path, base: str, capsys: Any) -> None:
    asked = ["dataset", "check", str(texts), "--base", base, "--max-length", "100", "--batch", "2", "--epochs", "3"]
    assert run([*asked, "--held-out", "0.2"]) == 0
    said = capsys.readouterr().out
    assert "1 example longer than 100 tokens" in said and "of all tokens are lost" in said
    assert "7 examples trained on as 7 sequences, 2 held out" in said
    assert "batches an epoch: ceil(7/2) = 4" in said and "steps: 12" in said and "####" in said
    assert run([*asked, "--everything", "--json"]) == 0
    got = last_json(capsys)
    assert got["plan"]["total_steps"] == 15 and got["plan"]["examples"] == 9 and "lengths" not in got["plan"]
    assert got["check"]["cut"] == 1 and len(got["report"]["skipped"]) == 1
    assert got["check"]["trained_tokens"] == got["check"]["tokens"] - 9


def test_doubles_and_leaks_are_named(tmp_path: Path, base: str, capsys: Any) -> None:
    words = " ".join(f"word{n}" for n in range(40))
    rows = [{"text": words}, {"text": words + " more"}, {"text": words + " again", "held_out": True}]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert run(["dataset", "check", str(tmp_path / "a.jsonl"), "--base", base]) == 0
    said = capsys.readouterr().out
    assert "1 group that say nearly the same:\n  a.jsonl:1, a.jsonl:2, a.jsonl:3" in said
    assert "a.jsonl:3 like a.jsonl:1" in said


def test_nothing_to_train_on_ends_with_1(tmp_path: Path, pictures: Path, base: str, capsys: Any) -> None:
    (tmp_path / "empty.jsonl").write_bytes(b"")
    assert run(["dataset", "check", str(tmp_path / "empty.jsonl")]) == 1
    assert "This file is empty" in capsys.readouterr().out
    assert run(["dataset", "check", str(tmp_path / "gone.jsonl")]) == 1
    (tmp_path / "a.jsonl").write_text(GOOD, encoding="utf-8")
    assert run(["dataset", "check", str(tmp_path / "a.jsonl"), "--base", "thimble"]) == 1
    assert "is not a language model" in capsys.readouterr().err


def test_a_folder_of_pictures_with_captions_is_no_folder_of_texts(tmp_path: Path, capsys: Any) -> None:
    folder = tmp_path / "some"
    folder.mkdir()
    (folder / "a.txt").write_text("words", encoding="utf-8")
    assert run(["dataset", "check", str(folder)]) == 0
    assert "1 example taken (text)" in capsys.readouterr().out
    Image.new("RGB", (64, 64), "red").save(folder / "a.png")
    assert run(["dataset", "check", str(folder), "--resolution", "64"]) == 0
    assert "1 picture taken, 1 with a caption" in capsys.readouterr().out


def test_drafts_are_written_as_they_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("Bern is a town.", encoding="utf-8")
    (tmp_path / "docs" / "b.txt").write_text("Aare is a river.", encoding="utf-8")
    monkeypatch.setenv("LORALOOM_VLM_KEY", "sk-1")
    given: list[Any] = []
    said = (Message(role="user", content="Q"), Message(role="assistant", content="A"))

    def fake(texts: list[str], endpoint: Endpoint, pairs: int, **_: Any) -> Iterator[Example]:
        given.append((texts, endpoint, pairs))
        yield Example(messages=said)
        if pairs == 7:
            raise LoomError("endpoint_refused", "gone")

    monkeypatch.setattr("loraloom.data.examples.drafting.draft", fake)
    asked = ["dataset", "draft", str(tmp_path / "docs"), "--url", "http://x/v1", "--model", "m"]
    out = tmp_path / "out.jsonl"
    assert run([*asked, "--out", str(out), "--pairs", "2", "--json"]) == 0
    assert last_json(capsys) == {"path": str(out), "examples": 1, "documents": 2}
    assert given == [(["Bern is a town.", "Aare is a river."], Endpoint("http://x/v1", "m", "sk-1"), 2)]
    assert read(str(out)).examples[0].messages == said
    assert run([*asked, "--out", str(out)]) == 1
    assert run([*asked, "--out", str(tmp_path / "half.jsonl"), "--pairs", "7"]) == 1
    assert len(read(str(tmp_path / "half.jsonl")).examples) == 1

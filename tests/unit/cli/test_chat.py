"""`loraloom chat` and the new words of `export`: what they ask for and what they print."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from loraloom.cli.chat import chat
from loraloom.spec.chat import ChatLine, ChatStart, ChatTurn
from tests.peft_folders import base_config, peft_folder


class Fake:
    """Answers with what it was asked."""

    asked: list[ChatTurn]
    started: list[ChatStart]

    def __init__(self, start: ChatStart) -> None:
        self.started.append(start)

    def ready(self) -> Iterator[ChatLine]:
        yield ChatLine(event="ready")

    def ask(self, turn: ChatTurn) -> Iterator[ChatLine]:
        self.asked.append(turn)
        text = f"so {turn.messages[-1].content}"
        yield ChatLine(event="token", text=text)
        yield ChatLine(event="done", text=text, tokens=2, seconds=0.5)

    def stop(self) -> None: ...

    def end(self) -> None: ...


@pytest.fixture(autouse=True)
def _fake(monkeypatch: pytest.MonkeyPatch) -> None:
    Fake.asked, Fake.started = [], []
    monkeypatch.setattr("loraloom.jobs.chat_process.ChatProcess", Fake)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = base_config(tmp_path / "base", model_type="llama")
    (folder / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
    return folder


def talk(*arguments: str) -> int:
    app = typer.Typer()
    app.command()(chat)
    code: Any = app(args=list(arguments), standalone_mode=False)
    return code or 0


def test_one_question(tmp_path: Path, base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lora = peft_folder(tmp_path / "lora", base_model_name_or_path=str(base))
    weights = str(lora / "adapter_model.safetensors")
    talk(weights, "--prompt", "it is", "--strength", "0.5", "--system", "Be kind.", "--json")
    assert json.loads(capsys.readouterr().out) == {"text": "so it is", "tokens": 2, "seconds": 0.5}
    assert (Fake.started[0].lora, Fake.started[0].base_model) == (str(lora), str(base))
    assert [(m.role, m.content) for m in Fake.asked[0].messages] == [("system", "Be kind."), ("user", "it is")]
    assert Fake.asked[0].strength == 0.5


def test_lines_are_asked_one_after_the_other(
    base: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("one\n\ntwo\n"))
    talk(str(base))
    assert capsys.readouterr().out == "so one\nso two\n"
    assert Fake.started[0].lora is None
    assert [m.content for m in Fake.asked[1].messages] == ["one", "so one", "two"]

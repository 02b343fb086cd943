"""What a chat process says is handed on; why it could not, or died, has words."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from loraloom.jobs import chat_process as module
from loraloom.jobs.chat_process import ChatProcess
from loraloom.spec.chat import ChatStart, ChatTurn
from loraloom.spec.errors import LoomError
from loraloom.spec.example import Message

TURN = ChatTurn(messages=(Message(role="user", content="Where is it? 你好"),))
READY = """
import json, sys
start = json.loads(sys.stdin.readline())
print("a library talks", flush=True)
print(json.dumps({"event": "ready", "text": start["base_model"]}), flush=True)
"""
ECHO = (
    READY
    + """
for line in sys.stdin:
    said = json.loads(line)
    if said == "stop":
        print(json.dumps({"event": "done", "text": "stopped"}), flush=True)
    else:
        print(json.dumps({"event": "token", "text": said["messages"][0]["content"]}), flush=True)
"""
)


def begin(script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ChatProcess:
    file = tmp_path / "child.py"
    file.write_text(script, "utf-8")
    monkeypatch.setattr(module, "COMMAND", (sys.executable, str(file)))
    return ChatProcess(ChatStart(base_model="a base"))


def test_asked_stopped_and_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process = begin(ECHO, tmp_path, monkeypatch)
    assert [line.text for line in process.ready()] == ["a base"]
    lines = process.ask(TURN)
    assert next(lines).text == TURN.messages[0].content
    process.stop()
    assert [line.text for line in lines] == ["stopped"]
    assert process.alive
    process.end()
    assert not process.alive
    process.stop()  # does nothing any more


def test_its_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    says = 'print(\'{"event": "error", "code": "lora_mismatch", "message": "No.", "hint": "Do."}\')'
    process = begin(says, tmp_path, monkeypatch)
    with pytest.raises(LoomError) as caught:
        list(process.ready())
    assert (caught.value.code, caught.value.message, caught.value.hint) == ("lora_mismatch", "No.", "Do.")
    process.end()


@pytest.mark.parametrize(
    ("dies", "code"), [("sys.exit(3)", "child_died"), ("sys.exit('RuntimeError: out of memory')", "out_of_memory")]
)
def test_a_death(dies: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process = begin(f"{READY}\nsys.stdin.readline()\n{dies}", tmp_path, monkeypatch)
    list(process.ready())
    with pytest.raises(LoomError) as caught:
        list(process.ask(TURN))
    assert caught.value.code == code and "chat process" in caught.value.message
    process.end()

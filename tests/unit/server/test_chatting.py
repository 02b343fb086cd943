"""The server's chat: one process at most, one answer at a time, and a training goes before it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from loraloom.server import chatting as module
from loraloom.server.chatting import Chatting
from loraloom.server.context import Context
from loraloom.spec.chat import ChatLine, ChatStart, ChatTurn
from loraloom.spec.errors import LoomError
from loraloom.store.tables import Lease, Lora, Run, User
from tests.peft_folders import peft_folder


class Fake:
    """Says every word of the last message; waits between them for `go` when it is `slow`."""

    made: list[Fake]

    def __init__(self, start: ChatStart, device: str) -> None:
        self.start, self.device = start, device
        self.alive, self.stopped = True, False
        self.slow = "slow" in str(start.lora)
        self.made.append(self)

    def ready(self) -> Iterator[ChatLine]:
        yield ChatLine(event="loading")
        yield ChatLine(event="ready")

    def ask(self, turn: ChatTurn) -> Iterator[ChatLine]:
        for word in turn.messages[-1].content.split():
            yield ChatLine(event="token", text=word)
            while self.slow and self.alive and not self.stopped:
                time.sleep(0.005)
            if not self.alive:
                raise LoomError("child_died", "The chat process was ended.")
            if self.stopped:
                break
        yield ChatLine(event="done", tokens=1)

    def stop(self) -> None:
        self.stopped = True

    def end(self) -> None:
        self.alive = False


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Fake]:
    Fake.made = []
    monkeypatch.setattr(module, "ChatProcess", Fake)
    monkeypatch.setattr("loraloom.server.kept_process.TICK", 0.01)
    monkeypatch.setattr("loraloom.jobs.devices.slots", lambda: ["cpu"])
    return Fake.made


@pytest.fixture
def loras(server: TestClient, context: Context, tmp_path: Path) -> dict[str, str]:
    """Name -> id of LoRAs for texts (`quick`, `slow`) and one for pictures."""
    base = tmp_path / "base"
    base.mkdir()
    (base / "config.json").write_text('{"architectures": ["LlamaForCausalLM"], "model_type": "llama"}', "utf-8")
    (base / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
    found: dict[str, str] = {}
    server.headers["X-CSRF-Token"] = server.get("/api/session").json()["csrf"]  # makes the user of this machine too
    with context.database.session() as session:
        user = session.query(User).first()
        assert user is not None
        for name in ("quick", "slow", "pictures"):
            family = "sd1" if name == "pictures" else "causal_lm"
            run = Run(name=name, user_id=user.id, base_model=str(base), family=family, config={}, state="finished")
            session.add(run)
            session.flush()
            folder = peft_folder(context.home / "runs" / run.id / "lora" / name)
            file = (folder / "adapter_model.safetensors").relative_to(context.home)
            values: dict[str, Any] = {"base_model": str(base), "family": family, "steps": 1, "bytes": 1, "sha256": name}
            lora = Lora(run_id=run.id, user_id=user.id, name=name, file=file.as_posix(), **values)
            session.add(lora)
            session.flush()
            found[name] = lora.id
    return found


def ask(server: TestClient, lora: str, text: str = "one two") -> list[dict[str, Any]]:
    reply = server.post(f"/api/loras/{lora}/chat", json={"messages": [{"role": "user", "content": text}]})
    assert reply.status_code == 200, reply.text
    return [json.loads(line) for line in reply.text.splitlines()]


def refused(server: TestClient, lora: str, **more: Any) -> str:
    reply = server.post(f"/api/loras/{lora}/chat", json={"messages": [{"role": "user", "content": "a"}], **more})
    return reply.json()["error"]["code"]


def wait_for(what: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not what():
        assert time.monotonic() < until, "too slow"
        time.sleep(0.005)


def begin(server: TestClient, lora: str) -> tuple[threading.Thread, list[list[dict[str, Any]]]]:
    """Ask in a thread of its own."""
    found: list[list[dict[str, Any]]] = []
    thread = threading.Thread(target=lambda: found.append(ask(server, lora)))
    thread.start()
    return thread, found


def hold(context: Context, device: str, run_id: str | None) -> None:
    with context.database.session() as session:
        lease = session.get(Lease, device) or Lease(device=device)
        lease.run_id = run_id
        session.add(lease)


def test_one_process_for_one_lora(server: TestClient, loras: dict[str, str], made: list[Fake]) -> None:
    lines = ask(server, loras["quick"])
    assert [line["event"] for line in lines] == ["loading", "ready", "token", "token", "done"]
    assert [line["event"] for line in ask(server, loras["quick"])] == ["token", "token", "done"], "it is there already"
    assert len(made) == 1 and made[0].device == "cpu" and str(made[0].start.lora).endswith("lora/quick")
    thread, found = begin(server, loras["slow"])
    wait_for(lambda: len(made) == 2 and not made[0].alive)
    assert refused(server, loras["quick"]) == "in_use", "another answer is being given"
    assert server.post(f"/api/loras/{loras['slow']}/chat/stop").status_code == 204
    thread.join(20)
    assert [line["event"] for line in found[0]][-2:] == ["token", "done"]


def test_what_cannot_be_asked(server: TestClient, loras: dict[str, str], made: list[Fake]) -> None:
    assert refused(server, "none") == "lora_not_found"
    assert refused(server, loras["pictures"]) == "base_model_mismatch"
    assert refused(server, loras["quick"], strength=9) == "request_invalid"
    assert refused(server, loras["quick"], messages=[]) == "request_invalid"
    assert not made


def test_a_training_goes_first(server: TestClient, context: Context, loras: dict[str, str], made: list[Fake]) -> None:
    with context.database.session() as session:
        run = session.query(Run).first()
        assert run is not None
    thread, found = begin(server, loras["slow"])
    wait_for(lambda: len(made) == 1)
    hold(context, "cpu", run.id)
    thread.join(20)
    assert found[0][-1]["event"] == "error" and found[0][-1]["code"] == "in_use"
    assert not made[0].alive
    assert refused(server, loras["quick"]) == "in_use", "every device is held"
    hold(context, "cpu", None)
    assert ask(server, loras["quick"])[-1]["event"] == "done"


def test_it_goes_when_it_is_idle_and_with_the_server(context: Context, loras: dict[str, str], made: list[Fake]) -> None:
    import asyncio

    async def talk(chat: Chatting) -> list[str]:
        start = ChatStart(base_model="x", lora="/quick")
        turn = ChatTurn.model_validate({"messages": [{"role": "user", "content": "a"}]})
        with context.database.session() as session:
            lines = chat.ask(session, start, turn, "me", asyncio.get_running_loop())
        return [line.event async for line in lines]

    idle = Chatting(context.database, idle=0.05)
    assert asyncio.run(talk(idle))[-1] == "done"
    wait_for(lambda: not made[0].alive)
    assert not idle.alive
    lasting = Chatting(context.database)
    assert asyncio.run(talk(lasting))[-1] == "done" and lasting.alive
    lasting.end()
    assert not made[1].alive and not lasting.alive


def test_downloads_of_a_language_model(server: TestClient, loras: dict[str, str]) -> None:
    import io
    import zipfile

    reply = server.get(f"/api/loras/{loras['quick']}/file")
    assert reply.status_code == 200 and "quick.zip" in reply.headers["content-disposition"]
    names = zipfile.ZipFile(io.BytesIO(reply.content)).namelist()
    assert sorted(names) == ["quick/adapter_config.json", "quick/adapter_model.safetensors"]
    for program, code in (("gguf", 422), ("webui", 422)):  # the base says nothing of its layers
        reply = server.get(f"/api/loras/{loras['quick']}/file?for={program}")
        assert reply.status_code == code
    reply = server.get(f"/api/loras/{loras['pictures']}/file?for=gguf")
    assert reply.json()["error"]["code"] == "lora_mismatch"

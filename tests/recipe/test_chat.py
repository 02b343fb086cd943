"""The chat process: it says what the model says, piece by piece, and is gone when nobody asks any more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from loraloom.generate.chat import load as begin
from loraloom.generate.language import Speaker, at_strength, attach, load
from loraloom.jobs.chat_process import ChatProcess
from loraloom.spec.chat import ChatLine, ChatStart, ChatTurn
from loraloom.spec.errors import LoomError
from loraloom.spec.example import Message
from tests.children import need_bubblewrap
from tests.tiny_text import tiny_text_base

pytestmark = pytest.mark.filterwarnings("ignore:.*gradient_checkpointing.*:FutureWarning")
ASKED = (Message(role="user", content="Where is shop 3?"),)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_text_base(tmp_path_factory.mktemp("base") / "tiny llama")


@pytest.fixture(scope="module")
def lora(tmp_path_factory: pytest.TempPathFactory, base: Path) -> Path:
    model: Any = AutoModelForCausalLM.from_pretrained(base)
    torch.manual_seed(0)
    config = LoraConfig(r=4, lora_alpha=64, target_modules="all-linear", task_type="CAUSAL_LM", init_lora_weights=False)
    folder = tmp_path_factory.mktemp("lora") / "voice"
    get_peft_model(model, config).save_pretrained(str(folder))
    return folder


@pytest.fixture(scope="module")
def speaker(base: Path, lora: Path) -> Speaker:
    found = load(base, torch.device("cpu"), torch.float32)
    attach(found, lora)
    return found


@pytest.fixture
def process(base: Path, lora: Path) -> Iterator[ChatProcess]:
    need_bubblewrap()
    start = ChatStart(base_model=str(base), lora=str(lora), device="cpu", threads=1)
    process = ChatProcess(start, "cpu")  # as a server has it
    try:
        assert [line.event for line in process.ready()] == ["loading", "ready"]
        yield process
    finally:
        process.end()


def turn(**more: Any) -> ChatTurn:
    return ChatTurn.model_validate({"messages": ASKED, "max_tokens": 24, **more})


def test_strength_nought_is_the_base_bitwise(base: Path, speaker: Speaker) -> None:
    ids = torch.tensor([[5, 60, 41, 99, 7]])
    alone = load(base, torch.device("cpu"), torch.float32).model(ids).logits
    with at_strength(speaker.model, 0):
        assert torch.equal(speaker.model(ids).logits, alone)
    assert not torch.allclose(speaker.model(ids).logits, alone, atol=0.1)


def test_a_chat_from_its_start_to_its_end(process: ChatProcess, speaker: Speaker, base: Path) -> None:
    alone = load(base, torch.device("cpu"), torch.float32).answer(ASKED, max_tokens=24)
    spoken: dict[float, ChatLine] = {}
    for strength in (0.0, 1.0):
        *pieces, done = process.ask(turn(strength=strength))
        assert {piece.event for piece in pieces} == {"token"} and done.event == "done" and done.seconds > 0
        assert "".join(piece.text for piece in pieces).strip() == done.text
        assert 1 < len(pieces) <= 24
        spoken[strength] = done
    assert spoken[0].text == alone
    assert spoken[1].text == speaker.answer(ASKED, max_tokens=24) != alone

    varied = [list(process.ask(turn(temperature=1.5, seed=seed)))[-1].text for seed in (1, 1, 2)]
    assert varied[0] == varied[1] != varied[2]

    with pytest.raises(LoomError) as caught:
        list(process.ask(ChatTurn.model_construct(messages=(), strength=1.0)))  # what cannot be asked ends nothing
    assert caught.value.code == "request_invalid"

    lines = process.ask(turn(max_tokens=4000))
    first = next(lines)
    process.stop()
    *_, done = lines
    assert (first.event, done.event) == ("token", "done") and done.tokens < 4000

    lines = process.ask(turn(max_tokens=8000))
    next(lines)
    process.end()  # closes its standard input: it ends in the middle of an answer
    assert not process.alive
    with pytest.raises((LoomError, ValueError)):
        list(lines)


def test_what_cannot_be_loaded(base: Path, tmp_path: Path) -> None:
    for start, code in (
        (ChatStart(base_model=str(base), lora=str(tmp_path / "none"), device="cpu"), "lora_unreadable"),
        (ChatStart(base_model="thimble", device="cpu"), "base_model_mismatch"),
        (ChatStart(base_model=str(base), device="tpu:9"), "device_unavailable"),
    ):
        with pytest.raises(LoomError) as caught:
            begin(start)
        assert caught.value.code == code

"""Our rendering of chat templates beside transformers' own: the same text and the same tokens, to the letter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from loraloom.data.examples.sequences import encode
from loraloom.data.examples.templates import PLAIN
from loraloom.data.examples.words import Words
from loraloom.spec.example import Example, Message
from loraloom.spec.text import TextDataset
from tests.chat_templates import STYLES, save

CALL = {"type": "function", "function": {"name": "weather", "arguments": {"town": "Zürich <b>&"}}}
CHATS: dict[str, tuple[Message, ...]] = {
    "one turn": (Message(role="user", content="Hi"), Message(role="assistant", content="  Grüß Gott, 漢字!\n")),
    "two turns": (
        Message(role="user", content="Hi\n\n  there "),
        Message(role="assistant", content="<think>\nhm\n</think>\n\nHello"),
        Message(role="user", content="Hi"),
        Message(role="assistant", content="Hello"),
    ),
    "system": (
        Message(role="system", content="Be brief."),
        Message(role="user", content="Hi"),
        Message(role="assistant", content="Ok."),
    ),
    "tools": (
        Message(role="user", content="Weather?"),
        Message(role="assistant", content="", tool_calls=(CALL,)),
        Message(role="tool", content="Sun"),
        Message(role="assistant", content="Sun."),
    ),
}
CANNOT = {("mistral", "tools"), ("gemma", "system")}
"""Templates that refuse such conversations; ours says so, or puts the system prompt into the question."""


def plain(messages: tuple[Message, ...]) -> list[dict[str, Any]]:
    turns = [m.model_dump(exclude={"tool_calls"} if not m.tool_calls else None) for m in messages]
    return [turn | ({"tool_calls": list(turn["tool_calls"])} if "tool_calls" in turn else {}) for turn in turns]


@pytest.mark.parametrize("style", [name for name, style in STYLES.items() if style.template])
def test_the_same_as_transformers(style: str, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    words = Words.of(save(STYLES[style], tmp_path))
    theirs: Any = AutoTokenizer.from_pretrained(tmp_path)
    compared = 0
    for name, messages in CHATS.items():
        if (style, name) in CANNOT:
            continue
        expected = theirs.apply_chat_template(plain(messages), tokenize=False)
        drawn = words.render(Example(messages=messages))
        end = words.tokens["eos_token"] if style == "bare" else ""  # which has no token that ends an answer
        assert drawn.text == expected + end, name
        prompt = theirs.apply_chat_template(plain(messages[:-1]), tokenize=False, add_generation_prompt=True)
        assert words.prompt(messages[:-1]) == prompt, name
        ids = theirs.apply_chat_template(plain(messages), tokenize=True, return_dict=True)["input_ids"]
        (sequence,) = encode(Example(messages=messages), words, TextDataset(path="x"), "answers").sequences
        assert sequence.ids.tolist() == ids + ([words.eos_id] if end else []), name
        compared += 1
    assert compared >= 3


def test_answers_marked_by_the_author_are_the_ones_transformers_sees(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    words = Words.of(save(STYLES["generation"], tmp_path))
    theirs: Any = AutoTokenizer.from_pretrained(tmp_path)
    for messages in (CHATS["one turn"], CHATS["two turns"], CHATS["system"]):
        asked = {"tokenize": True, "return_dict": True, "return_assistant_tokens_mask": True}
        mask = theirs.apply_chat_template(plain(messages), **asked)["assistant_masks"]
        (sequence,) = encode(Example(messages=messages), words, TextDataset(path="x"), "answers").sequences
        assert sequence.trained.tolist() == [bool(one) for one in mask]


def test_our_own_template_works_in_transformers(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    words = Words.of(save(STYLES["none"], tmp_path))
    assert PLAIN in words.template
    theirs: Any = AutoTokenizer.from_pretrained(tmp_path)
    for messages in CHATS.values():
        expected = theirs.apply_chat_template(plain(messages), tokenize=False, chat_template=words.template)
        assert words.render(Example(messages=messages)).text == expected

"""Where answers stand in what the model sees, for templates that keep, trim, move or drop what was said before."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from loraloom.data.examples.words import Words
from loraloom.spec.errors import LoomError
from loraloom.spec.example import Example, Message
from tests.chat_templates import STYLES, save

Of = Callable[[str], Words]
CHAT = (
    Message(role="system", content="Be brief."),
    Message(role="user", content="Hello"),
    Message(role="assistant", content="Hello"),
    Message(role="user", content="Hello Hello"),
    Message(role="assistant", content="  Bye\n"),
)
EXPECTED = {
    "chatml": ["Hello<|im_end|>", "  Bye\n<|im_end|>"],
    "llama3": ["Hello<|eot_id|>", "Bye<|eot_id|>"],
    "mistral": [" Hello</s>", "   Bye\n</s>"],
    "gemma": ["Hello<end_of_turn>", "Bye<end_of_turn>"],
    "phi3": ["Hello<|end|>", "  Bye\n<|end|>"],
    "thinking": ["Hello<|im_end|>", "  Bye\n<|im_end|>"],
    "generation": ["Hello<|im_end|>", "  Bye\n<|im_end|>"],
    "tools": ["Hello<|im_end|>", "  Bye\n<|im_end|>"],
    "none": [" Hello</s>", " Bye</s>"],
    "bare": ["Hello", "  Bye\n\n</s>"],
}


def learned(words: Words, messages: tuple[Message, ...], system: str = "") -> list[str]:
    drawn = words.render(Example(messages=messages), system)
    return [drawn.text[start:end] for start, end in drawn.trained_spans]


def test_every_style_has_its_expectation() -> None:
    assert EXPECTED.keys() == STYLES.keys()


@pytest.mark.parametrize("style", EXPECTED)
def test_answers_alone_are_learned_with_the_token_that_ends_them(style: str, words_of: Of) -> None:
    words = words_of(style)
    got = learned(words, CHAT)
    if style == "bare":  # no words begin an answer here: the model is to say who speaks, too
        assert all(text.startswith("assistant: ") for text in got)
        got = [text.removeprefix("assistant: ") for text in got]
    assert got == EXPECTED[style]


@pytest.mark.parametrize("style", EXPECTED)
def test_the_prompt_is_what_stands_before_the_answer(style: str, words_of: Of) -> None:
    words = words_of(style)
    prompt = words.prompt(CHAT[:2])
    drawn = words.render(Example(messages=CHAT[:3]))
    assert drawn.text.startswith(prompt)
    assert drawn.trained_spans[0][0] == len(prompt)


def test_a_system_prompt_that_moves_is_never_learned(words_of: Of) -> None:
    drawn = words_of("mistral").render(Example(messages=CHAT))
    assert "[INST] Be brief.\n\nHello Hello[/INST]" in drawn.text and drawn.text.count("Be brief.") == 1


def test_a_template_without_system_prompts_gets_them_before_the_question(words_of: Of) -> None:
    words = words_of("gemma")
    assert not words.takes_system and words_of("llama3").takes_system
    assert "<start_of_turn>user\nBe brief.\n\nHello<end_of_turn>" in words.render(Example(messages=CHAT)).text


def test_a_system_prompt_of_the_run_is_for_conversations_without_one(words_of: Of) -> None:
    words = words_of("chatml")
    assert "Be kind." in words.render(Example(messages=CHAT[1:3]), "Be kind.").text
    assert "Be kind." not in words.render(Example(messages=CHAT[:3]), "Be kind.").text


def test_thoughts_of_the_last_answer_are_learned_and_earlier_ones_are_gone(words_of: Of) -> None:
    messages = (
        *CHAT[:2],
        Message(role="assistant", content="<think>\nfirst\n</think>\n\nOne"),
        CHAT[3],
        Message(role="assistant", content="<think>\nsecond\n</think>\n\nTwo"),
    )
    assert learned(words_of("thinking"), messages) == [
        "One<|im_end|>",
        "<think>\nsecond\n</think>\n\nTwo<|im_end|>",
    ]


CALL = {"type": "function", "function": {"name": "weather", "arguments": {"town": "Bern", "days": [1, 2]}}}
ASKED = '<tool_call>{"name": "weather", "arguments": {"town": "Bern", "days": [1, 2]}}</tool_call>'


@pytest.mark.parametrize("content", ["", "Let me look. "])
def test_calls_of_tools_are_learned_whole_and_their_results_not(content: str, words_of: Of) -> None:
    messages = (
        Message(role="user", content="Weather?"),
        Message(role="assistant", content=content, tool_calls=(CALL,)),
        Message(role="tool", content="Sun"),
        Message(role="assistant", content="Sun."),
    )
    assert learned(words_of("tools"), messages) == [f"{content}{ASKED}<|im_end|>", "Sun.<|im_end|>"]
    assert learned(words_of("tools"), messages[:2]) == [f"{content}{ASKED}<|im_end|>"]
    assert learned(words_of("none"), messages)[0].endswith('"days": [1, 2]}}}]</s>')
    assert learned(words_of("chatml"), messages)[-1] == "Sun.<|im_end|>"


def test_answers_that_are_not_shown_are_not_learned(words_of: Of) -> None:
    messages = (CHAT[1], Message(role="assistant", tool_calls=(CALL,)))
    assert learned(words_of("llama3"), messages) == []


def test_of_two_answers_the_asked_for_is_learned(words_of: Of) -> None:
    words = words_of("llama3")
    example = Example(messages=CHAT[:4], chosen="Yes", rejected="No")
    for side, said in (("", "Yes"), ("chosen", "Yes"), ("rejected", "No")):
        drawn = words.render(example, side=side)  # pyright: ignore[reportArgumentType]
        assert [drawn.text[a:b] for a, b in drawn.trained_spans] == [f"{said}<|eot_id|>"]
        assert drawn.text.count("<|start_header_id|>assistant") == 2


def test_a_template_that_refuses_says_so(words_of: Of) -> None:
    messages = (CHAT[1], CHAT[2], CHAT[2])
    with pytest.raises(LoomError, match="roles must take turns") as caught:
        words_of("mistral").render(Example(messages=messages))
    assert caught.value.code == "dataset_unreadable"


@pytest.mark.parametrize(
    "template",
    [
        "{{ messages.__class__.__mro__[1].__subclasses__() }}",
        "{% set ns = namespace() %}{% set ns.__class__ = 1 %}",
        "{{ namespace(__class__=1) }}",
        "{{ messages.append(1) }}",
        "{{ dict.__globals__['x'] }}",
    ],
)
def test_templates_cannot_reach_out_of_the_sandbox(template: str, tmp_path: Path) -> None:
    folder = save(STYLES["chatml"], tmp_path)
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    with pytest.raises(LoomError, match="refuses"):
        Words.of(folder).render(Example(messages=CHAT))


def test_which_template_is_taken(tmp_path: Path, words_of: Of) -> None:
    assert words_of("chatml").template_is_own and not words_of("none").template_is_own
    assert words_of("none").template.startswith("{{- bos_token }}")
    folder = save(STYLES["chatml"], tmp_path)
    config = json.loads((folder / "tokenizer_config.json").read_text("utf-8"))
    config["chat_template"] = [{"name": "tool_use", "template": "T"}, {"name": "default", "template": "D"}]
    config["eos_token"] = {"content": "<|im_end|>", "special": True}
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    words = Words.of(folder)
    assert (words.template, words.tokens["eos_token"]) == ("D", "<|im_end|>")


def test_tokens_that_end(words_of: Of) -> None:
    llama, chatml, gemma = words_of("llama3"), words_of("chatml"), words_of("gemma")
    assert [llama.tokenizer.id_to_token(i) for i in llama.stop_ids] == ["<|end_of_text|>", "<|eot_id|>"]
    assert chatml.stop_ids == (chatml.eos_id,) and chatml.bos_id is None
    assert gemma.tokenizer.id_to_token(gemma.bos_id or 0) == "<bos>"


def test_a_folder_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LoomError, match=r"no tokenizer\.json"):
        Words.of(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}", encoding="utf-8")
    with pytest.raises(LoomError, match="cannot be read"):
        Words.of(tmp_path)
    folder = save(STYLES["chatml"], tmp_path / "wrong")
    (folder / "chat_template.jinja").write_text("{% if %}", encoding="utf-8")
    with pytest.raises(LoomError, match="cannot be used"):
        Words.of(folder)

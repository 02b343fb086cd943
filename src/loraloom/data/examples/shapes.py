"""One row of data into one example: alpaca and other pairs, sharegpt, OpenAI messages, two answers, plain text."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, cast

from loraloom.data.examples.clean import clean
from loraloom.data.examples.sentences import Unfit, found
from loraloom.data.examples.turns import check_order, messages_of
from loraloom.spec.example import Example, Message

Row = dict[str, Any]
CONVERSATIONS = ("messages", "conversations", "conversation", "dialogue", "dialog")
QUESTIONS = ("instruction", "prompt", "question", "query", "input", "user")
ANSWERS = ("output", "completion", "response", "answer", "assistant")
TEXTS = ("text", "content", "document")
READ = frozenset(
    (*CONVERSATIONS, *QUESTIONS, *ANSWERS, *TEXTS, "chosen", "rejected", "system", "history", "held_out", "id")
)
"""Names that mean something; others are passed over."""
_SPEAKERS = re.compile(r"\n\n(Human|Assistant): ?")


def read_row(row: Row) -> tuple[str, Example]:
    """The shape of `row` (names in small letters) and its example. Raises Unfit."""
    row = {name: value for name, value in row.items() if value is not None}
    for shape, named, build in _SHAPES:
        if named(row):
            kind, example = build(row)
            return kind or shape, example.model_copy(update={"held_out": _held_out(row)})
    lone = next((name for name in QUESTIONS if name in row), None)
    if lone:
        raise Unfit("no_answer", key=lone, looked=", ".join(ANSWERS))
    lone = next((name for name in ANSWERS if name in row), None)
    if lone:
        raise Unfit("no_question", key=lone, looked=", ".join(QUESTIONS))
    raise Unfit("columns", found=named_in(row))


def named_in(row: Row) -> str:
    """The names in a row, for a sentence."""
    names = [f"`{clean(name)[:40]}`" for name in list(row)[:8]]
    return ", ".join(names) + (", ..." if len(row) > 8 else "") if names else "nothing"


def _pair(row: Row) -> tuple[str, Example]:
    answer_key = next(name for name in ANSWERS if name in row)
    question_key = next(name for name in QUESTIONS if name in row)
    if isinstance(row[question_key], list) and isinstance(row[answer_key], list):
        messages = messages_of(row[question_key], question_key) + messages_of(row[answer_key], answer_key)
    else:
        answer = _text(row, answer_key)
        if not answer.strip():
            raise Unfit("empty_answer", key=answer_key)
        question = Message(role="user", content=_question(row, question_key))
        messages = (*_before(row), question, Message(role="assistant", content=answer))
    messages = _with_system(row, messages)
    check_order(messages)
    return "", Example(messages=messages)


def _question(row: Row, key: str) -> str:
    """alpaca's `input` follows the instruction after an empty line."""
    question = _text(row, key)
    if key != "input" and "input" in row:
        question = "\n\n".join(part for part in (question, _text(row, "input")) if part.strip())
    if not question.strip():
        raise Unfit("empty_question", key=f"`{key}`")
    return question


def _before(row: Row) -> tuple[Message, ...]:
    """alpaca's `history`: pairs of an earlier question and its answer."""
    history: Any = row.get("history") or []
    messages: list[Message] = []
    for pair in cast("list[Any]", history) if isinstance(history, list) else [None]:
        texts = cast("list[Any]", pair) if isinstance(pair, list) else []
        if len(texts) != 2 or not all(isinstance(text, str) for text in texts):
            raise Unfit("history")
        messages += [Message(role="user", content=clean(texts[0])), Message(role="assistant", content=clean(texts[1]))]
    return tuple(messages)


def _conversation(row: Row) -> tuple[str, Example]:
    key = next(name for name in CONVERSATIONS if name in row)
    messages = _with_system(row, messages_of(row[key], key))
    check_order(messages)
    first: Any = row[key][0] if isinstance(row[key], list) else {}
    return "sharegpt" if "from" in first else "messages", Example(messages=messages)


def _two_answers(row: Row) -> tuple[str, Example]:
    for key, other in (("chosen", "rejected"), ("rejected", "chosen")):
        if key not in row:
            raise Unfit("one_of_two", key=key, other=other)
    asked = _asked(row)
    sides = [_side(row, key, asked) for key in ("chosen", "rejected")]
    (messages, chosen), (others, rejected) = sides
    if messages != others:
        raise Unfit("prompt_differs")
    for key, text in (("chosen", chosen), ("rejected", rejected)):
        if not text.strip():
            raise Unfit("empty_answer", key=key)
    if chosen == rejected:
        raise Unfit("same_answers")
    messages = _with_system(row, messages)
    check_order(messages, answered=False)
    return "", Example(messages=messages, chosen=chosen, rejected=rejected)


def _asked(row: Row) -> tuple[Message, ...]:
    """The conversation that both answer, where the row says it apart from them."""
    key = next((name for name in CONVERSATIONS if name in row), None)
    if key:
        return messages_of(row[key], key)
    key = next((name for name in QUESTIONS if name in row), None)
    if key is None:
        return ()
    if isinstance(row[key], list):
        return messages_of(row[key], key)
    return (*_before(row), Message(role="user", content=_question(row, key)))


def _side(row: Row, key: str, asked: tuple[Message, ...]) -> tuple[tuple[Message, ...], str]:
    """The conversation before one answer, and the answer: a text, a message, or a conversation that ends with it."""
    value: Any = row[key]
    if isinstance(value, str) and not asked and _SPEAKERS.match(value):
        parts = _SPEAKERS.split(value)[1:]
        value = [{"from": who.lower(), "value": said} for who, said in zip(parts[::2], parts[1::2], strict=True)]
        value = [turn | {"from": "gpt" if turn["from"] == "assistant" else "human"} for turn in value]
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list):
        if not asked:
            raise Unfit("no_question", key=key, looked=", ".join(QUESTIONS))
        return asked, _text(row, key)
    messages = messages_of(cast("list[Any]", value), key)
    if not messages or messages[-1].role != "assistant":
        raise Unfit("ends_open", role=messages[-1].role if messages else "user")
    before = messages[:-1] or asked
    if not before:
        raise Unfit("no_question", key=key, looked=", ".join(QUESTIONS))
    return before, messages[-1].content


def _document(row: Row) -> tuple[str, Example]:
    key = next(name for name in TEXTS if name in row)
    text = _text(row, key)
    if not text.strip():
        raise Unfit("empty_text", key=key)
    return "", Example(text=text)


def _with_system(row: Row, messages: tuple[Message, ...]) -> tuple[Message, ...]:
    system = _text(row, "system") if "system" in row else ""
    if not system.strip() or (messages and messages[0].role == "system"):
        return messages
    return (Message(role="system", content=system), *messages)


def _text(row: Row, key: str) -> str:
    value: Any = row[key]
    if not isinstance(value, str):
        raise Unfit("number" if isinstance(value, (int, float)) else "not_text", key=key, found=found(value))
    return clean(value)


def _held_out(row: Row) -> bool:
    said: Any = row.get("held_out")
    return said is True or (isinstance(said, str) and said.strip().lower() in ("true", "1", "yes"))


def _any(*names: str) -> Callable[[Row], bool]:
    return lambda row: any(name in row for name in names)


_SHAPES: tuple[tuple[str, Callable[[Row], bool], Callable[[Row], tuple[str, Example]]], ...] = (
    ("preference", _any("chosen", "rejected"), _two_answers),
    ("messages", _any(*CONVERSATIONS), _conversation),
    ("alpaca", lambda row: _any(*QUESTIONS)(row) and _any(*ANSWERS)(row), _pair),
    ("text", _any(*TEXTS), _document),
)

"""Messages of a conversation as people write them down (OpenAI, sharegpt) into ours, and the rules of their order."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

from loraloom.data.examples.clean import clean
from loraloom.data.examples.sentences import Unfit, found
from loraloom.spec.example import Message, Role

ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "tool": "tool",
    "function": "tool",
    "observation": "tool",
    "ipython": "tool",
    "function_call": "assistant",
    "tool_call": "assistant",
}
_CALLS = ("function_call", "tool_call")
"""sharegpt's roles of an answer that is a call, written as JSON."""


def messages_of(value: Any, key: str) -> tuple[Message, ...]:
    """The messages in the list `value`, which stood under `key`. Raises Unfit."""
    if isinstance(value, str) and value.lstrip().startswith("["):  # JSON in a table's cell
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            pass
    if not isinstance(value, list):
        raise Unfit("not_list", key=key, found=found(value))
    entries = cast("list[Any]", value)
    if not entries:
        raise Unfit("empty_list", key=key)
    messages = [_message(entry, number) for number, entry in enumerate(entries, 1)]
    return tuple(m for m in messages if m.content or m.tool_calls or m.role != "system")


def _message(value: Any, number: int) -> Message:
    if not isinstance(value, dict):
        raise Unfit("not_message", number=number, found=found(value))
    entry = cast("dict[str, Any]", value)
    said: Any = next((entry[name] for name in ("role", "from") if entry.get(name) is not None), None)
    if said is None:
        raise Unfit("no_role", number=number)
    role = ROLES.get(said.strip().lower()) if isinstance(said, str) else None
    if role is None:
        raise Unfit("role", number=number, role=clean(repr(said))[:60])
    content: Any = next((entry[name] for name in ("content", "value", "text") if entry.get(name) is not None), None)
    calls = _calls(entry, number) if role == "assistant" else ()
    if said.strip().lower() in _CALLS and isinstance(content, str):
        content, calls = None, (_call_in(content, number),)
    if content is None and not calls:
        named = any(name in entry for name in ("content", "value", "text"))
        raise Unfit("content" if named else "no_content", number=number, found=found(None))
    return Message(role=role, content=_text(content, number), tool_calls=calls)


def _text(content: Any, number: int) -> str:
    """A text, or the texts of a list of parts."""
    if content is None:
        return ""
    if isinstance(content, str):
        return clean(content)
    if not isinstance(content, list):
        raise Unfit("content", number=number, found=found(content))
    texts: list[str] = []
    for part in cast("list[Any]", content):
        text: Any = cast("dict[str, Any]", part).get("text") if isinstance(part, dict) else part
        if not isinstance(text, str):
            kind: Any = cast("dict[str, Any]", part).get("type") if isinstance(part, dict) else None
            raise Unfit("picture", number=number, kind=clean(f"a part of the type {kind!r}")[:60])
        texts.append(text)
    return clean("\n".join(texts))


def _calls(entry: dict[str, Any], number: int) -> tuple[dict[str, Any], ...]:
    value: Any = entry.get("tool_calls") or ([entry["function_call"]] if entry.get("function_call") else [])
    if not isinstance(value, list):
        raise Unfit("tool_calls", number=number)
    return tuple(_call(call, number) for call in cast("list[Any]", value))


def _call_in(text: str, number: int) -> dict[str, Any]:
    try:
        return _call(json.loads(text), number)
    except (ValueError, RecursionError) as error:
        raise Unfit("tool_calls", number=number) from error


def _call(value: Any, number: int) -> dict[str, Any]:
    """`{"type": "function", "function": {"name", "arguments"}}` with the arguments as an object, as templates want them."""
    inner: Any = cast("dict[str, Any]", value).get("function", value) if isinstance(value, dict) else None
    if not isinstance(inner, dict):
        raise Unfit("tool_calls", number=number)
    call = cast("dict[str, Any]", inner)
    arguments: Any = call.get("arguments", call.get("parameters", {}))
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments or "{}")
        except (ValueError, RecursionError):
            pass  # what is no JSON is shown as it is
    if not isinstance(call.get("name"), str):
        raise Unfit("tool_calls", number=number)
    return {"type": "function", "function": {"name": call["name"], "arguments": arguments}}


def check_order(messages: Sequence[Message], answered: bool = True) -> None:
    """Raises Unfit unless a system prompt stands first if at all, user and assistant take turns, tools answer calls, no
    answer is empty, and the last word is the assistant's (the user's or a tool's with `answered` False)."""
    before: Role | None = None
    for number, message in enumerate(messages, 1):
        role = message.role
        if role == "system" and number > 1:
            raise Unfit("system_late", number=number)
        if role == "assistant" and before in (None, "system"):
            raise Unfit("answer_first", number=number)
        if role == "tool" and before not in ("assistant", "tool"):
            raise Unfit("tool_alone", number=number)
        if role == before and role in ("user", "assistant"):
            raise Unfit("twice", before=number - 1, number=number, role=role)
        if role == "assistant" and not message.content.strip() and not message.tool_calls:
            raise Unfit("empty_message", number=number)
        if role == "user" and not message.content.strip():
            raise Unfit("empty_question", key=f"message {number}")
        before = role
    if not answered:
        if before not in ("user", "tool"):
            raise Unfit("ends_answered")
    elif not any(message.role == "assistant" for message in messages):
        raise Unfit("nobody_answers")
    elif before != "assistant":
        raise Unfit("ends_open", role=before or "user")

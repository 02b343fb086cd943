"""A model's words without the model: its tokenizer (`tokenizer.json`) and its chat template. Needs no transformers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from loraloom.data.examples.spans import Edges, Span, answer, marked, plain
from loraloom.data.examples.templates import MARK, OPEN, PLAIN, Draw, Turn, drawer
from loraloom.spec.errors import LoomError
from loraloom.spec.example import Example, Message

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Side = Literal["", "chosen", "rejected"]
_NAMES = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")


@dataclass(frozen=True)
class Rendered:
    """A conversation as the model sees it. Spans are (first, last + 1) characters that the model learns to say."""

    text: str
    trained_spans: tuple[Span, ...]


@dataclass(frozen=True)
class Words:
    """Tokenizer and chat template of one model. `Words.of` reads them from its folder."""

    tokenizer: Tokenizer
    template: str
    """The chat template, the model's own or ours."""
    template_is_own: bool
    """False where the model brings none and ours is used."""
    tokens: dict[str, str]
    """Special tokens by name, such as `eos_token`."""
    edges: Edges
    """What stands around answers."""
    takes_system: bool
    """Whether the template shows system prompts; else they go in front of the first question."""
    _draw: Draw = field(repr=False)

    @staticmethod
    def of(folder: Path) -> Words:
        """The words of the model in `folder`. Raises LoomError `base_model_unknown` when its tokenizer or template cannot
        be used, `extra_missing` without the package `tokenizers`."""
        file = folder / "tokenizer.json"
        if not file.is_file():
            hint = "Save the tokenizer there: tokenizer.save_pretrained(folder) writes tokenizer.json."
            raise LoomError("base_model_unknown", f"{folder.name} has no tokenizer.json.", hint)
        return _read(folder.resolve(), file.stat().st_mtime_ns)

    @property
    def eos_id(self) -> int | None:
        """The token that ends a text; None where the model has none."""
        return self._id(self.tokens.get("eos_token", ""))

    @property
    def bos_id(self) -> int | None:
        """The token that begins a text where the tokenizer adds one; else None."""
        begin = self._id(self.tokens.get("bos_token", ""))
        return begin if begin is not None and begin in self.tokenizer.encode("x").ids[:1] else None

    @property
    def stop_ids(self) -> tuple[int, ...]:
        """Tokens after which nothing more is said: the end of a text and the end of an answer."""
        ids = (self.eos_id, self._id(self.edges.end.strip()))
        return tuple(dict.fromkeys(i for i in ids if i is not None))

    def _id(self, token: str) -> int | None:
        return self.tokenizer.token_to_id(token) if token else None

    def prompt(self, messages: tuple[Message, ...], system: str = "") -> str:
        """What the model is given when it should answer `messages`. Raises LoomError `dataset_unreadable`."""
        return marked(self._text(self.turns(messages, system), True))[0]

    def render(self, example: Example, system: str = "", side: Side = "") -> Rendered:
        """`example` as text. A document is learned whole; of a conversation its answers; of two answers the one of `side`
        (the chosen one when none is named). `system` is for conversations that have no system prompt of their own.

        Raises LoomError `dataset_unreadable` when the model's template refuses the conversation.
        """
        if example.text:
            return Rendered(example.text, ((0, len(example.text)),))
        turns = self.turns(example.messages, system)
        numbers = [i for i, turn in enumerate(turns) if turn["role"] == "assistant"]
        if example.chosen is not None and example.rejected is not None:
            turns = [
                *turns,
                {"role": "assistant", "content": example.rejected if side == "rejected" else example.chosen},
            ]
            numbers = [len(turns) - 1]
        text, spans = marked(self._text(turns, False))
        if spans:
            return Rendered(text, spans if example.chosen is None else spans[-1:])
        draw = plain(self._draw)
        found = [answer(draw, turns, number, text, self.edges) for number in numbers]
        spans = tuple(span for span in found if span is not None)
        end = self.tokens.get("eos_token", "")
        if spans and not self.edges.end and end and turns[-1]["role"] == "assistant":
            text += end
            spans = (*spans[:-1], (spans[-1][0], len(text)))
        return Rendered(text, spans)

    def turns(self, messages: tuple[Message, ...], system: str) -> list[Turn]:
        """`messages` as templates want them, with `system` in front where they have no system prompt."""
        turns: list[Turn] = [{"role": m.role, "content": m.content} for m in messages]
        for turn, message in zip(turns, messages, strict=True):
            if message.tool_calls:
                turn["tool_calls"] = [dict(call) for call in message.tool_calls]
        if system and not (turns and turns[0]["role"] == "system"):
            turns.insert(0, {"role": "system", "content": system})
        if not self.takes_system and len(turns) > 1 and turns[0]["role"] == "system" and turns[1]["role"] == "user":
            turns[:2] = [{"role": "user", "content": f"{turns[0]['content']}\n\n{turns[1]['content']}"}]
        return turns

    def _text(self, turns: list[Turn], answer: bool) -> str:
        try:
            return self._draw(turns, answer)
        except Exception as error:  # a template may raise anything
            says = f"The model's chat template refuses this conversation ({why(error)})."
            raise LoomError("dataset_unreadable", says, "Change its order or roles, or take another base.") from error


def why(error: BaseException | None) -> str:
    """What a template says of a conversation that it refuses, short."""
    return str(error or "")[:200].rstrip(".") or type(error).__name__


@lru_cache(4)
def _read(folder: Path, changed: int) -> Words:
    del changed  # part of the key: another file, other words
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        hint = "pip install 'loraloom[text]'"
        raise LoomError("extra_missing", "Texts need the package tokenizers.", hint) from error
    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # tokenizers raises plain Exception
        hint = "Save the tokenizer again."
        raise LoomError("base_model_unknown", f"tokenizer.json cannot be read ({error}).", hint) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokens = _tokens(folder)
    own = _own_template(folder)
    template = own or _plain_for(tokenizer, tokens)
    try:
        draw = drawer(template, tokens)
    except Exception as error:
        says = f"The chat template of {folder.name} cannot be used ({error})."
        raise LoomError("base_model_unknown", says, "Correct its chat_template.") from error
    special = tuple(sorted({t.content for t in tokenizer.get_added_tokens_decoder().values() if t.special}))
    edges = Edges.of(plain(draw), special)
    return Words(tokenizer, template, own is not None, tokens, edges, _takes_system(draw), draw)


def _json(file: Path) -> dict[str, Any]:
    """The object in `file`; empty when there is none."""
    try:
        value: Any = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _tokens(folder: Path) -> dict[str, str]:
    """Special tokens by name; what tokenizer_config.json says goes before the older special_tokens_map.json."""
    said = _json(folder / "special_tokens_map.json") | {
        name: value for name, value in _json(folder / "tokenizer_config.json").items() if value is not None
    }
    tokens: dict[str, str] = {}
    for name in _NAMES:
        value: Any = said.get(name)
        if isinstance(value, dict):  # an added token with its properties
            value = cast("dict[str, Any]", value).get("content")
        if isinstance(value, str) and value:
            tokens[name] = value
    return tokens


def _own_template(folder: Path) -> str | None:
    """The model's template: a file of its own, or in tokenizer_config.json, where it may be one of several with names."""
    try:
        return (folder / "chat_template.jinja").read_text(encoding="utf-8")
    except (OSError, ValueError):
        pass
    said: Any = _json(folder / "tokenizer_config.json").get("chat_template")
    if isinstance(said, list):
        named = {str(entry["name"]): entry["template"] for entry in cast("list[dict[str, Any]]", said)}
        said = named.get("default") or next(iter(named.values()), None)
    return said if isinstance(said, str) and said.strip() else None


def _plain_for(tokenizer: Tokenizer, tokens: dict[str, str]) -> str:
    """Our template; it begins with the token that the tokenizer itself would put in front of a text."""
    begin = tokens.get("bos_token", "")
    first = tokenizer.encode("x").ids[:1]
    adds = bool(begin) and [tokenizer.token_to_id(begin)] == first
    return ("{{- bos_token }}\n" if adds else "") + PLAIN


def _takes_system(draw: Draw) -> bool:
    try:
        text = draw([{"role": "system", "content": MARK}, {"role": "user", "content": "x"}], True)
    except Exception:  # a template may raise anything
        return False
    return MARK in text.replace(OPEN, "")

"""Questions and answers drafted from documents by an OpenAI-compatible endpoint, for a person to review before use."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from loraloom.data.examples.clean import clean
from loraloom.spec.errors import LoomError
from loraloom.spec.example import Example, Message

CHUNK = 3_000
"""Characters of a document that are asked about at once."""
SYSTEM = "You prepare data for training a language model. You answer with JSON alone."
PROMPT = """\
Below is a passage of a document. Write {pairs} different questions that somebody might ask who has not seen the passage, \
each with an answer that the passage gives in full. Name things instead of writing "the passage" or "the text". Write in \
the language of the passage. Answer with JSON of this form and nothing else:
{{"pairs": [{{"question": "...", "answer": "..."}}]}}

Passage:
{passage}"""
_THOUGHTS = re.compile(r"<think>.*?(</think>|\Z)", re.DOTALL)
_COMMAS = re.compile(r",(\s*[\]}])")
_BRACKET = re.compile(r"[\[{]")
_QUESTION = ("question", "instruction", "prompt", "q", "user")
_ANSWER = ("answer", "output", "response", "completion", "a", "assistant")
_DECODER = json.JSONDecoder(strict=False)


@dataclass(frozen=True)
class Endpoint:
    """Whom to ask. The key goes nowhere but into the request's header."""

    url: str
    """Such as `http://127.0.0.1:11434/v1`."""
    model: str
    key: str = field(default="", repr=False)
    timeout: float = 180.0
    """Seconds for one answer."""
    retries: int = 3
    first_wait: float = 1.0
    """Seconds before the second try; doubled after each."""
    temperature: float = 0.7
    max_tokens: int = 2_048


def draft(
    texts: Iterable[str],
    endpoint: Endpoint,
    pairs_per_chunk: int = 3,
    *,
    chunk: int = CHUNK,
    problem: Callable[[str], None] = lambda _: None,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Iterator[Example]:
    """Pairs about every passage of `texts` as they come, each question once. `problem` is told of passages that nothing
    came of, `progress` of passages done and in all.

    Raises LoomError `extra_missing`, `endpoint_unreachable`, `endpoint_refused`; the last also when nothing came of any.
    """
    try:
        from loraloom.data.examples.endpoint import Unwilling, connected
    except ImportError as error:
        hint = "pip install 'loraloom[vlm]'"
        raise LoomError("extra_missing", "Drafting needs the packages httpx2 and tenacity.", hint) from error
    passages = [passage for text in texts for passage in passages_of(text, chunk)]
    asked: set[str] = set()
    last = ""
    with connected(endpoint) as asker:
        for number, passage in enumerate(passages, 1):
            words = PROMPT.format(pairs=pairs_per_chunk, passage=passage)
            try:
                said = asker.ask([{"role": "system", "content": SYSTEM}, {"role": "user", "content": words}])
                pairs = [pair for pair in pairs_in(said)[:pairs_per_chunk] if pair[0].casefold() not in asked]
                last = "" if pairs or asked else f"its answer holds no questions and answers: {said.strip()[:120]!r}"
            except Unwilling as error:
                pairs, last = [], str(error)
            if not pairs:
                problem(f"Passage {number}: {last or 'nothing new was asked.'}")
            for question, answer in pairs:
                asked.add(question.casefold())
                yield Example(
                    messages=(Message(role="user", content=question), Message(role="assistant", content=answer))
                )
            progress(number, len(passages))
    if passages and not asked:
        says = f"Nothing came of {len(passages)} passages; the last time {last[:1].lower()}{last[1:]}"
        raise LoomError("endpoint_refused", says, "Try another model, or fewer pairs at once.")


def passages_of(text: str, size: int = CHUNK) -> list[str]:
    """`text` in pieces of at most `size` characters, cut between paragraphs where they fit, else between sentences or
    words."""
    passages: list[str] = []
    current = ""
    for paragraph in re.split(r"\n\s*\n", clean(text)):
        for part in _fitting(paragraph.strip(), size):
            if current and len(current) + len(part) + 2 > size:
                passages.append(current)
                current = ""
            current = f"{current}\n\n{part}" if current else part
    return [passage for passage in (*passages, current) if passage]


def _fitting(paragraph: str, size: int) -> Iterator[str]:
    while len(paragraph) > size:
        head = paragraph[:size]
        ends = [m.end() for m in re.finditer(r"[.!?]\s+|[。！？]", head)] or [
            m.end() for m in re.finditer(r"\s+", head)
        ]
        cut = ends[-1] if ends else size
        yield paragraph[:cut].rstrip()
        paragraph = paragraph[cut:].lstrip()
    if paragraph:
        yield paragraph


def pairs_in(said: str) -> list[tuple[str, str]]:
    """The questions and answers in what a model said: inside a list, an object or single objects; after thoughts, between
    words and fences, with commas too many, and also when the end is missing."""
    text = _COMMAS.sub(r"\1", _THOUGHTS.sub("", said))
    pairs: list[tuple[str, str]] = []
    at = 0
    while (found := _BRACKET.search(text, at)) is not None:
        try:
            value, end = _DECODER.raw_decode(text, found.start())
        except ValueError:
            at = found.start() + 1
            continue
        except RecursionError:  # brackets without end: nothing that a model means
            break
        some = list(_pairs_of(value))
        pairs += some
        at = end if some else found.start() + 1
    return list(dict.fromkeys(pairs))


def _pairs_of(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for entry in cast("list[Any]", value):
            yield from _pairs_of(entry)
    elif isinstance(value, dict):
        entry = {str(k).strip().lower(): v for k, v in cast("dict[Any, Any]", value).items()}
        question = next((entry[name] for name in _QUESTION if isinstance(entry.get(name), str)), "")
        answer = next((entry[name] for name in _ANSWER if isinstance(entry.get(name), str)), "")
        if question.strip() and answer.strip():
            yield clean(question).strip(), clean(answer).strip()
        elif not question:
            for inner in entry.values():
                if isinstance(inner, list):
                    yield from _pairs_of(inner)

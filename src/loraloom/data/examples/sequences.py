"""From examples to what the model sees at once: token ids, and which of them are learned."""

from __future__ import annotations

from collections.abc import Sequence as Many
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from loraloom.data.examples.sentences import note
from loraloom.data.examples.words import Rendered, Side, Words, why
from loraloom.spec.errors import LoomError
from loraloom.spec.example import Example, LineNote
from loraloom.spec.text import TextDataset

if TYPE_CHECKING:
    import numpy as np
    from tokenizers import Encoding

TrainOn = Literal["answers", "everything"]
_AT_ONCE = 512
"""Texts that the tokenizer is given at once: it works on several cores."""


@dataclass(frozen=True, eq=False)
class Sequence:
    """What the model sees at once."""

    ids: np.ndarray
    """int32 [T]."""
    trained: np.ndarray
    """bool [T]: whether the token itself is learned, predicted from those before it; the first never is."""
    example: int
    """Index of its example."""
    side: Side = ""


@dataclass(frozen=True, eq=False)
class Encoded:
    """One example for the model. No sequences: nothing of it can be learned, and `note` says why."""

    sequences: tuple[Sequence, ...]
    cut_tokens: int = 0
    note: LineNote | None = None


def encode(example: Example, words: Words, dataset: TextDataset, train_on: TrainOn, index: int = 0) -> Encoded:
    """`example` as sequences of at most `dataset.max_length` tokens. Documents become several, with the token that ends a
    text behind the last; conversations lose what is beyond the limit. Two answers become two sequences."""
    return encode_all([example], words, dataset, train_on, first=index)[0]


def encode_all(
    examples: Many[Example], words: Words, dataset: TextDataset, train_on: TrainOn, first: int = 0
) -> list[Encoded]:
    """`encode` of each, quicker; their indices count from `first`."""
    done: list[Encoded] = []
    for start in range(0, len(examples), _AT_ONCE):
        part = examples[start : start + _AT_ONCE]
        done += _encode_part(part, words, dataset, train_on, first + start)
    return done


def _encode_part(
    examples: Many[Example], words: Words, dataset: TextDataset, train_on: TrainOn, first: int
) -> list[Encoded]:
    drawn = [_render(example, words, dataset.system) for example in examples]
    chats = [r for rendered in drawn if isinstance(rendered, tuple) for r in rendered]
    documents = [example.text for example in examples if example.text]
    of_chats = iter(words.tokenizer.encode_batch([r.text for r in chats], add_special_tokens=False))
    of_documents = iter(words.tokenizer.encode_batch(documents, add_special_tokens=True))
    encoded: list[Encoded] = []
    for index, (example, rendered) in enumerate(zip(examples, drawn, strict=True), first):
        if isinstance(rendered, LineNote):
            encoded.append(Encoded((), 0, rendered))
        elif not rendered:
            encoded.append(_document(next(of_documents).ids, words, dataset.max_length, index))
        else:
            learn: TrainOn = train_on if example.chosen is None else "answers"
            parts = [_chat(next(of_chats), r, dataset.max_length, learn) for r in rendered]
            encoded.append(_joined(example, parts, dataset.max_length, index))
    return encoded


def _render(example: Example, words: Words, system: str) -> tuple[Rendered, ...] | LineNote:
    """One text, two for two answers, none for a document; a note when the template refuses it."""
    if example.text:
        return ()
    try:
        if example.chosen is not None:
            return words.render(example, system, "chosen"), words.render(example, system, "rejected")
        return (words.render(example, system),)
    except LoomError as error:
        return note(example.file, example.line, "refused", {"problem": why(error.__cause__)})


def _document(ids: list[int], words: Words, max_length: int, index: int) -> Encoded:
    import numpy as np

    end, begin = words.eos_id, words.bos_id
    if end is not None and ids[-1:] != [end]:
        ids = [*ids, end]
    head = [begin] if begin is not None and ids[:1] == [begin] else []
    body = ids[len(head) :]
    size = max_length - len(head)
    pieces = [[*head, *body[start : start + size]] for start in range(0, len(body), size)]
    sequences = [
        Sequence(np.array(piece, np.int32), np.arange(len(piece)) > 0, index) for piece in pieces if len(piece) > 1
    ]
    return Encoded(tuple(sequences))


def _chat(
    encoding: Encoding, rendered: Rendered, max_length: int, train_on: TrainOn
) -> tuple[np.ndarray, np.ndarray, int]:
    """Ids, whether each is learned, and how many tokens were lost."""
    import numpy as np

    ids = np.array(encoding.ids, np.int32)
    trained = np.full(len(ids), train_on == "everything")
    if train_on == "answers":
        for span in rendered.trained_spans:
            trained[_tokens(encoding, *span)] = True
    trained[:1] = False
    return ids[:max_length], trained[:max_length], max(0, len(ids) - max_length)


def _tokens(encoding: Encoding, start: int, end: int) -> slice:
    """The tokens that hold a letter of this span: a blank before an answer and its first word are often one token."""
    found = (encoding.char_to_token(at) for at in range(start, end))
    first = next((token for token in found if token is not None), None)
    found = (encoding.char_to_token(at) for at in range(end - 1, start - 1, -1))
    last = next((token for token in found if token is not None), None)
    if first is None or last is None:
        return slice(0, 0)
    after = encoding.token_to_chars(last + 1)
    while after is not None and after[0] < end:  # one letter in several tokens
        last += 1
        after = encoding.token_to_chars(last + 1)
    return slice(first, last + 1)


def _joined(example: Example, parts: Many[tuple[np.ndarray, np.ndarray, int]], max_length: int, index: int) -> Encoded:
    """The one or two sequences of a conversation; none when an answer is lost whole."""
    lost = sum(cut for _, _, cut in parts)
    if not all(trained.any() for _, trained, _ in parts):
        says, values = ("answer_cut", {"limit": max_length}) if lost else ("not_shown", dict[str, int]())
        return Encoded((), lost, note(example.file, example.line, says, values))
    sides: tuple[Side, ...] = ("",) if len(parts) == 1 else ("chosen", "rejected")
    sequences = [Sequence(ids, trained, index, side) for (ids, trained, _), side in zip(parts, sides, strict=True)]
    return Encoded(tuple(sequences), lost)

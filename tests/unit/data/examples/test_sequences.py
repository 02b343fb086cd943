"""Token ids and which of them are learned; what is cut; the plan of a run and the order of its batches."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from loraloom.data.examples.plan import Prepared, prepare, split
from loraloom.data.examples.sampler import batch
from loraloom.data.examples.sequences import Sequence, encode
from loraloom.data.examples.words import Words
from loraloom.spec.errors import LoomError
from loraloom.spec.example import Example, Message, TextReport
from loraloom.spec.text import TextDataset, TextRun

Of = Callable[[str], Words]


def chat(*said: str, **more: Any) -> Example:
    roles = ("user", "assistant")
    return Example(messages=tuple(Message(role=roles[i % 2], content=text) for i, text in enumerate(said)), **more)  # type: ignore[arg-type]


def dataset(max_length: int = 1024, **more: Any) -> TextDataset:
    return TextDataset(path="x", max_length=max_length, **more)


def texts(words: Words, sequence: Sequence) -> tuple[str, str]:
    """The whole of what the model sees, and of that what it learns."""
    ids = sequence.ids
    return (
        words.tokenizer.decode(ids.tolist(), skip_special_tokens=False),
        words.tokenizer.decode(ids[sequence.trained].tolist(), skip_special_tokens=False),
    )


def test_answers_or_everything(words_of: Of) -> None:
    words = words_of("llama3")
    example = chat("Hi", "Grüß", "Bye", "漢")
    (answers,) = encode(example, words, dataset(), "answers").sequences
    assert answers.ids.dtype == np.int32 and answers.trained.dtype == bool and len(answers.ids) == len(answers.trained)
    whole, learned = texts(words, answers)
    assert whole == words.render(example).text and learned == "Grüß<|eot_id|>漢<|eot_id|>"
    (everything,) = encode(example, words, dataset(), "everything").sequences
    assert (everything.ids == answers.ids).all()
    assert not everything.trained[0] and everything.trained[1:].all()


def test_a_token_that_holds_a_letter_of_the_answer_is_learned() -> None:
    """A blank before the answer and the answer's first word are often one token."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    from loraloom.data.examples.sequences import _tokens  # pyright: ignore[reportPrivateUsage]

    tokenizer: Any = Tokenizer(models.WordLevel({"▁Say": 0, "▁yes": 1, "▁now": 2, "?": 3}, "?"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    encoding = tokenizer.encode("Say yes now")
    assert encoding.offsets == [(0, 3), (3, 7), (7, 11)]
    assert _tokens(encoding, 4, 7) == slice(1, 2) and _tokens(encoding, 4, 8) == slice(1, 3)
    assert _tokens(encoding, 3, 3) == slice(0, 0)


def test_conversations_are_cut_at_their_end(words_of: Of) -> None:
    words = words_of("chatml")
    example = chat("Q", "A" * 50, line=7, file="a.jsonl")
    full = encode(example, words, dataset(), "answers")
    length = len(full.sequences[0].ids)
    assert full.cut_tokens == 0 and length == 9 + 63
    cut = encode(example, words, dataset(40), "answers", index=5)
    assert cut.cut_tokens == length - 40 and cut.sequences[0].example == 5
    assert (cut.sequences[0].ids == full.sequences[0].ids[:40]).all()
    gone = encode(example, words, dataset(16), "answers")
    assert not gone.sequences and gone.note is not None
    assert (gone.note.line, gone.note.reason) == (7, "no_answer")
    assert gone.note.message == "Line 7: nothing of the answer is left after 16 tokens; raise dataset.max_length."


@pytest.mark.parametrize("style", ["chatml", "llama3"])
def test_documents_become_pieces_and_nothing_is_lost(style: str, words_of: Of) -> None:
    words = words_of(style)
    text = "".join(chr(97 + i % 26) for i in range(100))
    encoded = encode(Example(text=text), words, dataset(32), "answers")
    bos, eos = words.bos_id, words.eos_id
    body = [i for s in encoded.sequences for i in s.ids.tolist() if i != bos]
    assert words.tokenizer.decode(body[:-1]) == text and body[-1] == eos and body.count(eos or 0) == 1
    assert all(len(s.ids) <= 32 for s in encoded.sequences) and encoded.cut_tokens == 0
    for sequence in encoded.sequences:
        assert (sequence.ids[0] == bos) == (bos is not None)
        assert not sequence.trained[0] and sequence.trained[1:].all()


def test_two_answers_are_two_sequences(words_of: Of) -> None:
    words = words_of("phi3")
    example = Example(messages=chat("Q", "first", "Q2").messages, chosen="good", rejected="bad")
    chosen, rejected = encode(example, words, dataset(), "everything").sequences
    assert (chosen.side, rejected.side) == ("chosen", "rejected")
    assert texts(words, chosen)[1] == "good<|end|>" and texts(words, rejected)[1] == "bad<|end|>"
    assert not encode(example, words, dataset(20), "answers").sequences


def test_what_the_template_refuses_is_noted(words_of: Of) -> None:
    call = {"type": "function", "function": {"name": "f", "arguments": {}}}
    messages = (Message(role="user", content="Q"), Message(role="assistant", tool_calls=(call,)))
    silent = encode(Example(messages=messages, line=3), words_of("llama3"), dataset(), "answers")
    assert silent.note is not None and silent.note.message.startswith("Line 3: the model's chat template shows nothing")
    refused = encode(Example(messages=(*messages, *messages[1:]), line=4), words_of("mistral"), dataset(), "answers")
    assert refused.note is not None and "roles must take turns" in refused.note.message


def run_of(share: float = 0.0, repeats: int = 1, max_length: int = 64, **training: Any) -> TextRun:
    if "steps" not in training:
        training.setdefault("epochs", 2)
    given = {"path": "x", "repeats": repeats, "max_length": max_length}
    return TextRun.model_validate({"dataset": given, "training": training, "validation": {"share": share}})


def report_of(count: int) -> TextReport:
    return TextReport(path="x", examples=[chat(f"Question {i}", f"Answer {i}") for i in range(count)])


def prepared(words: Words, count: int, **settings: Any) -> Prepared:
    return prepare(report_of(count), run_of(**settings), words)


@pytest.mark.parametrize(("count", "size", "accumulation", "repeats"), [(1, 4, 1, 1), (10, 3, 2, 1), (7, 2, 4, 3)])
def test_counts(count: int, size: int, accumulation: int, repeats: int, words_of: Of) -> None:
    done = prepared(words_of("chatml"), count, batch_size=size, accumulation=accumulation, repeats=repeats, epochs=3)
    plan = done.plan
    assert plan.samples == count * repeats and plan.batches_per_epoch == math.ceil(count * repeats / size)
    assert plan.total_batches == 3 * plan.batches_per_epoch and plan.epochs == 3
    assert plan.total_steps == math.ceil(plan.total_batches / accumulation)
    assert plan.steps_per_epoch == math.ceil(plan.batches_per_epoch / accumulation)
    assert plan.lengths == tuple(len(item[0].ids) for item in done.items)
    assert plan.trained_tokens == sum(int(item[0].trained.sum()) for item in done.items)
    assert [item[0].example for item in done.items] == list(range(count))


def test_length_in_steps(words_of: Of) -> None:
    plan = prepared(words_of("chatml"), 10, steps=7, batch_size=4, accumulation=2).plan
    assert (plan.total_steps, plan.total_batches, plan.epochs) == (7, 14, 14 / 3)


def test_every_item_as_often_as_it_repeats_and_in_another_order_each_epoch(words_of: Of) -> None:
    plan = prepared(words_of("chatml"), 11, batch_size=4, repeats=2).plan
    epochs = [[batch(plan, 3, e * plan.batches_per_epoch + i) for i in range(plan.batches_per_epoch)] for e in (0, 1)]
    for batches in epochs:
        assert Counter(i for some in batches for i in some) == dict.fromkeys(range(11), 2)
        assert [len(some) for some in batches] == [4, 4, 4, 4, 4, 2]
    assert epochs[0] != epochs[1]
    assert batch(plan, 3, 7) == epochs[1][1] and batch(plan, 4, 0) != epochs[0][0]
    with pytest.raises(IndexError):
        batch(plan, 3, -1)


def test_what_is_held_out_depends_on_content_alone(words_of: Of) -> None:
    words = words_of("chatml")
    done = prepared(words, 40, share=0.25)
    assert done.plan.held_out == 10 == len(done.held_out) and done.plan.examples == 30
    held = {item[0].example for item in done.held_out}
    more = [chat("Another", "One"), *report_of(40).examples]
    moved = {i - 1 for i in split(more, 0.25, 42) if i}
    assert len(held ^ moved) <= 2
    assert split(more, 0.25, 43) != split(more, 0.25, 42)
    assert split([chat("a", "b"), chat("c", "d", held_out=True)], 0.0, 1) == {1}
    assert len(split([chat("a", "b"), chat("c", "d")], 0.01, 1)) == 1 and not split([chat("a", "b")], 0.5, 1)


def test_documents_and_cuts_in_the_plan(words_of: Of) -> None:
    words = words_of("chatml")
    long = chat("Q", "A" * 100, line=2)
    lost = chat("Q" * 100, "A", line=3)
    report = TextReport(path="x", examples=[Example(text="d" * 150), long, lost])
    done = prepare(report, run_of(max_length=64), words)
    assert done.plan.lengths == (64, 64, 23, 64) and done.plan.examples == 2 and done.plan.samples == 4
    assert (done.plan.cut, done.plan.cut_tokens) == (1, 9 + 113 - 64)
    assert [note.line for note in done.notes] == [3]


def test_pairs_in_the_plan(words_of: Of) -> None:
    pairs = [Example(messages=chat(f"Q{i}").messages, chosen="good", rejected="bad!") for i in range(5)]
    done = prepare(TextReport(path="x", examples=pairs), run_of(share=0.2), words_of("chatml"))
    assert done.plan.preference and done.plan.examples == 4 and done.plan.held_out == 1
    assert all([s.side for s in item] == ["chosen", "rejected"] for item in (*done.items, *done.held_out))
    assert done.plan.lengths[0] == sum(len(s.ids) for s in done.items[0])


def test_what_cannot_be_trained_on(words_of: Of) -> None:
    words = words_of("chatml")
    pair = Example(messages=chat("Q").messages, chosen="a", rejected="b")
    cases = [
        ([], "dataset_empty", "no texts"),
        ([chat("Q" * 99, "A", line=4, file="a.jsonl")], "dataset_empty", "a.jsonl: Line 4: nothing of the answer"),
        ([chat("Q", "A", held_out=True)], "dataset_empty", "held out"),
        ([chat("Q", "A"), pair], "dataset_unreadable", "two answers"),
    ]
    for examples, code, says in cases:
        with pytest.raises(LoomError, match=says) as caught:
            prepare(TextReport(path="x", examples=examples), run_of(), words)
        assert caught.value.code == code

"""The plan of a run on texts: which are trained on, how long each is, how many batches and steps. Counted, and then run."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

from loraloom.data.examples.identity import digest
from loraloom.data.examples.sequences import Encoded, Sequence, encode_all
from loraloom.data.examples.words import Words
from loraloom.spec.errors import LoomError
from loraloom.spec.example import Example, LineNote, TextPlan, TextReport
from loraloom.spec.text import TextRun

Item = tuple[Sequence, ...]
"""One sequence, or (chosen, rejected)."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """What a run starts from. `items` stand in the order of `plan.lengths`."""

    plan: TextPlan
    items: tuple[Item, ...]
    held_out: tuple[Item, ...]
    notes: tuple[LineNote, ...]
    """Examples of which nothing can be learned, and why."""


def prepare(report: TextReport, run: TextRun, words: Words) -> Prepared:
    """Every example as token ids, split into training and validation, with the run's steps counted.

    The split depends on the seed and on what each example says alone, so that one that is added later moves hardly any
    other. Raises LoomError `dataset_empty` when there is nothing to train on, `dataset_unreadable` when examples with two
    answers are mixed with others.
    """
    if not report.examples:
        raise LoomError("dataset_empty", f"There are no texts in {report.path}.", "See `loraloom dataset check`.")
    _check_kinds(report.examples)
    encoded = encode_all(report.examples, words, run.dataset, run.loss.train_on)
    usable = [i for i, one in enumerate(encoded) if one.sequences]
    held = split([report.examples[i] for i in usable], run.validation.share, run.training.seed)
    held_out = {usable[k] for k in held}
    trained = [i for i in usable if i not in held_out]
    notes = tuple(one.note for one in encoded if one.note is not None)
    if not trained:
        raise _nothing_left(notes, bool(held_out))
    items = tuple(item for i in trained for item in _items(encoded[i]))
    held_items = tuple(item for i in sorted(held_out) for item in _items(encoded[i]))
    plan = _count(run, items, held_items, [encoded[i] for i in trained], len(held_out))
    return Prepared(plan, items, held_items, notes)


def split(examples: list[Example], share: float, seed: int) -> set[int]:
    """Indices of what is held out: what somebody held out, and a share of the rest, at least one of it when there are two
    or more."""
    chosen = {i for i, example in enumerate(examples) if example.held_out}
    rest = [i for i in range(len(examples)) if i not in chosen]
    if share > 0 and len(rest) > 1:
        count = min(max(1, round(len(rest) * share)), len(rest) - 1)
        rank = {i: hashlib.sha256(f"{seed}:{digest(examples[i])}".encode()).digest() for i in rest}
        chosen |= set(sorted(rest, key=lambda i: rank[i])[:count])
    return chosen


def _items(encoded: Encoded) -> list[Item]:
    """Pieces of a document are items of their own; two answers are one."""
    if any(sequence.side for sequence in encoded.sequences):
        return [encoded.sequences]
    return [(sequence,) for sequence in encoded.sequences]


def _count(
    run: TextRun, items: tuple[Item, ...], held_out: tuple[Item, ...], encoded: list[Encoded], held: int
) -> TextPlan:
    training = run.training
    samples = len(items) * run.dataset.repeats
    per_epoch = math.ceil(samples / training.batch_size)
    if training.steps is not None:
        total = training.steps * training.accumulation
    else:
        total = per_epoch * (training.epochs or 1)
    return TextPlan(
        examples=len(encoded),
        held_out=held,
        lengths=tuple(_length(item) for item in items),
        trained=tuple(sum(int(s.trained.sum()) for s in item) for item in items),
        held_out_lengths=tuple(_length(item) for item in held_out),
        cut=sum(one.cut_tokens > 0 for one in encoded),
        cut_tokens=sum(one.cut_tokens for one in encoded),
        preference=len(items[0]) == 2,
        samples=samples,
        repeats=run.dataset.repeats,
        batch_size=training.batch_size,
        accumulation=training.accumulation,
        batches_per_epoch=per_epoch,
        steps_per_epoch=math.ceil(per_epoch / training.accumulation),
        total_batches=total,
        total_steps=math.ceil(total / training.accumulation),
        epochs=total / per_epoch,
    )


def _length(item: Item) -> int:
    return sum(len(sequence.ids) for sequence in item)


def _check_kinds(examples: list[Example]) -> None:
    pairs = sum(example.chosen is not None for example in examples)
    if 0 < pairs < len(examples):
        says = f"{pairs} examples have two answers and {len(examples) - pairs} have not; one run learns from one kind."
        raise LoomError("dataset_unreadable", says, "Put them into two data sets.")


def _nothing_left(notes: tuple[LineNote, ...], held_out: bool) -> LoomError:
    if held_out:
        return LoomError("dataset_empty", "Every text is held out for validation.", "Let some be trained on.")
    first = f" {notes[0].file}: {notes[0].message}" if notes else ""
    return LoomError(
        "dataset_empty", f"Nothing can be learned from these texts.{first}", "See `loraloom dataset check`."
    )

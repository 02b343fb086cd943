"""How texts look to one tokenizer: lengths, what is cut, near-duplicates, leaks; and exactly what the model sees of one."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median
from typing import TYPE_CHECKING

from loraloom.data.examples.near import near, words_of
from loraloom.data.examples.plan import split
from loraloom.data.examples.sequences import Encoded, TrainOn, encode, encode_all
from loraloom.data.examples.words import Words
from loraloom.spec.errors import LoomError
from loraloom.spec.example import Bin, Example, Piece, TextCheck, TextPreview, TextReport
from loraloom.spec.text import TextDataset

if TYPE_CHECKING:
    import numpy as np


def check(
    report: TextReport,
    dataset: TextDataset,
    words: Words,
    train_on: TrainOn = "answers",
    share: float = 0.0,
    seed: int = 42,
) -> TextCheck:
    """Count the tokens of every example and compare all with each other; `share` and `seed` are those of the validation.

    Lengths in the histogram are before cutting. Raises LoomError `dataset_empty` when there are no examples.
    """
    examples = report.examples
    if not examples:
        raise LoomError("dataset_empty", f"There are no texts in {report.path}.", "See the notes of what was skipped.")
    encoded = encode_all(examples, words, dataset, train_on)
    held_out = split(examples, share, seed)
    kept = [sum(len(sequence.ids) for sequence in one.sequences) for one in encoded]
    lengths = [size + one.cut_tokens for size, one in zip(kept, encoded, strict=True)]
    lost = sum(one.cut_tokens for one in encoded)
    groups = near([words_of(example) for example in examples])
    return TextCheck(
        examples=len(examples),
        held_out=len(held_out),
        tokens=sum(kept),
        trained_tokens=sum(_learned(one) for i, one in enumerate(encoded) if i not in held_out),
        longest=max(lengths),
        median=round(median(lengths)),
        histogram=histogram(lengths),
        cut=sum(one.cut_tokens > 0 for one in encoded),
        cut_share=lost / max(1, sum(kept) + lost),
        groups=tuple(groups),
        leaks=tuple(_leaks(groups, held_out)),
    )


def _learned(encoded: Encoded) -> int:
    return sum(int(sequence.trained.sum()) for sequence in encoded.sequences)


def _leaks(groups: Sequence[tuple[int, ...]], held_out: set[int]) -> Iterator[tuple[int, int]]:
    """Each held-out example that says nearly what a trained one says, with the first such."""
    for group in groups:
        trained = next((index for index in group if index not in held_out), None)
        if trained is not None:
            yield from ((index, trained) for index in group if index in held_out)


def histogram(lengths: Sequence[int]) -> tuple[Bin, ...]:
    """Lengths in steps of 1, 1.5, 2, 3, 4, 6, 8, ... from the shortest to the longest; empty steps between them stay."""
    edges = [0, 4]
    while edges[-1] <= max(lengths):
        edges.append(edges[-1] * 3 // 2 if edges[-1] & (edges[-1] - 1) == 0 else edges[-1] * 4 // 3)
    bins = list(itertools.pairwise(edges))
    counts = Counter(next(i for i, (_, high) in enumerate(bins) if length < high) for length in lengths)
    return tuple(Bin(low=bins[i][0], high=bins[i][1], examples=counts[i]) for i in range(min(counts), max(counts) + 1))


def preview(example: Example, words: Words, dataset: TextDataset, train_on: TrainOn = "answers") -> TextPreview:
    """Exactly what the model will see of `example`, token for token, special ones too. Raises LoomError `dataset_unreadable`
    when nothing of it can be learned."""
    encoded = encode(example, words, dataset, train_on)
    if encoded.note is not None or not encoded.sequences:
        says = encoded.note.message if encoded.note else "Nothing of this example can be learned."
        raise LoomError("dataset_unreadable", says, "Change the example, or raise dataset.max_length.")
    pieces = [piece for s in encoded.sequences for piece in _pieces(s.ids, s.trained, words)]
    return TextPreview(
        pieces=tuple(pieces),
        tokens=sum(len(sequence.ids) for sequence in encoded.sequences),
        trained_tokens=_learned(encoded),
        cut_tokens=encoded.cut_tokens,
        sequences=len(encoded.sequences),
    )


def _pieces(ids: np.ndarray, trained: np.ndarray, words: Words) -> Iterator[Piece]:
    """Stretches that are learned or not, as text: what each adds to the text before it."""
    import numpy as np

    ends = [*(np.flatnonzero(np.diff(trained)) + 1).tolist(), len(ids)]
    before = ""
    for end in ends:
        text = words.tokenizer.decode(ids[:end].tolist(), skip_special_tokens=False)
        if text[len(before) :]:
            yield Piece(text=text[len(before) :], trained=bool(trained[end - 1]))
        before = text

"""Histogram, near-duplicates, leaks; and the preview, which is what the model sees."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

import pytest

from loraloom.data.examples.checks import check, histogram, preview
from loraloom.data.examples.near import near
from loraloom.data.examples.words import Words
from loraloom.spec.errors import LoomError
from loraloom.spec.example import Example, Message, TextReport
from loraloom.spec.text import TextDataset

Of = Callable[[str], Words]


def chat(question: str, answer: str, held_out: bool = False) -> Example:
    said = (Message(role="user", content=question), Message(role="assistant", content=answer))
    return Example(messages=said, held_out=held_out)


def sentences(count: int, words: int = 60) -> list[str]:
    rng = random.Random(0)
    stock = [f"word{i}" for i in range(3000)]
    return [" ".join(rng.choices(stock, k=words)) for _ in range(count)]


def test_nearly_the_same_is_found_and_nothing_else() -> None:
    texts = sentences(600)
    one_word = texts[10].split()
    one_word[30] = "other"
    texts[400] = " ".join(one_word)
    texts[401] = texts[10].upper().replace(" ", ",  ")
    half = texts[20].split()[:30] + texts[21].split()[30:]
    texts[500] = " ".join(half)
    texts[501] = texts[7] + " and more"
    assert near(texts) == [(7, 501), (10, 400, 401)]


def test_short_and_empty_texts_and_texts_without_blanks() -> None:
    chinese = "今天的天气非常好我们一起去公园散步吧然后回家吃晚饭看一会儿书再睡觉"
    texts = ["Hi", "Hello there", "hi!", "", "...", "", chinese, chinese.replace("晚饭", "午饭"), chinese[::-1]]
    assert near(texts) == [(0, 2), (6, 7)]


def test_one_text_many_times_is_one_group() -> None:
    assert near(["the same words every time"] * 500) == [tuple(range(500))]


def test_leaks_and_groups(words_of: Of) -> None:
    long = sentences(4)
    examples = [
        chat(long[0], "one"),
        chat(long[1], "two"),
        chat(long[0], "other", held_out=True),
        chat(long[2], "x"),
        chat(long[2], "y"),
    ]
    looked = check(TextReport(path="x", examples=examples), TextDataset(path="x"), words_of("chatml"))
    assert looked.groups == ((0, 2), (3, 4)) and looked.leaks == ((2, 0),)
    assert looked.examples == 5 and looked.held_out == 1


def test_counts(words_of: Of) -> None:
    words = words_of("chatml")
    examples = [chat("Q", "A" * n) for n in (1, 10, 60)] + [Example(text="d" * 99)]
    looked = check(TextReport(path="x", examples=examples), TextDataset(path="x", max_length=50), words)
    lengths = [22 + 1, 22 + 10, 22 + 60, 100]
    assert (looked.longest, looked.median) == (100, round((32 + 82) / 2))
    assert looked.tokens == 23 + 32 + 50 + 100 and looked.cut == 1
    assert looked.cut_share == pytest.approx(32 / (looked.tokens + 32))
    assert looked.trained_tokens == 2 + 11 + 30 + 98
    assert sum(bin.examples for bin in looked.histogram) == 4
    for bin in looked.histogram:
        assert bin.examples == sum(bin.low <= n < bin.high for n in lengths)
    with pytest.raises(LoomError, match="no texts"):
        check(TextReport(path="x"), TextDataset(path="x"), words)


def test_steps_of_the_histogram() -> None:
    bins = histogram([1, 5, 5, 100])
    assert [bin.low for bin in bins] == [0, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96]
    assert all(a.high == b.low for a, b in itertools.pairwise(bins))
    assert [bin.examples for bin in bins if bin.examples] == [1, 2, 1]


@pytest.mark.parametrize("style", ["chatml", "llama3", "mistral", "gemma", "none"])
def test_the_preview_is_what_the_model_sees(style: str, words_of: Of) -> None:
    words = words_of(style)
    example = chat("Grüß Gott", "漢字!")
    seen = preview(example, words, TextDataset(path="x"))
    drawn = words.render(example)
    assert "".join(piece.text for piece in seen.pieces) == drawn.text
    assert [piece.text for piece in seen.pieces if piece.trained] == [drawn.text[a:b] for a, b in drawn.trained_spans]
    assert seen.tokens == len(words.tokenizer.encode(drawn.text, add_special_tokens=False).ids)
    assert 0 < seen.trained_tokens < seen.tokens and (seen.sequences, seen.cut_tokens) == (1, 0)


def test_previews_of_documents_pairs_and_of_what_is_cut(words_of: Of) -> None:
    words = words_of("llama3")
    document = preview(Example(text="abcdefgh" * 4), words, TextDataset(path="x", max_length=20))
    assert document.sequences == 2
    assert "".join(p.text for p in document.pieces).count("<|begin_of_text|>") == 2
    assert document.pieces[-1].text.endswith("<|end_of_text|>")
    pair = Example(messages=chat("Q", "A").messages[:1], chosen="good", rejected="bad")
    both = preview(pair, words, TextDataset(path="x"))
    assert [p.text for p in both.pieces if p.trained] == ["good<|eot_id|>", "bad<|eot_id|>"]
    cut = preview(chat("Q", "A" * 100), words, TextDataset(path="x", max_length=50))
    assert cut.tokens == 50 and cut.cut_tokens > 0
    with pytest.raises(LoomError, match="Nothing of the answer is left"):
        preview(chat("Q" * 100, "A"), words, TextDataset(path="x", max_length=50))

"""Captions: trigger, prefix, suffix, dropout, shuffle, and what can be cached."""

from __future__ import annotations

import numpy as np
import pytest

from loraloom.data.captions import is_static, possible, render
from loraloom.spec.caption import CaptionRules


def many(captions: tuple[str, ...], rules: CaptionRules, count: int = 300) -> list[str]:
    return [render(captions, rules, np.random.default_rng(seed)) for seed in range(count)]


@pytest.mark.parametrize(
    ("captions", "fields", "expected"),
    [
        (("a cat",), {}, "a cat"),
        ((), {}, ""),
        ((), {"trigger": "sks"}, "sks"),
        (("",), {"trigger": "sks", "prefix": "photo of"}, "sks, photo of"),
        (("a cat",), {"trigger": "sks"}, "sks, a cat"),
        (("a [trigger] cat",), {"trigger": "sks"}, "a sks cat"),
        (("a [trigger] cat",), {}, "a cat"),
        (("[trigger], a cat",), {}, "a cat"),
        (("a SKS cat",), {"trigger": "sks"}, "a SKS cat"),
        (("he asks",), {"trigger": "sks"}, "sks, he asks"),
        (("白色的猫在草地上",), {"trigger": "猫"}, "白色的猫在草地上"),
        (("a cat",), {"prefix": "photo of", "suffix": "in ink"}, "photo of a cat in ink"),
        (("a cat",), {"trigger": "sks", "prefix": "photo of"}, "sks, photo of a cat"),
        (("a cat",), {"trigger": "sks", "prefix": "photo of [trigger],"}, "photo of sks, a cat"),
        (("one", "two"), {}, "one"),
        (("a|b",), {"trigger": "t", "separator": "|"}, "t| a|b"),
        (("a cat",), {"trigger": "a+b(c"}, "a+b(c, a cat"),
    ],
)
def test_without_draws(captions: tuple[str, ...], fields: dict[str, str], expected: str) -> None:
    rules = CaptionRules.model_validate(fields)
    assert render(captions, rules, None) == expected
    assert is_static(rules, captions)
    assert possible(captions, rules) == (expected,)
    assert set(many(captions, rules, 5)) == {expected}


def test_alternatives() -> None:
    rules = CaptionRules(wildcard_lines=True, trigger="sks")
    assert set(many(("one", "two", "three"), rules)) == {"sks, one", "sks, two", "sks, three"}
    assert possible(("one", "two"), rules) == ("sks, one", "sks, two")
    assert not is_static(rules, ("one", "two"))
    assert possible(tuple(str(i) for i in range(100)), rules) is None


def test_caption_dropout() -> None:
    rules = CaptionRules(caption_dropout=0.3)
    drawn = many(("a cat",), rules)
    assert set(drawn) == {"a cat", ""} == set(possible(("a cat",), rules) or ())
    assert 0.2 < drawn.count("") / len(drawn) < 0.4
    assert render(("a cat",), rules, None) == "a cat"
    assert is_static(rules, ())
    assert set(many(("a cat",), CaptionRules(caption_dropout=1))) == {""}


def test_shuffle_keeps_the_first() -> None:
    rules = CaptionRules(shuffle=True, keep_tokens=2, trigger="sks")
    drawn = many(("a, b, c, d",), rules)
    assert all(text.startswith("sks, a, ") for text in drawn)
    assert {tuple(sorted(text.split(", "))) for text in drawn} == {("a", "b", "c", "d", "sks")}
    assert len(set(drawn)) == 6
    assert possible(("a, b, c, d",), rules) is None
    assert is_static(rules, ("only one",))


def test_tag_dropout_keeps_trigger_and_kept_tags() -> None:
    rules = CaptionRules(tag_dropout=0.5, keep_tokens=1, trigger="sks")
    drawn = many(("a, sks woman, b, c",), rules)
    assert all(text.startswith("a") and "sks woman" in text for text in drawn)
    counts = [text.count("b") for text in drawn]
    assert 0.4 < sum(counts) / len(counts) < 0.6
    assert set(many(("a, b, c",), CaptionRules(tag_dropout=1))) == {""}


def test_every_text_is_among_the_possible() -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        rules = CaptionRules(
            trigger=str(rng.choice(["", "sks"])),
            shuffle=bool(rng.integers(2)),
            keep_tokens=int(rng.integers(4)),
            tag_dropout=float(rng.choice([0.0, 0.4])),
            caption_dropout=float(rng.choice([0.0, 0.2])),
            wildcard_lines=bool(rng.integers(2)),
        )
        captions = tuple("abc"[: rng.integers(1, 4)] for _ in range(rng.integers(0, 3)))
        texts = possible(captions, rules)
        drawn = set(many(captions, rules, 40))
        assert texts is None or drawn <= set(texts)
        if is_static(rules, captions):
            assert drawn == {render(captions, rules, None)}


def test_a_prompt_without_a_trigger_word_has_no_hole() -> None:
    from loraloom.data.captions import with_trigger

    assert with_trigger("[trigger], mountains in mist", CaptionRules()) == "mountains in mist"
    assert with_trigger("a photo of [trigger] on sand", CaptionRules()) == "a photo of on sand"
    assert with_trigger("a photo of [trigger] on sand", CaptionRules(trigger="sks")) == "a photo of sks on sand"
    assert with_trigger("as  it is", CaptionRules()) == "as  it is"

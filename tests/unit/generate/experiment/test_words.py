"""Prompts with and without what calls a LoRA."""

from __future__ import annotations

import pytest

from loraloom.generate.experiment.words import called, uncalled


@pytest.mark.parametrize(
    ("prompt", "triggers", "expected"),
    [
        ("[trigger], a cat", ("ink",), "ink, a cat"),
        ("a cat, [trigger]", ("ink", "blue"), "a cat, ink, blue"),
        ("[trigger], a cat", (), "a cat"),
        ("a [trigger] cat", (), "a cat"),
        ("a cat <lora:other:0.8>", ("ink",), "a cat"),
        ("a (cat:1.2) , b", (), "a (cat:1.2) , b"),
    ],
)
def test_called(prompt: str, triggers: tuple[str, ...], expected: str) -> None:
    assert called(prompt, triggers) == expected


@pytest.mark.parametrize(
    ("prompt", "triggers", "expected"),
    [
        ("[trigger], a cat", ("ink",), "a cat"),
        ("Ink, a cat", ("ink",), "a cat"),
        ("a cat, ink, on grass", ("ink",), "a cat, on grass"),
        ("pink drink", ("ink",), "pink drink"),
        ("blue ink cat", ("ink", "blue ink"), "cat"),
        ("a cat", ("ink",), "a cat"),
        ("[trigger]", ("ink",), ""),
    ],
)
def test_uncalled(prompt: str, triggers: tuple[str, ...], expected: str) -> None:
    assert uncalled(prompt, triggers) == expected

"""Weights, LoRAs and wildcards in prompts."""

from __future__ import annotations

import pytest

from loraloom.spec.prompt import choose, lora_tags, weighted, wildcards, without_lora_tags


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a cat", [("a cat", 1.0)]),
        ("a (red) cat", [("a ", 1.0), ("red", 1.1), (" cat", 1.0)]),
        ("((red)) cat", [("red", 1.21), (" cat", 1.0)]),
        ("[red] cat", [("red", 0.909), (" cat", 1.0)]),
        ("(red:1.5) cat", [("red", 1.5), (" cat", 1.0)]),
        ("(a (red:2) cat:0.5)", [("a ", 0.5), ("red", 1.0), (" cat", 0.5)]),
        (r"a \(red\) cat", [("a (red) cat", 1.0)]),
        ("a (red cat", [("a ", 1.0), ("red cat", 1.1)]),
        ("a red) cat", [("a red) cat", 1.0)]),
        ("time 12:30)", [("time 12:30)", 1.0)]),
        ("", []),
    ],
)
def test_weights(prompt: str, expected: list[tuple[str, float]]) -> None:
    assert [(piece.text, round(piece.weight, 3)) for piece in weighted(prompt)] == expected


def test_pieces_know_where_they_stand() -> None:
    prompt = "a (red:1.5) cat"
    assert [prompt[piece.start : piece.end] for piece in weighted(prompt)] == ["a ", "red", " cat"]


def test_loras() -> None:
    prompt = "a cat <lora:ink:0.8> at night <lora:sketchy style>"
    assert [(tag.name, tag.strength) for tag in lora_tags(prompt)] == [("ink", 0.8), ("sketchy style", 1.0)]
    assert without_lora_tags(prompt) == "a cat at night"


def test_wildcards_follow_the_seed() -> None:
    lines = {"animal": ["cat", "dog", "__bird__"], "bird": ["owl"]}
    assert [tag.name for tag in wildcards("a __animal__ and a __thing__")] == ["animal", "thing"]
    drawn = {seed: choose("a __animal__ and a __thing__", lines, seed) for seed in range(30)}
    assert drawn == {seed: choose("a __animal__ and a __thing__", lines, seed) for seed in range(30)}
    assert set(drawn.values()) == {f"a {name} and a __thing__" for name in ("cat", "dog", "owl")}


def test_a_wildcard_of_itself_ends() -> None:
    assert choose("__a__", {"a": ["__a__ x"]}, 1).endswith("x")

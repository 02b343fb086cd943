"""Counting tokens: CLIP's counts, the same from every layout, and what is cut off."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loraloom.data.quality.tokens import clip_tokens, tokens_of
from loraloom.models.clip_vocab import clip_vocabulary
from loraloom.spec.errors import LoomError
from tests.structure_source import SRC

CLIP = clip_tokens(*clip_vocabulary())

# What transformers' CLIPTokenizer gives for openai/clip-vit-large-patch14, start and end taken off.
COUNTS = {
    "a photo of a cat": 5,
    "1girl, solo, long hair, 长头发，全角, looking_at_viewer, masterpiece's don't": 34,
    "  spaced   out\ttext ": 4,
    "ÀÉ œuvre 123 4": 10,
    "😀 emoji, <lora:x:1>": 11,
    "<|endoftext|>x": 2,
    "": 0,
}


@pytest.mark.parametrize("text", COUNTS)
def test_the_counts_are_those_of_clip(text: str) -> None:
    assert CLIP(text) == COUNTS[text]


def test_what_is_cut_begins_with_a_whole_word() -> None:
    assert CLIP.room == 75
    assert CLIP.cut("short") == "" and CLIP.cut_at("short") is None
    assert CLIP.cut(" ".join(["word"] * 75)) == ""
    assert CLIP.cut(" ".join(["word"] * 76)) == "word"
    assert CLIP.cut(" ".join(["word"] * 74) + " supercalifragilistic end") == "supercalifragilistic end"
    text = "\u957f " * 20 + " ".join(["word"] * 60)
    at = CLIP.cut_at(text)
    assert at is not None and CLIP(text[:at]) <= 75


def test_both_layouts_are_read(tmp_path: Path) -> None:
    vocabulary, merges = clip_vocabulary()
    (tmp_path / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    lines = ["#version: 0.2", *(f"{left} {right}" for left, right in merges)]
    (tmp_path / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    read = tokens_of(tmp_path)
    assert read.room == 75 and all(read(text) == count for text, count in COUNTS.items())
    (tmp_path / "tokenizer_config.json").write_text('{"model_max_length": 1e30}', encoding="utf-8")
    assert tokens_of(tmp_path).room is None and tokens_of(tmp_path).cut("word " * 500) == ""


def test_thimble_reads_fourteen() -> None:
    thimble = tokens_of(SRC / "assets" / "thimble" / "tokenizer")
    assert thimble.room == 14 and thimble("cat face on blue background") == 5
    assert thimble("cat " * 40) == 40 and thimble.cut("cat " * 16).split() == ["cat", "cat"]


def test_a_folder_without_a_tokenizer_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LoomError) as caught:
        tokens_of(tmp_path)
    assert caught.value.code == "weights_unreadable"

"""Thimble's tokenizer: byte-pair merges under which every word of the captions is one token."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

from data import words
from transformers import CLIPTokenizer

LENGTH = 16
START, END = "<|startoftext|>", "<|endoftext|>"


def byte_symbols() -> list[str]:
    """The printable stand-ins CLIP's byte-level BPE uses for bytes 0 to 255."""
    shown = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [b for b in range(256) if b not in shown]
    return [chr(b) for b in shown] + [chr(256 + i) for i in range(len(hidden))]


def learn_merges(vocabulary: list[str]) -> list[tuple[str, str]]:
    """Plain byte-pair encoding, the commonest pair first, until every word is a single piece."""
    pieces = [[*word[:-1], f"{word[-1]}</w>"] for word in vocabulary]
    merges = []
    while True:
        pairs = Counter(pair for word in pieces for pair in pairwise(word))
        if not pairs:
            return merges
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        for word in pieces:
            i = 0
            while i < len(word) - 1:
                if (word[i], word[i + 1]) == best:
                    word[i : i + 2] = ["".join(best)]
                i += 1


def build_tokenizer(npm: Path) -> CLIPTokenizer:
    """A CLIP tokenizer of 16 positions over the words of the captions; other words fall to pieces or bytes."""
    symbols = byte_symbols()
    merges = learn_merges(words(npm))
    entries = [*symbols, *(f"{s}</w>" for s in symbols), *("".join(m) for m in merges), START, END]
    vocab = {token: number for number, token in enumerate(dict.fromkeys(entries))}
    return CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=LENGTH)


def encode(tokenizer: CLIPTokenizer, texts: list[str]):
    """Token ids, (n, 16), padded the way Stable Diffusion pads."""
    return tokenizer(texts, padding="max_length", truncation=True, max_length=LENGTH, return_tensors="pt").input_ids

"""The vocabulary of CLIP's tokenizer (OpenAI, MIT), rebuilt from its list of merges: no download for single files."""

from __future__ import annotations

import lzma
from functools import cache

from loraloom.models.configs import FOLDER

START, END = "<|startoftext|>", "<|endoftext|>"
Merges = list[tuple[str, str]]


@cache
def clip_vocabulary() -> tuple[dict[str, int], Merges]:
    """(token to id, merges in order of rank): 49,408 tokens and 48,894 merges, as openai/clip-vit-large-patch14 has.

    The order is CLIP's: byte symbols, byte symbols at the end of a word, merges, start and end of text.
    """
    lines = lzma.decompress((FOLDER / "clip_merges.txt.xz").read_bytes()).decode("utf-8").splitlines()
    merges: Merges = []
    for line in lines:
        left, right = line.split(" ")
        merges.append((left, right))
    symbols = _byte_symbols()
    tokens = [*symbols, *(s + "</w>" for s in symbols), *(left + right for left, right in merges), START, END]
    return {token: number for number, token in enumerate(tokens)}, merges


def _byte_symbols() -> list[str]:
    """GPT-2's printable stand-ins for the 256 bytes: printable ones first, in their own order, then the rest."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + n) for n in range(len(others))]

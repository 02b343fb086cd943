"""Examples that say nearly the same: MinHash of three-word shingles with banding (Broder 1997; Leskovec, Rajaraman, Ullman,
"Mining of Massive Datasets", chapter 3), then the candidates compared exactly."""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from loraloom.spec.example import Example

if TYPE_CHECKING:
    import numpy as np

SIMILAR = 0.8
"""Share of shingles in common (Jaccard) from which two texts are nearly the same."""
_WORDS = 3
_HASHES, _BANDS = 64, 16
"""Bands of 4: two texts that share 0.8 are compared with a probability of 0.9998, two that share 0.3 with 0.12."""
_MAX_WORDS = 20_000
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+")
"""A word, or one character of Chinese and Japanese, which put no blanks between words."""
_FEW = 20
"""Of a band's equals, each is compared with so many before it: a data set of one text thousands of times stays quick."""


def words_of(example: Example) -> str:
    """What is compared of an example: all that is said in it but system prompts, which are often the same."""
    said = [message.content for message in example.messages if message.role != "system"]
    return " ".join([*said, example.text, example.chosen or "", example.rejected or ""])


def near(texts: Sequence[str]) -> list[tuple[int, ...]]:
    """Groups of indices of texts that share `SIMILAR` of their shingles with another of the group, in order. Twenty
    thousand texts of a few hundred words take seconds."""
    import numpy as np

    shingles = [_shingles(text) for text in texts]
    signatures = _signatures(shingles)
    parent = list(range(len(texts)))
    tried: set[tuple[int, int]] = set()
    rows = _HASHES // _BANDS
    for band in range(_BANDS):
        keys = np.ascontiguousarray(signatures[:, band * rows : (band + 1) * rows])
        equals: defaultdict[bytes, list[int]] = defaultdict(list)
        for index in range(len(texts)):
            if len(shingles[index]):
                equals[keys[index].tobytes()].append(index)
        for members in equals.values():
            for place, later in enumerate(members):
                for earlier in members[max(0, place - _FEW) : place]:
                    pair = (earlier, later)
                    if pair in tried or _root(parent, earlier) == _root(parent, later):
                        continue
                    tried.add(pair)
                    if _alike(shingles[earlier], shingles[later]):
                        parent[_root(parent, later)] = _root(parent, earlier)
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for index in range(len(texts)):
        groups[_root(parent, index)].append(index)
    return sorted(tuple(sorted(group)) for group in groups.values() if len(group) > 1)


def _shingles(text: str) -> np.ndarray:
    """uint32 [n]: hashes of every three words in a row, each once and sorted; of all words where there are fewer."""
    import numpy as np

    words = np.array([zlib.crc32(word.encode()) for word in _WORD.findall(text.casefold())[:_MAX_WORDS]], np.uint64)
    if len(words) > _WORDS:
        parts = [words[i : len(words) - _WORDS + 1 + i] * np.uint64(weight) for i, weight in enumerate((1, 31, 961))]
        words = np.sum(parts, axis=0, dtype=np.uint64)
    elif len(words):
        words = np.array([zlib.crc32(words.tobytes())], np.uint64)
    return np.unique(words.astype(np.uint32))


def _signatures(shingles: Sequence[np.ndarray]) -> np.ndarray:
    """uint32 [texts, hashes]: the least of each of `_HASHES` random permutations over a text's shingles."""
    import numpy as np

    rng = np.random.default_rng(20)
    factors = rng.integers(1, 2**32, _HASHES, dtype=np.uint64) | np.uint64(1)
    offsets = rng.integers(0, 2**32, _HASHES, dtype=np.uint64)
    signatures = np.full((len(shingles), _HASHES), 2**32 - 1, np.uint32)
    for row, values in enumerate(shingles):
        if len(values):
            mixed = values.astype(np.uint64)[:, None] * factors + offsets
            signatures[row] = (mixed >> np.uint64(32) ^ mixed).astype(np.uint32).min(axis=0)
    return signatures


def _alike(a: np.ndarray, b: np.ndarray) -> bool:
    import numpy as np

    shared = len(np.intersect1d(a, b, assume_unique=True))
    return shared >= SIMILAR * (len(a) + len(b) - shared)


def _root(parent: list[int], index: int) -> int:
    while parent[index] != index:
        parent[index] = parent[parent[index]]
        index = parent[index]
    return index

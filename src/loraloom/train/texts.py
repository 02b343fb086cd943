"""Captions as embeddings: computed once where the text encoders are frozen, at every step where they train."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor

from loraloom.generate.parts import Parts
from loraloom.train.cache import Cache, key_of
from loraloom.train.families.protocol import Family

AT_ONCE = 16


class Texts:
    """Embeddings by caption. With `training` they carry gradients and nothing is kept."""

    def __init__(
        self,
        family: Family,
        parts: Parts,
        cache: Cache,
        base: str,
        clip_skip: int,
        device: torch.device,
        training: bool,
    ) -> None:
        self._family, self._parts, self._cache, self._base = family, parts, cache, base
        self._clip_skip, self.device, self._training = clip_skip, device, training

    def prepare(self, texts: Iterable[str], progress: Callable[[int, int], None]) -> None:
        """Encode captions that the cache lacks."""
        if self._training:
            return
        missing = sorted({text for text in texts if self._key(text) not in self._cache})
        for first in range(0, len(missing), AT_ONCE):
            self._fill(missing[first : first + AT_ONCE])
            progress(min(first + AT_ONCE, len(missing)), len(missing))

    def get(self, texts: Sequence[str]) -> list[dict[str, Tensor]]:
        """Embeddings of each caption, on the device."""
        if self._training:
            return self._family.encode_texts(self._parts, texts, self._clip_skip)
        missing = sorted({text for text in texts if self._key(text) not in self._cache})
        if missing:
            self._fill(missing)
        return [{k: v.to(self.device) for k, v in self._cache[self._key(text)].items()} for text in texts]

    @torch.no_grad()
    def _fill(self, texts: Sequence[str]) -> None:
        for text, entry in zip(texts, self._family.encode_texts(self._parts, texts, self._clip_skip), strict=True):
            self._cache[self._key(text)] = entry

    def _key(self, text: str) -> str:
        return key_of("text", text, self._clip_skip, self._base)

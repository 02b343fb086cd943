"""Counting the tokens of captions as a text encoder does, and finding what it cuts off; with `tokenizers` alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

from loraloom.spec.errors import LoomError

ROOM = 75
"""Tokens of a caption that CLIP's text encoders read: 77 without start and end."""
_WORDS = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
_NO_LIMIT = 100_000
"""Tokenizers that know no limit write one far beyond this."""


class Tokens:
    """The tokenizer of a text encoder that reads `room` tokens of a caption. `tokens(text)` counts them all."""

    def __init__(self, tokenizer: Tokenizer, room: int | None) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._tokenizer = tokenizer
        self.room = room

    def __call__(self, text: str) -> int:
        """Tokens of `text`, start and end not counted, also those beyond `room`."""
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def cut_at(self, text: str) -> int | None:
        """The character of `text` from which on nothing is read; None where all of it is. A word that is read in part
        counts as cut, because what is left of it is another word."""
        if self.room is None:
            return None
        encoded = self._tokenizer.encode(text, add_special_tokens=False)
        if len(encoded.ids) <= self.room:
            return None
        first = self.room
        while first > 0 and encoded.word_ids[first - 1] == encoded.word_ids[self.room]:
            first -= 1
        start: int = encoded.offsets[first][0]
        while start < len(text) and text[start].isspace():
            start += 1
        return start

    def cut(self, text: str) -> str:
        """The part of `text` that is not read; empty where all of it is."""
        at = self.cut_at(text)
        return "" if at is None else text[at:]


def tokens_of(folder: Path) -> Tokens:
    """The tokenizer in `folder`, as diffusers and transformers lay it out: `tokenizer.json`, or CLIP's `vocab.json` and
    `merges.txt`. Raises LoomError `weights_unreadable` when neither is there or can be read."""
    try:
        if (folder / "tokenizer.json").is_file():
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        else:
            vocabulary: dict[str, int] = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
            lines = (folder / "merges.txt").read_text(encoding="utf-8").splitlines()
            pairs = [line.split(" ") for line in lines if line and not line.startswith("#version")]
            tokenizer = _clip(vocabulary, [(left, right) for left, right in pairs])
        return Tokens(tokenizer, _room(folder, tokenizer))
    except Exception as error:  # the library raises bare exceptions for whatever is wrong with a file
        says = f"The tokenizer in {folder.name} cannot be read ({type(error).__name__})."
        raise LoomError("weights_unreadable", says, "Copy the tokenizer folder again from its source.") from error


def clip_tokens(vocabulary: Mapping[str, int], merges: Sequence[tuple[str, str]]) -> Tokens:
    """CLIP's tokenizer from its vocabulary (`models.clip_vocab` has it): what SD 1.5, SD 2 and SDXL read captions with."""
    return Tokens(_clip(vocabulary, merges), ROOM)


def _clip(vocabulary: Mapping[str, int], merges: Sequence[tuple[str, str]]) -> Tokenizer:
    model = models.BPE(
        vocab=dict(vocabulary),
        merges=list(merges),
        unk_token="<|endoftext|>",  # noqa: S106 - a token of a text, no password
        continuing_subword_prefix="",
        end_of_word_suffix="</w>",
    )
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_WORDS), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    special = [token for token in ("<|startoftext|>", "<|endoftext|>") if token in vocabulary]
    tokenizer.add_special_tokens(special)  # pyright: ignore[reportUnknownMemberType] - the stub says only `list`
    return tokenizer


def _room(folder: Path, tokenizer: Tokenizer) -> int | None:
    """How many tokens of a caption are read, from `tokenizer_config.json`; CLIP's where nothing is said."""
    file = folder / "tokenizer_config.json"
    said: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    longest = said.get("model_max_length", ROOM + 2)
    if not isinstance(longest, int) or longest > _NO_LIMIT:
        return None
    return longest - (tokenizer.num_special_tokens_to_add(is_pair=False) or 2)

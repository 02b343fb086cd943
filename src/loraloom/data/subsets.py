"""kohya's data set config, a TOML beside the pictures: what each `[[datasets.subsets]]` says of the pictures of its folder.

Loom takes over repeats, words, prefix and suffix; what belongs into a run's config is named in a note, with its key there.
Format: https://github.com/kohya-ss/sd-scripts/blob/main/docs/config_README-en.md
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from loraloom.data.files import read_regular
from loraloom.data.layout import CAPTION_EXTENSIONS, plain
from loraloom.data.limits import MAX_KOHYA_REPEATS, MAX_TEXT_BYTES
from loraloom.data.names import printable
from loraloom.data.refusal import Refused
from loraloom.data.texts import decode_text
from loraloom.data.walk import Found
from loraloom.spec.dataset import FileNote

_CARRIED = frozenset(
    ("image_dir", "metadata_file", "num_repeats", "class_tokens", "caption_prefix", "caption_suffix", "is_reg")
)
_OURS = {
    "shuffle_caption": "caption.shuffle",
    "keep_tokens": "caption.keep_tokens",
    "caption_separator": "caption.separator",
    "caption_dropout_rate": "caption.caption_dropout",
    "caption_tag_dropout_rate": "caption.tag_dropout",
    "enable_wildcard": "caption.wildcard_lines",
    "flip_aug": "dataset.flip",
    "random_crop": "dataset.crop",
    "resolution": "dataset.resolution",
    "enable_bucket": "dataset.buckets",
    "bucket_reso_steps": "dataset.bucket_step",
    "bucket_no_upscale": "dataset.upscale",
    "batch_size": "training.batch_size",
}
"""Their key -> where a run's config has it."""


@dataclass(frozen=True)
class Subset:
    """One `[[datasets.subsets]]` with what it inherits."""

    folder: str
    metadata_file: str
    repeats: int
    words: str
    prefix: str
    suffix: str
    extension: str
    regularisation: bool

    def check(self) -> None:
        """Raises Refused for a picture that is not trained on."""
        if self.regularisation:
            raise Refused("switched_off", "A regularisation picture (is_reg); Loom trains without them; remove it.")
        if self.repeats == 0:
            raise Refused("switched_off", "Its subset says num_repeats = 0; raise it to use the picture.")

    def dress(self, captions: tuple[str, ...]) -> tuple[str, ...]:
        """`captions` between prefix and suffix; those alone where there is none."""
        dressed = (" ".join(filter(None, (self.prefix, text, self.suffix))) for text in captions or ("",))
        return tuple(text for text in dressed if text)


class Subsets:
    """The subsets of every config among `files`, matched to the folders of `pictures`."""

    def __init__(self, files: Iterable[Found], pictures: Iterable[Found]) -> None:
        self.used: list[Found] = []
        self.notes: list[FileNote] = []
        self.tables: set[str] = set()
        """Bare names of the metadata files that they name, for comparing."""
        self._by_folder: dict[tuple[str, ...], Subset] = {}
        folders = {_folder(picture.parts) for picture in pictures}
        for file in files:
            config = _read(file)
            if config is None:
                continue
            self.used.append(file)
            subsets = list(_subsets(config))
            for subset in subsets:
                self._place(subset, file, folders, only=len(subsets) == 1)
            self._note(file, _left_over(config))

    def of(self, picture: Found) -> Subset | None:
        """The subset whose folder holds `picture`."""
        return self._by_folder.get(_folder(picture.parts))

    def _place(self, subset: Subset, file: Found, folders: set[tuple[str, ...]], only: bool) -> None:
        if subset.metadata_file:
            self.tables.add(plain(subset.metadata_file.replace("\\", "/").rsplit("/", 1)[-1]))
        parts = _folder((*subset.folder.replace("\\", "/").split("/"), ""))
        parts = tuple(part for part in parts if part not in ("", ".", ".."))
        here = _folder(file.parts)
        ends = [parts[at:] for at in range(len(parts))]
        ways = [way for end in ends for way in ((*here, *end), end)]
        if subset.folder and not parts:  # `.`
            ways = [here]
        found = next((way for way in ways if way in folders), None)
        if found is None and only and len(folders) == 1:
            found = next(iter(folders))
        if found is None:
            where = printable(subset.folder[:120]) or "a subset without image_dir"
            self._note(file, [f"no folder here is {where!r}, so what it says of its pictures is not used"])
        elif found not in self._by_folder:
            self._by_folder[found] = subset
        else:
            where = printable(subset.folder[:120])
            self._note(file, [f"a second subset for {where!r}; the first one counts, each picture is used once"])

    def _note(self, file: Found, says: list[str]) -> None:
        for text in says:
            message = f"{text[0].upper()}{text[1:]}."
            self.notes.append(FileNote(file=file.name, reason="metadata_row", message=message))


def _read(file: Found) -> dict[str, Any] | None:
    """The content of `file` when it is a data set config."""
    try:
        decoded = decode_text(read_regular(file.path, MAX_TEXT_BYTES))
        config = tomllib.loads(decoded.text) if decoded is not None else {}
    except (Refused, tomllib.TOMLDecodeError, RecursionError, ValueError):
        return None
    return config if isinstance(config.get("datasets"), list) else None


def _levels(config: Mapping[str, Any]) -> Iterable[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """`[general]`, the `[[datasets]]` and the `[[datasets.subsets]]`, for every subset."""
    general = _table(config.get("general"))
    for dataset in _tables(config.get("datasets")):
        for subset in _tables(dataset.get("subsets")):
            yield general, dataset, subset


def _subsets(config: Mapping[str, Any]) -> Iterable[Subset]:
    for general, dataset, subset in _levels(config):
        said = general | dataset | subset
        times = said.get("num_repeats", 1)
        whole = isinstance(times, int) and not isinstance(times, bool)
        yield Subset(
            folder=_text(subset.get("image_dir")),
            metadata_file=_text(subset.get("metadata_file")),
            repeats=min(max(0, times), MAX_KOHYA_REPEATS) if whole else 1,
            words=_text(said.get("class_tokens")),
            prefix=_text(said.get("caption_prefix")),
            suffix=_text(said.get("caption_suffix")),
            extension=_text(said.get("caption_extension")).lower(),
            regularisation=said.get("is_reg") is True,
        )


def _left_over(config: Mapping[str, Any]) -> list[str]:
    """What was not carried over, a phrase each: what a run's config can say, and the rest."""
    ours: dict[str, str] = {}
    rest: dict[str, str] = {}
    for level in (part for levels in _levels(config) for part in levels):
        for key, value in level.items():
            if key in _CARRIED or key == "subsets" or _is_read(key, value):
                continue
            shown = printable(f"{key} = {str(value).lower() if isinstance(value, bool) else value}"[:80])
            if key in _OURS:
                ours[key] = f"{shown} (`{_OURS[key]}`)"
            else:
                rest[key] = shown
    says: list[str] = []
    if ours:
        says.append(f"not part of a data set here, set it in the run's config: {', '.join(ours.values())}")
    if rest:
        says.append(f"not carried over: {', '.join(rest.values())}")
    return says


def _is_read(key: str, value: Any) -> bool:
    return key == "caption_extension" and value in CAPTION_EXTENSIONS


def _folder(parts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(plain(part) for part in parts[:-1])


def _table(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _tables(value: Any) -> list[dict[str, Any]]:
    return [_table(entry) for entry in cast("list[Any]", value)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""

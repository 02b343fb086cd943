"""What a base model is made of, told from headers and small JSON files: configs, parameters, bytes and formats by part."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

from loraloom.models.configs import TEXT_ENCODERS, Part, true_config
from loraloom.models.diffusers_folder import read_json
from loraloom.models.header import BITS, Header, read_header
from loraloom.models.layout import Config, text_layers, unet_layers
from loraloom.models.resolve import BaseModel
from loraloom.models.single_file import CLIP, UNET, VAE, clip_prefix, configs_for
from loraloom.models.text_base import folder_of
from loraloom.models.text_shape import TextShape, text_shape, usual_size, usual_text_shape
from loraloom.models.totals import Stored, commonest
from loraloom.spec.errors import LoomError
from loraloom.spec.run import ImageFamily

_VARIANT = re.compile(r"\.(fp16|bf16|non_ema)(-\d+-of-\d+)?\.safetensors$")


@dataclass(frozen=True, eq=False)
class Shape:
    """A base model by its parts: `unet`, `vae`, `text_encoder` and for SDXL `text_encoder_2`, in diffusers' names.

    `parameters` counts, `file_bytes` is what each part takes on disk, `stored` the number format most of it is in.
    Shapes are compared by identity: `shape_of` gives the same one as long as the files are the same.
    """

    family: ImageFamily
    unet: Config
    vae: Config
    text_encoders: Mapping[str, Config]
    parameters: Mapping[str, int]
    file_bytes: Mapping[str, int]
    stored: Mapping[str, Stored]
    disk_bytes: int
    """All safetensors of the base together, also those that training does not read."""
    single_file: bool = False

    @property
    def vae_factor(self) -> int:
        """Pixels along one side of a latent's pixel."""
        return 2 ** (len(self.vae["block_out_channels"]) - 1)

    @property
    def text_length(self) -> int:
        """Tokens of a caption."""
        return max(int(config["max_position_embeddings"]) for config in self.text_encoders.values())


AnyShape = Shape | TextShape


def shape_of(base: BaseModel) -> AnyShape:
    """The shape of `base`; a hub id that is not on this machine has the usual one of its family, a language model the one
    of its size.

    Raises LoomError `weights_unreadable`, `base_not_prepared`, and `base_model_unknown` where not even the family is known.
    """
    if base.family is None:
        raise LoomError(
            "base_model_unknown",
            f"{base.name} is not on this machine and its family is not known.",
            "Set family in the config.",
        )
    if base.family == "causal_lm":
        if base.path is None:
            return usual_text_shape(usual_size(base.name))
        return text_shape(folder_of(base), base.path.stat().st_size if base.path.is_file() else None)
    if base.path is None:
        return usual_shape(base.family)
    files = [base.path] if base.path.is_file() else sorted(base.path.rglob("*.safetensors"))
    stamps = tuple((str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in files)
    return _read(base.path, base.family, stamps)


@cache
def usual_shape(family: ImageFamily) -> Shape:
    """Stable Diffusion 1.5, 2.1 or XL as published, in fp16 files; reads no weights."""
    configs: dict[Part, dict[str, Any]] = {part: true_config(family, part) for part in _parts(family)}
    parameters = {part: _counted(part, config) for part, config in configs.items()}
    return _shape(
        family,
        configs,
        parameters,
        {part: count * 2 for part, count in parameters.items()},
        dict.fromkeys(parameters, "fp16"),
        sum(parameters.values()) * 2,
    )


def _parts(family: ImageFamily) -> tuple[Part, ...]:
    texts: tuple[Part, ...] = TEXT_ENCODERS[family]  # pyright: ignore[reportAssignmentType]
    return ("unet", "vae", *texts)


def _shape(
    family: ImageFamily,
    configs: Mapping[Any, dict[str, Any]],
    parameters: Mapping[Any, int],
    file_bytes: Mapping[Any, int],
    stored: Mapping[Any, Stored],
    disk_bytes: int,
    single_file: bool = False,
) -> Shape:
    texts: dict[str, Config] = {part: configs[part] for part in TEXT_ENCODERS[family]}
    return Shape(
        family, configs["unet"], configs["vae"], texts, parameters, file_bytes, stored, disk_bytes, single_file
    )


@cache
def _read(path: Path, family: ImageFamily, stamps: tuple[tuple[str, int, int], ...]) -> Shape:
    disk = sum(size for _, _, size in stamps)
    return _from_file(path, family, disk) if path.is_file() else _from_folder(path, family, disk)


def _from_folder(path: Path, family: ImageFamily, disk: int) -> Shape:
    configs: dict[str, dict[str, Any]] = {}
    parameters: dict[str, int] = {}
    file_bytes: dict[str, int] = {}
    stored: dict[str, Stored] = {}
    for part in _parts(family):
        configs[part] = read_json(path / part / "config.json")
        files = sorted((path / part).glob("*.safetensors"))
        files = [file for file in files if not _VARIANT.search(file.name)] or [f for f in files if ".fp16" in f.name]
        headers = [read_header(file) for file in files]
        parameters[part], file_bytes[part], stored[part] = _totals(headers, "")
    return _shape(family, configs, parameters, file_bytes, stored, disk)


def _from_file(path: Path, family: ImageFamily, disk: int) -> Shape:
    header = read_header(path)
    configs = configs_for(header, family)
    vae = next(prefix for prefix in VAE if any(name.startswith(prefix + "decoder.") for name in header.tensors))
    prefixes: dict[Part, str] = {"unet": UNET, "vae": vae}
    prefixes |= {part: clip_prefix(header.tensors, family, part) for part in CLIP[family]}
    totals = {part: _totals([header], prefix) for part, prefix in prefixes.items()}
    return _shape(
        family,
        configs,
        {part: total[0] for part, total in totals.items()},
        {part: total[1] for part, total in totals.items()},
        {part: total[2] for part, total in totals.items()},
        disk,
        single_file=True,
    )


def _totals(headers: list[Header], prefix: str) -> tuple[int, int, Stored]:
    """Parameters, bytes and the commonest number format of the tensors whose names begin with `prefix`."""
    count, size = 0, 0
    by_format: dict[str, int] = {}
    for header in headers:
        for name, info in header.tensors.items():
            if name.startswith(prefix):
                count += info.size
                size += info.size * BITS[info.dtype] // 8
                by_format[info.dtype] = by_format.get(info.dtype, 0) + info.size
    return count, size, commonest(by_format)


def _counted(part: Part, config: Config) -> int:
    """Parameters from the config alone: weights, biases and embeddings exactly, norms about."""
    if part == "unet":
        return round(sum(prod(layer.shape) + layer.shape[0] for layer in unet_layers(config)))
    if part == "vae":
        return 83_653_863
    width = int(config["hidden_size"])
    embeddings = (int(config["vocab_size"]) + int(config["max_position_embeddings"])) * width
    projected = int(config["projection_dim"]) * width if part == "text_encoder_2" else 0
    return (
        embeddings + sum(prod(layer.shape) + layer.shape[0] + width // 2 for layer in text_layers(config)) + projected
    )

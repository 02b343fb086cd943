"""Keeps what a LoRA's header tells of captions and folders out of what is published, unless it was asked for."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from loraloom.models.header import read_header
from loraloom.models.raw_file import read_raw, with_hashes, write_raw

TELLING = (
    "ss_tag_frequency",
    "ss_dataset_dirs",
    "ss_reg_dataset_dirs",
    "ss_datasets",
    "ss_caption_prefix",
    "ss_caption_suffix",
    "ss_training_comment",
    "ot_config",
)
"""Header keys of kohya's scripts and OneTrainer that hold captions, their tags, folders or free notes of the person."""


def tells(metadata: Mapping[str, str]) -> list[str]:
    """The keys of `metadata` that give away captions or folders."""
    return [key for key in TELLING if metadata.get(key)]


def copy_unsaid(source: Path, target: Path) -> list[str]:
    """Copy the safetensors file `source` to `target` without what it tells; returns the keys left out. Where there are none
    the bytes are the same; else the hash that depends on the header (`sshs_legacy_hash`) is computed anew.

    Raises LoomError `weights_unreadable`, `disk_full`, `not_writable`; OSError where a plain copy fails.
    """
    if not (left := tells(read_header(source).metadata)):
        shutil.copyfile(source, target)
        return []
    header, tensors = read_raw(source)
    kept = {key: value for key, value in header.metadata.items() if key not in left}
    write_raw(target, tensors, with_hashes(tensors, kept) if "sshs_legacy_hash" in kept else kept)
    return left

"""Summarises a LoRA or base model, a file or a folder, from headers and small JSON files alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from loraloom.models.family import detect, detect_header
from loraloom.models.header import read_header
from loraloom.models.lora_summary import counts_of, summarise_lora
from loraloom.models.peft_folder import in_adapter_folder, is_adapter_folder, summarise_adapter, summarise_folder
from loraloom.spec.errors import LoomError
from loraloom.spec.lora import FileSummary


def inspect(path: Path) -> FileSummary:
    """Say what the file or folder at `path` is.

    Raises LoomError `file_not_found`, `pickle_refused`, `weights_unreadable`; what is readable but foreign is told, not
    refused. No tensor is read but LoRA scalars (`alpha`).
    """
    if not path.exists():
        raise LoomError("file_not_found", f"There is no file or folder {path}.", "Check the path.")
    if path.is_dir():
        return summarise_folder(path) if is_adapter_folder(path) else _base_folder(path)
    if in_adapter_folder(path):
        return summarise_adapter(path)
    header = read_header(path)
    found = detect_header(header, path.stem)
    if found.kind == "lora":
        return summarise_lora(path, header)
    metadata: dict[str, Any] = dict(header.metadata)
    return FileSummary(
        path=str(path),
        kind=found.kind,
        family=found.family,
        layout=found.layout,
        size_bytes=path.stat().st_size,
        metadata=metadata | _said(found.name, found.prediction, found.resolution, found.refusal),
        **counts_of(header),
    )


def _base_folder(path: Path) -> FileSummary:
    found = detect(path)
    files = sorted(file for file in path.rglob("*.safetensors") if file.is_file())
    names = {file.name for file in files}
    plain = [file for file in files if ".fp16." not in file.name or file.name.replace(".fp16.", ".") not in names]
    headers = [read_header(file) for file in plain]
    counts = [counts_of(header) for header in headers]
    return FileSummary(
        path=str(path),
        kind=found.kind,
        family=found.family,
        layout=found.layout,
        size_bytes=sum(file.stat().st_size for file in plain),
        tensors=sum(count["tensors"] for count in counts),
        parameters=sum(count["parameters"] for count in counts),
        dtypes=tuple(sorted({dtype for count in counts for dtype in count["dtypes"]})),
        metadata=_said(found.name, found.prediction, found.resolution, found.refusal),
    )


def _said(name: str, prediction: str | None, resolution: int | None, refusal: str) -> dict[str, Any]:
    """What Loom worked out itself, for the summary's metadata."""
    said = {"model": name, "prediction": prediction, "resolution": resolution, "note": refusal}
    return {key: value for key, value in said.items() if value}

"""Converts a LoRA between kohya's and diffusers' layouts: names and header change, weights are copied byte for byte."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from loraloom.models.header import Header
from loraloom.models.lora_file import find_layout
from loraloom.models.lora_keys import to_kohya
from loraloom.models.lora_metadata import VERSIONS
from loraloom.models.peft_folder import DIFFUSERS_FILE, adapter_file
from loraloom.models.raw_file import RawTensor, read_raw, with_hashes, write_raw
from loraloom.publish.adapters import CLEAR_ALPHA, Adapter, adapter_config, alpha_dtype, alpha_tensor, take_apart
from loraloom.spec.errors import LoomError
from loraloom.spec.run import ImageFamily

Target = Literal["kohya", "diffusers"]
ADAPTER_KEY = "lora_adapter_metadata"
HASHES = ("sshs_model_hash", "sshs_legacy_hash", "modelspec.hash_sha256")


def convert(src: Path, dst: Path, to: Target) -> Path:
    """Write the LoRA at `src` (file or adapter folder) in the layout `to`; returns the file written.

    `dst` is a `.safetensors` file or a folder, which gets `pytorch_lora_weights.safetensors` (diffusers) or a file named
    like the source (kohya). Converting there and back gives the same tensors.
    Raises LoomError `lora_unreadable`, `lora_mismatch`, `file_not_found`, `not_writable`, `disk_full`.
    """
    source = adapter_file(src) if src.is_dir() else src
    label = src.name
    target = _target(dst, to, src)
    if target.exists() and source.exists() and target.samefile(source):
        raise LoomError("not_writable", f"{target} would overwrite the file it is made from.", "Give another --out.")
    try:
        header, tensors = read_raw(source)
    except LoomError as error:
        if error.code == "weights_unreadable":
            raise LoomError("lora_unreadable", error.message, error.hint) from error
        raise
    if find_layout(tensors) == to:
        write_raw(target, tensors, header.metadata)
        return target
    adapters, family = take_apart(label, header, tensors)
    if to == "diffusers":
        found, metadata = _to_diffusers(adapters, header)
    else:
        found, metadata = _to_kohya(adapters, header, naming_family(label, adapters, family), family)
    if any(key in header.metadata for key in HASHES) or to == "kohya":
        metadata = with_hashes(found, metadata)
    write_raw(target, found, metadata)
    return target


def naming_family(label: str, adapters: list[Adapter], family: ImageFamily | None) -> ImageFamily:
    """The family whose names kohya's layout takes. SD1 and SD2 share theirs, so either will do where shapes do not tell.

    Raises LoomError `lora_unreadable` for a LoRA without attention layers whose header is silent: it could be SDXL.
    """
    if family is not None:
        return family
    if any("transformer_blocks" in adapter.path or adapter.component == "text_encoder" for adapter in adapters):
        return "sd1"
    raise LoomError(
        "lora_unreadable",
        f"Nothing in {label} tells its family, and kohya's names depend on it.",
        "It needs `ss_base_model_version` or `modelspec.architecture` in its header.",
    )


def _target(dst: Path, to: Target, src: Path) -> Path:
    if dst.suffix.lower() == ".safetensors" and not dst.is_dir():
        return dst
    return dst / (DIFFUSERS_FILE if to == "diffusers" else f"{src.stem}.safetensors")


def _to_diffusers(adapters: list[Adapter], header: Header) -> tuple[dict[str, RawTensor], dict[str, str]]:
    found: dict[str, RawTensor] = {}
    for adapter in adapters:
        name = f"{adapter.component}.{adapter.path}"
        found[f"{name}.lora_A.weight"], found[f"{name}.lora_B.weight"] = adapter.down, adapter.up
        if adapter.dora is not None:
            outputs = adapter.up.shape[0]
            shape = (outputs,) if len(adapter.down.shape) == 2 else (1, outputs, *(1,) * (len(adapter.down.shape) - 2))
            found[f"{name}.lora_magnitude_vector"] = RawTensor(adapter.dora.dtype, shape, adapter.dora.data)
    more = {ADAPTER_KEY: adapter_config(adapters), CLEAR_ALPHA: alpha_dtype(header)}
    return found, _without(header, *HASHES) | more


def _to_kohya(
    adapters: list[Adapter], header: Header, names: ImageFamily, family: ImageFamily | None
) -> tuple[dict[str, RawTensor], dict[str, str]]:
    found: dict[str, RawTensor] = {}
    dtype = alpha_dtype(header)
    for adapter in adapters:
        name = to_kohya(adapter.component, adapter.path, names)
        found[f"{name}.lora_down.weight"], found[f"{name}.lora_up.weight"] = adapter.down, adapter.up
        found[f"{name}.alpha"] = alpha_tensor(adapter.alpha, dtype)
        if adapter.dora is not None:
            shape = (adapter.up.shape[0], *(1,) * (len(adapter.down.shape) - 1))
            found[f"{name}.dora_scale"] = RawTensor(adapter.dora.dtype, shape, adapter.dora.data)
    metadata = _without(header, ADAPTER_KEY, CLEAR_ALPHA, "format", *HASHES)
    return found, _identity(adapters, family) | metadata


def _identity(adapters: list[Adapter], family: ImageFamily | None) -> dict[str, str]:
    """What AUTOMATIC1111 needs to file a LoRA that came without kohya's keys."""
    if family is None:
        return {}
    first = adapters[0]
    return {
        "ss_v2": str(family == "sd2"),
        "ss_base_model_version": VERSIONS[family, "epsilon"],
        "ss_network_module": "networks.lora",
        "ss_network_dim": str(first.rank),
        "ss_network_alpha": f"{first.alpha:g}",
    }


def _without(header: Header, *keys: str) -> dict[str, str]:
    return {key: value for key, value in header.metadata.items() if key not in keys}

"""What this machine has for training: devices and what else uses them, fast dtypes, disk, cores, versions, bad pairs."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import re
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import psutil
from pydantic import BaseModel, ConfigDict

from loraloom.jobs import devices, pairs

PACKAGES = ("torch", "diffusers", "transformers", "peft", "bitsandbytes", "loraloom")
LEAST_SHOWN = 500_000_000
"""Bytes from which a process counts as one that uses a device's memory."""
CPU_DTYPES = {"avx512_bf16": "bf16", "amx_bf16": "bf16", "avx512_fp16": "fp16", "amx_fp16": "fp16", "amx_int8": "int8"}
"""Flags of /proc/cpuinfo and the dtypes that they make fast."""


class Frozen(BaseModel):
    """Base of what is said here."""

    model_config = ConfigDict(frozen=True)


class Process(Frozen):
    """Somebody on a device; `memory` in bytes, None where the driver does not tell."""

    pid: int
    name: str
    memory: int | None


class KnownDevice(devices.Device):
    """A device, the dtypes that are fast on it, and who uses most of its memory."""

    capability: str | None = None
    """Compute capability of a card, such as `8.9`."""
    dtypes: tuple[str, ...]
    used_by: tuple[Process, ...]


class Hardware(Frozen):
    """Memory and disk in bytes. `torch_cuda` is the CUDA that torch was built with, None for a build without."""

    system: str
    python: str
    cores: int
    disk_total: int
    disk_free: int
    driver: str | None
    torch_cuda: str | None
    versions: dict[str, str | None]
    devices: tuple[KnownDevice, ...]
    problems: tuple[pairs.BadPair, ...]


def look(home: Path) -> Hardware:
    """The machine now; `home` is where runs are kept."""
    driver, cards = _cards()
    known = (*cards, *_apple(), _processor())
    versions, built = {name: version(name) for name in PACKAGES}, torch_cuda()
    total, free = devices.disk(home)
    capabilities = {card.name: card.capability for card in cards if card.capability}
    return Hardware(
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        cores=devices.cores(),
        disk_total=total,
        disk_free=free,
        driver=driver,
        torch_cuda=built,
        versions=versions,
        devices=known,
        problems=tuple(pairs.problems(capabilities, driver, built, versions, shutil.which("nvidia-smi") is not None)),
    )


def torch_cuda() -> str | None:
    """The CUDA version that the installed torch was built with, read without importing it."""
    found = importlib.util.find_spec("torch")
    if found is None or found.origin is None:
        return None
    try:
        text = (Path(found.origin).parent / "version.py").read_text("utf-8")
    except OSError:
        return None
    said = re.search(r"^cuda\b[^=\n]*=\s*['\"]([\d.]+)['\"]", text, re.MULTILINE)
    return said[1] if said else None


def dtypes_of(capability: tuple[int, int]) -> tuple[str, ...]:
    """Dtypes with tensor cores of their own. Source: CUDA C++ Programming Guide, table of tensor core data types."""
    fast = [("fp16", (7, 0)), ("bf16", (8, 0)), ("fp8", (8, 9))]
    return tuple(name for name, since in fast if capability >= since) or ("fp32",)


@cache
def driver() -> str | None:
    """The version of the cards' driver, if there is one."""
    with devices.nvml() as nvml:
        return None if nvml is None else _text(nvml.nvmlSystemGetDriverVersion())


def _cards() -> tuple[str | None, list[KnownDevice]]:
    with devices.nvml() as nvml:
        if nvml is None:
            return None, []
        cards = [_card(nvml, device) for device in devices.cards(nvml)]
        return _text(nvml.nvmlSystemGetDriverVersion()), cards


def _card(nvml: Any, device: devices.Device) -> KnownDevice:
    handle = nvml.nvmlDeviceGetHandleByIndex(int(device.id.partition(":")[2]))
    major, minor = nvml.nvmlDeviceGetCudaComputeCapability(handle)
    said = [*nvml.nvmlDeviceGetComputeRunningProcesses(handle), *nvml.nvmlDeviceGetGraphicsRunningProcesses(handle)]
    users = {one.pid: Process(pid=one.pid, name=_name(one.pid), memory=one.usedGpuMemory) for one in said}
    return KnownDevice(
        **device.model_dump(),
        capability=f"{major}.{minor}",
        dtypes=dtypes_of((major, minor)),
        used_by=_most(users.values()),
    )


def _apple() -> list[KnownDevice]:
    """The graphics part of Apple's chips, which shares the machine's memory; torch calls it MPS."""
    if platform.system() != "Darwin" or platform.machine() != "arm64":
        return []
    shared = devices.processor().model_copy(update={"id": "mps", "kind": "mps", "load": 0.0})
    return [KnownDevice(**shared.model_dump(), dtypes=("fp16", "fp32"), used_by=())]


def _processor() -> KnownDevice:
    users: list[Process] = []
    for one in psutil.process_iter(["pid", "name", "memory_info"]):
        memory: Any = one.info["memory_info"]
        if memory is not None and memory.rss >= LEAST_SHOWN:
            users.append(Process(pid=one.pid, name=one.info["name"] or "?", memory=memory.rss))
    return KnownDevice(**devices.processor().model_dump(), dtypes=cpu_dtypes(), used_by=_most(users))


@cache
def card_dtypes(card: str) -> tuple[str, ...]:
    """Dtypes that are fast on the card of that id, such as `cuda:0`."""
    with devices.nvml() as nvml:
        if nvml is None:
            return ("fp32",)
        handle = nvml.nvmlDeviceGetHandleByIndex(int(card.partition(":")[2]))
        return (*dtypes_of(tuple(nvml.nvmlDeviceGetCudaComputeCapability(handle))), "fp32")


@cache
def cpu_dtypes() -> tuple[str, ...]:
    """Dtypes that this processor has instructions for."""
    try:
        flags = set(
            re.findall(r"^(?:flags|Features)\s*:(.*)$", Path("/proc/cpuinfo").read_text("utf-8"), re.M)[0].split()
        )
    except (OSError, IndexError):
        flags = set[str]()
    return ("fp32", *dict.fromkeys(dtype for flag, dtype in CPU_DTYPES.items() if flag in flags))


def _most(users: Any) -> tuple[Process, ...]:
    return tuple(sorted(users, key=lambda one: -(one.memory or 0))[:5])


def _name(pid: int) -> str:
    try:
        return psutil.Process(pid).name()
    except psutil.Error:
        return "?"


@cache
def version(package: str) -> str | None:
    """The version of an installed package."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _text(said: bytes | str) -> str:
    return said.decode() if isinstance(said, bytes) else said

"""The devices of this machine that runs are leased to: every CUDA card that NVML sees, and the processor."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import psutil
from pydantic import BaseModel, ConfigDict

from loraloom.spec.work import WorkerDevice

CPU = "cpu"
GROUP = Path("/sys/fs/cgroup")


class Device(BaseModel):
    """Memory in bytes; `load` from 0 to 1."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    kind: str
    memory_total: int
    memory_free: int
    load: float


def devices() -> list[Device]:
    """Every device now, the best first."""
    with nvml() as library:
        return [*([] if library is None else cards(library)), processor()]


def slots() -> list[str]:
    """Ids of what a run can be leased."""
    return [*_card_ids(), CPU]


def offered() -> list[WorkerDevice]:
    """What a run can be leased, as workers and claims speak of it."""
    return [
        WorkerDevice(
            id=device.id,
            name=device.name[:200],
            kind="cuda" if device.kind == "cuda" else "cpu",
            memory_total=device.memory_total,
        )
        for device in devices()
    ]


def fits(wanted: str, slot: str) -> bool:
    """Whether a run that wants `wanted` may go on `slot`: on the named one, with `auto` on a card if there is any."""
    if wanted == "auto":
        return slot != CPU or not _card_ids()
    if wanted == "cuda":
        return slot != CPU
    return slot == wanted or (wanted == "mps" and slot == CPU)


def disk(folder: Path) -> tuple[int, int]:
    """Bytes in all and free where `folder` lies."""
    usage = shutil.disk_usage(folder)
    return usage.total, usage.free


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def processor() -> Device:
    """The processor and the memory of the machine."""
    memory = psutil.virtual_memory()
    return Device(
        id=CPU,
        name=_processor_name(),
        kind="cpu",
        memory_total=memory.total,
        memory_free=min(memory.available, _left_of_group()),
        load=psutil.cpu_percent(None) / 100,
    )


def _left_of_group() -> int:
    """Bytes that are left of the memory of the control group (a container's limit); endless where there is none.
    Source: Linux, control group v2 and v1, memory controller."""
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        try:
            allowed = (GROUP / limit).read_text("ascii").strip()
            if allowed != "max":
                return max(0, int(allowed) - int((GROUP / used).read_text("ascii")))
        except (OSError, ValueError):
            pass
    return sys.maxsize


@cache
def _processor_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


@cache
def _card_ids() -> tuple[str, ...]:
    with nvml() as library:
        return () if library is None else tuple(card.id for card in cards(library))


def cards(nvml: Any) -> list[Device]:
    """Every card that the open library sees."""
    return [_card(nvml, number) for number in range(nvml.nvmlDeviceGetCount())]


def _card(nvml: Any, number: int) -> Device:
    handle = nvml.nvmlDeviceGetHandleByIndex(number)
    memory = nvml.nvmlDeviceGetMemoryInfo(handle)
    name = nvml.nvmlDeviceGetName(handle)
    try:
        load = nvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100
    except nvml.NVMLError:  # some cards do not tell
        load = 0.0
    return Device(
        id=f"cuda:{number}",
        name=name.decode() if isinstance(name, bytes) else name,
        kind="cuda",
        memory_total=int(memory.total),
        memory_free=int(memory.free),
        load=load,
    )


@contextmanager
def nvml() -> Generator[Any]:
    """NVML while it is open, or None where there is no driver or no package (extra `gpu`)."""
    try:
        library: Any = import_module("pynvml")  # of the extra `gpu`
        library.nvmlInit()
    except Exception:  # no package, no driver, no permission: no card for us
        yield None
        return
    try:
        yield library
    finally:
        library.nvmlShutdown()

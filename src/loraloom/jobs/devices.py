"""The devices of this machine that runs are leased to: every CUDA card that NVML sees, and the processor."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import psutil
from pydantic import BaseModel, ConfigDict

from loraloom.spec.errors import LoomError
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


def named(wanted: Sequence[str]) -> tuple[WorkerDevice, ...]:
    """Those of this machine that are offered: `cpu`, `cuda:0`, and `cuda:0+1` for cards that one run gets together. Raises
    LoomError `no_such_device` for one that is not there or is named twice."""
    there = {one.id: one for one in offered()}
    found: list[WorkerDevice] = []
    for slot in dict.fromkeys(wanted):
        parts = cards_in(slot)
        for part in parts:
            if part not in there:
                raise LoomError("no_such_device", f"This machine has no {part!r}.", f"It has {', '.join(there)}.")
            if parts.count(part) > 1 or any(part in cards_in(one.id) for one in found):
                raise LoomError("no_such_device", f"{part} is offered twice.", "Name each card once.")
        least = min(parts, key=lambda part: there[part].memory_total)
        found.append(there[least].model_copy(update={"id": slot, "count": len(parts)}))
    return tuple(found)


def cards_in(slot: str) -> list[str]:
    """Ids of what a run computes on that was given `slot`: `cuda:0` and `cuda:1` for `cuda:0+1`."""
    kind, _, numbers = slot.partition(":")
    return [f"{kind}:{number}" for number in numbers.split("+")] if numbers else [slot]


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

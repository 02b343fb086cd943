"""Whether a run holds a device, whoever started it: a measurement beside it would say nothing."""

from __future__ import annotations

from typing import Any

import psutil

from loraloom.jobs import devices
from loraloom.spec.errors import LoomError

MODULES = ("loraloom.train", "loraloom.caption", "loraloom.generate.experiment")


def refuse_if_held(device: str) -> None:
    """Raises LoomError `in_use` when a training or captioning of anybody runs on `device` (`cpu`, `cuda:0`)."""
    on_cards = _on_cards()
    for process in psutil.process_iter(["pid", "cmdline"]):
        words: list[str] = process.info["cmdline"] or []
        if "-m" not in words or not any(module in words for module in MODULES) or "--warm" in words:
            continue
        where = next((card for card, pids in on_cards.items() if process.info["pid"] in pids), devices.CPU)
        if where == device:
            text = (
                f"The device {device} is at work (process {process.info['pid']}); a measurement beside it says nothing."
            )
            raise LoomError("in_use", text, "Wait until it is free, or leave --probe out.")


def _on_cards() -> dict[str, set[int]]:
    """Card -> processes that compute on it."""
    with devices.nvml() as nvml:
        if nvml is None:
            return {}
        found: dict[str, set[int]] = {}
        for number, card in enumerate(devices.cards(nvml)):
            handle: Any = nvml.nvmlDeviceGetHandleByIndex(number)
            found[card.id] = {int(one.pid) for one in nvml.nvmlDeviceGetComputeRunningProcesses(handle)}
        return found

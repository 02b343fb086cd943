"""The devices of this machine as forecasts see them: what is free, and which number formats are fast."""

from __future__ import annotations

import os

from loraloom.child.limits import MEMORY
from loraloom.forecast.besides import RUNTIME
from loraloom.forecast.cards import card as well_known
from loraloom.forecast.cards import cards
from loraloom.forecast.facts import DeviceFacts
from loraloom.jobs import devices, hardware
from loraloom.jobs.history import device_name
from loraloom.spec.errors import LoomError
from loraloom.spec.run import Run


def facts_of(run: Run, wanted: str | None = None) -> DeviceFacts:
    """The device that `run` would use, or `wanted`: an id such as `cuda:0`, or a well-known card by name. Of several cards
    together the first; of a processor what one of the run's processes has of it.

    Raises LoomError `device_unavailable` for one that is neither here nor well known.
    """
    here = devices.devices()
    name = wanted or run.training.device
    if name.startswith("cuda:"):
        name = devices.cards_in(name)[0]
    if name in ("auto", "cuda") and here[0].kind == "cuda":
        name = here[0].id
    elif name in ("auto", "mps"):  # Apple's cards are not told apart from the processor here
        name = devices.CPU
    found = next((device for device in here if device.id == name), None)
    if found is not None:
        return _own(found, run.training.threads, run.training.processes)
    try:
        return well_known(name)
    except KeyError as error:
        known = ", ".join(card.name for card in cards()[:3])
        text = f"There is no device {name!r} on this machine, and it is no card that Loom knows."
        raise LoomError("device_unavailable", text, f"Name one of this machine, or a card such as {known}.") from error


def names() -> list[str]:
    """Devices that can be asked about: those of this machine by id, then cards by name."""
    return [*devices.slots(), *(card.name for card in cards())]


def _own(device: devices.Device, threads: int | None, processes: int) -> DeviceFacts:
    limit = os.environ.get(MEMORY)
    kind = "cuda" if device.kind == "cuda" else "cpu"
    free = min(device.memory_free, RUNTIME[kind] + int(limit)) if limit else device.memory_free
    if kind == "cuda":
        dtypes = hardware.card_dtypes(device.id)
        return DeviceFacts(device.id, device.name, "cuda", device.memory_total, free, dtypes)
    count = threads or int(os.environ.get("OMP_NUM_THREADS", "0").split(",")[0] or 0) or devices.cores()
    count = max(1, count // processes)
    name = device_name(devices.CPU, threads if processes == 1 else count)
    return DeviceFacts(device.id, name, "cpu", device.memory_total, free // processes, hardware.cpu_dtypes(), count)

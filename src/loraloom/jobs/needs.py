"""How much memory of a device a run needs, reckoned when it is queued, so that it goes only to workers that have it."""

from __future__ import annotations

import logging

from sqlalchemy import select
from sqlalchemy.orm import Session

from loraloom.forecast.cards import card, find
from loraloom.forecast.facts import DeviceFacts
from loraloom.forecast.model import AnyPlan
from loraloom.jobs import foresee
from loraloom.jobs.line import fits
from loraloom.spec.run import Run
from loraloom.spec.work import WorkerDevice
from loraloom.store.tables import Worker

LOG = logging.getLogger("loraloom.jobs")
DTYPES = {"cuda": ("bf16", "fp16", "fp32"), "cpu": ("fp32",), "mps": ("fp16", "fp32")}
"""Number formats of devices of which nothing but the kind is known."""


def needs_bytes(session: Session, run: Run, plan: AnyPlan) -> int | None:
    """Bytes at the peak, by the forecast for the best device among the workers' that the run may go on. None without one: on
    this machine itself a run that does not fit is lowered until it does."""
    device = _best(session, run.training.device)
    if device is None:
        return None
    try:
        return round(foresee.foresee(foresee.case_of(run, plan, _facts(device))).peak_memory_bytes.p50)
    except Exception as error:  # a forecast is a help: without it the run goes anywhere
        LOG.info("no forecast of memory for a queued run: %s", error)
        return None


def _best(session: Session, wanted: str) -> WorkerDevice | None:
    """Cards before processors, then by memory."""
    told = [
        WorkerDevice.model_validate(device) for devices in session.scalars(select(Worker.devices)) for device in devices
    ]
    suited = [device for device in told if device.memory_total and fits(wanted, device)]
    return max(suited, key=lambda device: (device.kind != "cpu", device.memory_total), default=None)


def _facts(device: WorkerDevice) -> DeviceFacts:
    known = find(device.name) if device.kind == "cuda" else None
    if known is not None:
        return card(known.name)
    total = device.memory_total
    return DeviceFacts(device.id, device.name or device.kind, device.kind, total, total, DTYPES[device.kind])

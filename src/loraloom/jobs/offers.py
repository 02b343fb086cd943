"""What runs can be leased now: the devices of this machine, and those of every worker that is there and takes runs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from loraloom.jobs import devices
from loraloom.jobs.line import enough, fits
from loraloom.jobs.workers import SEEN
from loraloom.spec.work import WorkerDevice
from loraloom.store.tables import Setting, Worker, now

HERE = "here"


@dataclass(frozen=True)
class Offer:
    """One device. `lease` is the name of its lease, `auto` whether runs that leave the choice may go there."""

    lease: str
    device: WorkerDevice
    labels: frozenset[str] = frozenset()
    auto: bool = True

    def has_labels(self, labels: Collection[str]) -> bool:
        """Whether its machine has all of `labels`."""
        return self.labels.issuperset(labels)

    def is_wanted(self, wanted: str) -> bool:
        """Whether a run that wants the device `wanted` may go there."""
        return fits(wanted, self.device, self.auto)

    def holds(self, needs_bytes: int | None) -> bool:
        """Whether its memory is enough, as far as anybody knows."""
        return not needs_bytes or not self.device.memory_total or needs_bytes <= self.device.memory_total

    def has_cards(self, cards: int) -> bool:
        """Whether it is enough for a run that computes on so many cards."""
        return enough(cards, self.device)

    def takes(self, wanted: str, labels: Collection[str], needs_bytes: int | None, cards: int) -> bool:
        """Whether a run with these wishes may go there."""
        return self.is_wanted(wanted) and self.has_labels(labels) and self.holds(needs_bytes) and self.has_cards(cards)


def announce(session: Session, own: Sequence[WorkerDevice]) -> None:
    """Remember the devices of the server's own machine that take runs: none where workers do everything."""
    session.merge(Setting(key=HERE, value={"devices": [device.model_dump() for device in own]}))


def offers(session: Session, here: Sequence[WorkerDevice] | None = None) -> list[Offer]:
    """Every device: those of the server's own machine (`here`: instead of what was announced) and then the workers'."""
    own = _announced(session) if here is None else here
    found = [Offer(device.id, device, auto=device.kind != "cpu" or len(own) == 1) for device in own]
    there = select(Worker).where(Worker.draining.is_(False), Worker.seen_at > now() - SEEN).order_by(Worker.name)
    for worker in session.scalars(there):
        labels = frozenset(map(str, worker.labels))
        told = [WorkerDevice.model_validate(device) for device in worker.devices]
        found += [Offer(f"{worker.name}/{device.id}", device, labels) for device in told]
    return found


def _announced(session: Session) -> Sequence[WorkerDevice]:
    row = session.get(Setting, HERE)
    return _here() if row is None else [WorkerDevice.model_validate(device) for device in row.value["devices"]]


@cache
def _here() -> tuple[WorkerDevice, ...]:
    """This machine's own, which take whatever comes: its ladder finds out what fits."""
    return tuple(device.model_copy(update={"memory_total": 0}) for device in devices.offered())

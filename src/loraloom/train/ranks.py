"""The processes that share each batch of a run, each on a device of its own, and what they tell each other.

Data parallel training by torch.distributed: gradients are summed over all processes before each step, so that all of them
take the same one. Rank 0 is the child itself, which decides everything, writes everything and says what comes next; the
others (`train.follow`) only compute. Alone, nothing is told to anybody and torch.distributed is not imported.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from loraloom.child.work import is_memory
from loraloom.train.cache import Entry

STORE = "store"
"""The file in their common folder by which the processes find each other."""
HERE = "here-"
"""Begins the name of an empty file there, one for each process that waits for the others."""
END = -1
PATIENCE = timedelta(days=30)
"""Nobody gives up waiting: rank 0 draws and writes meanwhile. `train.crew` notices within a second that one is gone."""


class Left(Exception):
    """Another process of the run has failed or is gone. Rank 0 says why; the others just end."""


class Others(Protocol):
    """What rank 0 knows of the others (`train.crew`)."""

    def look(self) -> None:
        """Raise where one of them has failed."""
        ...

    def why(self) -> Exception | None:
        """What one of them has failed with, where they have fallen silent."""
        ...


class Ranks:
    """One process's place among `count`. They meet in the folder `place` when they first have something to tell."""

    def __init__(
        self,
        number: int = 0,
        count: int = 1,
        place: Path | None = None,
        device: torch.device | None = None,
        others: Others | None = None,
    ) -> None:
        self.number, self.count = number, count
        self._place, self._device, self._others = place, device, others
        self._met = False
        self._sums: Any = None
        self._room: Tensor | None = None

    @property
    def first(self) -> bool:
        """Whether this process is the one that decides and writes."""
        return self.number == 0

    def takes(self, piece: int) -> bool:
        """Whether piece number `piece` of a step is computed here. They are dealt out to and fro, as the last part of a
        batch is often smaller."""
        turn, place = divmod(piece, self.count)
        return self.number == (place if turn % 2 == 0 else self.count - 1 - place)

    def say(self, step: int) -> None:
        """Rank 0: all compute `step` now."""
        if self.count > 1:
            self._told(step)

    def dismiss(self) -> None:
        """Rank 0: there is nothing more to compute."""
        self.say(END)

    def hear(self) -> int | None:
        """The others: the step to compute now; None when there is none any more."""
        step = self._told(0)
        return None if step == END else step

    def begin_alike(self, parameters: Sequence[nn.Parameter]) -> None:
        """Everywhere the weights of rank 0; and room to add up their gradients, which a process out of memory needs too."""
        if self.count > 1:
            self._room = torch.zeros(sum(p.numel() + 1 for p in parameters) + 3, device=self._device)
            with self._calling() as dist, torch.no_grad():
                for parameter in parameters:
                    held = parameter.detach().cpu()
                    dist.broadcast(held, 0)
                    parameter.copy_(held)

    def gather(self, own: dict[str, Entry]) -> dict[str, Entry]:
        """What all of them have made, each its own share of it; on the CPU."""
        if self.count == 1:
            return own
        mine = {key: {name: value.detach().cpu() for name, value in entry.items()} for key, entry in own.items()}
        found: list[dict[str, Entry]] = [{} for _ in range(self.count)]
        with self._calling() as dist:
            dist.all_gather_object(found, mine)
        return {key: entry for some in found for key, entry in some.items()}

    def add_up(self, parameters: Sequence[nn.Parameter], loss: Tensor, failed: Exception | None) -> float:
        """Sum the gradients of `parameters` and the loss [] over all processes; returns the loss.

        `begin_alike` comes first. A process that `failed` takes part too, so that nobody waits for it: then all of them
        raise. Raises `failed`, in rank 0 the failure of another process, elsewhere `Left`. A parameter that had no gradient
        anywhere has none after.
        """
        if self.count == 1:
            if failed is not None:
                raise failed
            return float(loss)
        room = self._room
        assert room is not None
        sizes = [parameter.numel() for parameter in parameters]
        grads, seen, tail = room.split([sum(sizes), len(sizes), 3])
        try:
            room.zero_()
            if failed is None:
                _write(grads, seen, parameters)
                tail[0] = loss
        except Exception as error:
            failed = error
        if failed is not None:
            room.zero_()
            tail[1 if is_memory(failed) else 2] = 1
        with self._calling() as dist:
            dist.all_reduce(room, group=self._sums)
        total, memory, other = tail.tolist()
        if failed is not None:
            raise failed
        if memory or other:
            raise self._missed(bool(memory))
        for parameter, grad, there in zip(parameters, grads.split(sizes), seen.tolist(), strict=True):
            parameter.grad = grad.view_as(parameter).to(parameter.dtype) if there else None
        return total

    def close(self) -> None:
        """Speak to nobody any more."""
        if self._met:
            import torch.distributed as dist

            self._met, self._sums = False, None
            dist.destroy_process_group()

    def _missed(self, memory: bool) -> Exception:
        """What to raise where another process has failed and said so."""
        if self._others is None:
            return Left()
        if memory:
            return MemoryError("out of memory in another process")
        return self._others.why() or RuntimeError("another process of this run failed; the log has its traceback")

    def _told(self, step: int) -> int:
        word = torch.tensor([step])
        with self._calling() as dist:
            dist.broadcast(word, 0)
        return int(word)

    @contextmanager
    def _calling(self) -> Generator[Any]:
        """torch.distributed, met with the others; what it raises is turned into what has happened."""
        import torch.distributed as dist

        try:
            if not self._met:
                self._meet(dist)
            yield dist
        except RuntimeError as error:  # how a connection ends with its other end
            reason = Left() if self._others is None else self._others.why()
            if reason is None or is_memory(error):
                raise
            raise reason from error

    def _meet(self, dist: Any) -> None:
        assert self._place is not None and self._device is not None
        (self._place / f"{HERE}{self.number}").touch()
        if self._others is not None:
            while len(list(self._place.glob(f"{HERE}*"))) < self.count:
                self._others.look()
                time.sleep(0.02)
        os.environ.update(_loopback())
        store = dist.FileStore(str(self._place / STORE), self.count)
        dist.init_process_group("gloo", store=store, rank=self.number, world_size=self.count, timeout=PATIENCE)
        self._met = True
        if (
            self._device.type == "cuda" and dist.is_nccl_available()
        ):  # words go over gloo: who waits there leaves the card alone
            self._sums = dist.new_group(backend="nccl", timeout=PATIENCE)


def _write(grads: Tensor, seen: Tensor, parameters: Sequence[nn.Parameter]) -> None:
    """The gradients, one after the other, into `grads`; 1 into `seen` for each that is there."""
    if all(parameter.grad is None for parameter in parameters):
        return
    torch.cat([_grad(parameter).reshape(-1).float() for parameter in parameters], out=grads)
    seen.copy_(torch.tensor([float(parameter.grad is not None) for parameter in parameters]))


def _grad(parameter: nn.Parameter) -> Tensor:
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad


def _loopback() -> dict[str, str]:
    """Environment that keeps the talk on this machine: the name of the network interface that is 127.0.0.1."""
    import psutil

    if sys.platform == "win32":  # gloo takes no name there
        return {}
    names = [name for name, found in psutil.net_if_addrs().items() if any(a.address == "127.0.0.1" for a in found)]
    return dict.fromkeys(("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME"), names[0]) if names else {}

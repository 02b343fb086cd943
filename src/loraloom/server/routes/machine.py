"""The machine at a glance."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from loraloom import __version__
from loraloom.jobs import devices, sandbox
from loraloom.server.deps import Ctx, Me

router = APIRouter(tags=["machine"])


class SandboxView(BaseModel):
    """How runs are kept apart, and a sentence about it."""

    kind: sandbox.Kind
    message: str


class Machine(BaseModel):
    """Memory and disk in bytes; `warm`: the next run starts at once. `import_roots`: folders of the server that data sets
    may be filled from."""

    version: str
    devices: list[devices.Device]
    cores: int
    memory_total: int
    memory_free: int
    disk_total: int
    disk_free: int
    sandbox: SandboxView
    warm: bool
    import_roots: list[str]


@router.get("/machine")
def read_machine(context: Ctx, user: Me) -> Machine:
    """Devices, memory, disk and how runs are kept apart."""
    found = devices.devices()
    total, free = devices.disk(context.home)
    return Machine(
        version=__version__,
        devices=found,
        cores=devices.cores(),
        memory_total=found[-1].memory_total,
        memory_free=found[-1].memory_free,
        disk_total=total,
        disk_free=free,
        sandbox=SandboxView(kind=sandbox.kind(), message=sandbox.message()),
        warm=context.supervisor.warm,
        import_roots=[str(root) for root in context.options.import_roots],
    )

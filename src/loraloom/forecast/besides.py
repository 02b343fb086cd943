"""What a run holds besides its own numbers: the program, the card's context, what allocators keep without need."""

from __future__ import annotations

from collections.abc import Sequence

from loraloom.forecast.facts import DeviceFacts, Kind
from loraloom.spec.forecast import StageMemory

MIB = 1 << 20
RUNTIME: dict[Kind, int] = {"cpu": 497 * MIB, "cuda": 450 * MIB, "mps": 450 * MIB}
"""Python with torch, diffusers, transformers and peft (resident, measured); a card's context and kernels."""
CUDA_WORKSPACE = 48 * MIB
"""cuBLAS and cuDNN keep this for themselves."""
CUDA_SLACK = 0.06
"""What the caching allocator holds besides, in parts of what comes and goes: blocks are rounded and split."""
CPU_SLACK, CPU_CHURN, CHURN_BYTES = 0.25, 3.0, 512 * MIB
"""What the C library holds besides, fitted to the resident memory of runs of the embedded base and of one of 137
million parameters: holes between blocks kept for the way back, and more where blocks come and go between them, as with
checkpointing. Blocks above 32 MiB have a mapping of their own and leave none, so that this does not grow for ever."""
STAYS = 0.85
"""Part of what training took for its steps that is still resident on a CPU when samples are drawn."""


def slack(kind: Kind, working: int, kept: int = 0) -> int:
    """Bytes that the allocator of a device holds without need, where `kept` bytes stay and `working` come and go."""
    if kind == "cuda":
        return int(CUDA_SLACK * (working + kept)) + CUDA_WORKSPACE
    return int(CPU_SLACK * kept + min(CPU_CHURN * working, CHURN_BYTES))


def written(adapter: int, state: int) -> int:
    """A checkpoint on its way to the disk: a copy of all that trains and of its optimizer's state, and of the larger of its
    two files twice more, as bytes of each tensor and as the file. In the machine's memory."""
    return adapter + state + 2 * max(adapter, state)


def reported(stages: Sequence[StageMemory], device: DeviceFacts) -> int:
    """The peak as Loom reports it: resident memory on a CPU; on CUDA what the allocator reserves, without the context."""
    return max(stage.bytes for stage in stages) - (RUNTIME["cuda"] if device.kind == "cuda" else 0)

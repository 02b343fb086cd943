"""Why a child is gone, in the user's words."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from loraloom.child import limits
from loraloom.spec.errors import LoomError

RESUME = "Run `loraloom train` on the run folder to go on from the newest checkpoint."
WORDS: dict[str, tuple[str, str]] = {
    "SIGKILL": (
        "was killed, often by the system because memory ran out",
        "Close other programs, or lower training.batch_size, dataset.resolution or lora.rank. " + RESUME,
    ),
    "SIGTERM": ("was told to end and could not write a checkpoint in time", RESUME),
    "SIGHUP": ("was ended because its terminal closed", RESUME),
    "SIGSEGV": ("crashed inside a library (a memory fault)", "Update torch and the card's driver. " + RESUME),
    "SIGBUS": (
        "crashed on memory it could not reach, often because /dev/shm or the disk is full",
        "Free some space. " + RESUME,
    ),
    "SIGABRT": ("was ended by a library that noticed a fault", "The last lines of log.txt name it. " + RESUME),
    "SIGILL": ("met an instruction that this processor lacks", "Install a build of torch made for this processor."),
    "SIGXCPU": ("used up the processor time it was allowed", "Raise the limit (ulimit -t). " + RESUME),
}
CRASHES = ("SIGKILL", "SIGABRT", "SIGSEGV")
"""What libraries do that cannot say in another way that memory ran out."""
MEMORY = ("MemoryError", "out of memory", "can't allocate memory", "bad_alloc", "Thread creation failed")


def oom_kills() -> int:
    """How often Linux has ended a process because memory ran out, in containers too, since it started; 0 elsewhere.
    Source: oom_kill in /proc/vmstat."""
    try:
        lines = Path("/proc/vmstat").read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


def why(code: int, log: Path, kills_before: int | None = None) -> LoomError:
    """The error for a child that ended with `code` (negative: a signal) and said nothing in its events. `kills_before` is
    `oom_kills()` when it was started: one more, and it was the system."""
    if code < 0:
        name = _signal_name(-code)
        words, hint = WORDS.get(name, (f"was ended by the signal {name}", RESUME))
        by_system = name == "SIGKILL" and kills_before is not None and oom_kills() > kills_before
        by_limit = name in CRASHES and (_ran_out(log) or (name != "SIGKILL" and limits.MEMORY in os.environ))
        return LoomError(
            "out_of_memory" if by_system or by_limit else "child_died",
            f"The training process {words}.",
            hint,
        )
    if _ran_out(log):
        return LoomError("out_of_memory", "The training process ran out of memory.", WORDS["SIGKILL"][1])
    return LoomError(
        "child_died", f"The training process ended with code {code} without a word.", f"The reason stands in {log}."
    )


def at_limit(limit: int) -> LoomError:
    """The error for a child that Linux ended because it wanted more than the `limit` of its container, in bytes."""
    text = f"The training process wanted more memory than its container may have ({limit / 1e9:.1f} GB)."
    hint = "Raise LORALOOM_MEMORY, or lower training.batch_size, dataset.resolution or lora.rank. " + RESUME
    return LoomError("out_of_memory", text, hint)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def tail_of(log: Path, size: int = 4096) -> str:
    """The last `size` bytes of a log as text; empty when there is none."""
    try:
        with log.open("rb") as stream:
            stream.seek(0, 2)
            stream.seek(max(0, stream.tell() - size))
            return stream.read().decode("utf-8", "replace")
    except OSError:
        return ""


def _ran_out(log: Path) -> bool:
    """Whether the end of the log speaks of memory."""
    end = tail_of(log).lower()
    return any(word.lower() in end for word in MEMORY)

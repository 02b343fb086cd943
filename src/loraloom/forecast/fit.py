"""Fit to this machine: the settings of a run changed so that it fits a device, and gets faster where there is room."""

from __future__ import annotations

from math import ceil

from loraloom.forecast import model
from loraloom.forecast.facts import DeviceFacts
from loraloom.forecast.fit_samples import SIDES, smaller_samples
from loraloom.forecast.fit_words import said
from loraloom.forecast.ladder import KEPT, applied, at_once, has_eight_bit, next_rung, value_of
from loraloom.forecast.model import AnySize
from loraloom.forecast.precision import precision_of
from loraloom.forecast.room import AMPLE, Changes, Memory, Room
from loraloom.models.shape import AnyShape
from loraloom.spec.forecast import Fitted, SettingChange
from loraloom.spec.run import Run


def fit(
    run: Run,
    shape: AnyShape,
    plan: AnySize,
    device: DeviceFacts,
    *,
    memory: Memory = model.memory,
    eight_bit: bool | None = None,
) -> tuple[Run, Fitted]:
    """`run` with the fewest changes that make it fit what `device` has free, and those changes in words.

    Precision first (what is fast there), then 8-bit AdamW on CUDA where it is installed (`eight_bit`; None looks), then down
    `forecast.ladder`. Where there is ample room, what saves memory and costs time is turned off instead. The effective
    batch (`batch_size` x `accumulation`) always stays. `memory` may be the model scaled to what runs here really took.
    """
    eight = has_eight_bit() if eight_bit is None else eight_bit
    room = Room(run, shape, plan, device, memory)
    fast = _fast_precision(room)
    changes = _upward(room, fast) if room.fits(fast) else _downward(room, fast, eight)
    changes = {key: new for key, new in changes.items() if new != value_of(run, key)}  # there and back again
    return applied(run, changes), Fitted(changes=_explained(room, changes), fits=room.fits(changes))


def _fast_precision(room: Room) -> Changes:
    """What `auto` would take, where the run insists on something that is slower on this device or does not work there."""
    wanted = room.run.training.precision
    best = precision_of(applied(room.run, {"training.precision": "auto"}), room.shape, room.device)
    return {} if wanted in ("auto", best) else {"training.precision": best}


def _upward(room: Room, fast: Changes) -> Changes:
    """Without what saves memory, what costs most time first, where that leaves ample room."""
    training = room.run.training
    keep: Changes = {"training.gradient_checkpointing": False} if training.gradient_checkpointing else {}
    whole: Changes = (
        {"training.micro_batch": None} if at_once(room.run) < ceil(training.batch_size / training.processes) else {}
    )
    return next((fast | more for more in (keep | whole, keep, whole) if more and room.fits(fast | more, AMPLE)), fast)


def _downward(room: Room, fast: Changes, eight: bool) -> Changes:
    """Down until it fits, and then without whatever turned out not to be needed."""
    changes = dict(fast)
    if room.device.kind == "cuda" and eight and room.run.optimizer.name not in KEPT:
        changes["optimizer.name"] = "adamw8bit"
    while not room.fits(changes) and (more := _lower(room, changes, eight)):
        changes |= more
    return _pruned(room, fast, changes) if room.fits(changes) else changes


def _lower(room: Room, changes: Changes, eight: bool) -> Changes:
    """What to change next for the stage that holds most; empty when nothing helps it."""
    now, stage, device = applied(room.run, changes), room.peak(changes).stage, room.device
    if stage == "sampling" and (smaller := smaller_samples(room, now, changes)):
        return smaller
    rung = next_rung(now, device.kind, stage, eight_bit=eight)
    return {} if rung is None else {rung[0]: rung[2]}


def _pruned(room: Room, fast: Changes, changes: Changes) -> Changes:
    """Without what is not needed, the costliest first, with as many pictures at once and samples as large as fit then."""
    for key in reversed(changes):
        without = {other: value for other, value in changes.items() if other != key}
        if key not in fast and key not in SIDES and room.fits(without):
            changes = without
    micro = changes.get("training.micro_batch")
    training = room.run.training
    while micro and micro * 2 < training.batch_size / training.processes:
        micro *= 2
        more = changes | {"training.micro_batch": micro}
        if not room.fits(more):
            break
        changes = more
    without = {key: value for key, value in changes.items() if key not in SIDES}
    if without == changes:
        return changes
    return without if room.fits(without) else changes | smaller_samples(room, applied(room.run, without), without)


def _explained(room: Room, changes: Changes) -> tuple[SettingChange, ...]:
    """Each change in the order it was decided, with the peak before and after it."""
    found: list[SettingChange] = []
    so_far: Changes = {}
    for key, new in changes.items():
        before, so_far = room.peak(so_far).bytes, so_far | {key: new}
        found.append(said(room.run, room.device, key, new, before, room.peak(so_far).bytes))
    return tuple(found)

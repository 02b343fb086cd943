"""From what a child said to the columns of its run's row."""

from __future__ import annotations

from typing import Any

from loraloom.spec import event as e

STAGE_ENDS: dict[str, Any] = {"eta_seconds": None, "eta_low_seconds": None, "eta_high_seconds": None}


def columns(payload: Any) -> dict[str, Any]:
    """The columns that `payload` changes, but the state."""
    match payload:
        case e.RunStarted():
            return {
                "step": payload.step,
                "total_steps": payload.total_steps,
                "resumed_from": payload.step or None,
                "stage": "training",
                "stage_done": payload.step,
                "stage_total": payload.total_steps,
            }
        case e.StageStarted():
            return {"stage": payload.stage, "stage_done": 0, "stage_total": payload.total}
        case e.StageProgressed(stage="captioning" | "comparing"):
            counted = {"step": payload.done, "total_steps": payload.total}
            return counted | {"stage": payload.stage, "stage_done": payload.done, "stage_total": payload.total}
        case e.StageProgressed():
            return {"stage": payload.stage, "stage_done": payload.done, "stage_total": payload.total}
        case e.StepLogged():
            return {
                "stage": "training",
                "stage_done": payload.step,
                "stage_total": payload.total_steps,
                "step": payload.step,
                "total_steps": payload.total_steps,
                "loss": payload.smoothed_loss if payload.smoothed_loss == payload.smoothed_loss else None,
                "step_seconds": payload.step_seconds,
                "eta_seconds": payload.eta_seconds,
                "eta_low_seconds": payload.eta_low_seconds,
                "eta_high_seconds": payload.eta_high_seconds,
                "memory_bytes": payload.memory_bytes,
                "peak_memory_bytes": payload.peak_memory_bytes,
            }
        case e.SampleSaved():
            return {"cover": payload.file} if payload.text is None else {}
        case e.RunFinished():
            return {"step": payload.steps, "step_seconds": payload.seconds_per_step, **STAGE_ENDS}
        case e.CaptionsFinished():
            return {"step": payload.images, **STAGE_ENDS}
        case e.ExperimentFinished():
            return {"step": payload.cells, **STAGE_ENDS}
        case e.RunFailed() | e.RunLost():
            return {
                "error": {"code": payload.code, "message": payload.message, "hint": payload.hint},
                **STAGE_ENDS,
            }
        case e.RunInterrupted():
            return {"step": payload.step, **STAGE_ENDS}
        case _:
            return {}

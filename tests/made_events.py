"""Events of a made-up run, written as a child writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from loraloom.spec import event

START = datetime(2026, 1, 1, tzinfo=UTC)


def started(step: int = 0) -> event.RunStarted:
    return event.RunStarted(
        run="r", family="sd1", base_model="thimble", device="cpu", step=step, total_steps=4, images=5,
        trainable_parameters=1000, pid=1,
    )  # fmt: skip


def logged(step: int, loss: float = 0.5, peak: int = 100) -> event.StepLogged:
    return event.StepLogged(
        step=step, total_steps=4, epoch=1, loss=loss, smoothed_loss=loss, lr=1e-4, step_seconds=0.25, eta_seconds=30,
        eta_low_seconds=25, eta_high_seconds=40, memory_bytes=50, peak_memory_bytes=peak, device="cpu",
    )  # fmt: skip


def finished(**changed: Any) -> event.RunFinished:
    fields: dict[str, Any] = {
        "lora": "lora/x.safetensors", "steps": 4, "loss_first": 0.9, "loss_last": 0.1, "seconds": 10.0,
        "seconds_per_step": 0.25, "seconds_to_first_step": 2.0, "peak_memory_bytes": 70, "samples": [],
    }  # fmt: skip
    return event.RunFinished(**(fields | changed))


def write(run_dir: Path, *payloads: Any, first: int = 1) -> None:
    """Append `payloads`, a second apart."""
    run_dir.mkdir(parents=True, exist_ok=True)
    with (run_dir / "events.jsonl").open("a", encoding="utf-8", newline="\n") as stream:
        for seq, payload in enumerate(payloads, first):
            stream.write(event.encode(seq, START + timedelta(seconds=seq), payload))

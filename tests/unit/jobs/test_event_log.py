"""Any part of a run's events is found quickly and sent thinned, and nothing but steps is ever left out."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from pathlib import Path

from loraloom.jobs.event_log import EventLog
from loraloom.spec.event import CheckpointSaved, RunStarted, StepLogged, encode

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def step(number: int, loss: float, total: int) -> StepLogged:
    return StepLogged(
        step=number, total_steps=total, epoch=1, loss=loss, smoothed_loss=loss, lr=1e-4, step_seconds=0.1, eta_seconds=1,
        eta_low_seconds=1, eta_high_seconds=2, memory_bytes=1, peak_memory_bytes=2, device="cpu",
    )  # fmt: skip


def write(run_dir: Path, steps: int) -> list[str]:
    """A start, steps of a falling curve with a spike, a checkpoint every 100."""
    started = RunStarted(
        run="r", family="sd1", base_model="thimble", device="cpu", step=0, total_steps=steps, images=1,
        trainable_parameters=1, pid=1,
    )  # fmt: skip
    said: list[object] = [started]
    for number in range(1, steps + 1):
        said.append(step(number, 9.0 if number == steps // 2 else 1 / math.sqrt(number), steps))
        if number % 100 == 0:
            said.append(CheckpointSaved(step=number, folder=f"checkpoints/step-{number:06d}", reason="steps"))
    lines = [encode(seq, NOW, payload) for seq, payload in enumerate(said, 1)]  # type: ignore[arg-type]
    (run_dir / "events.jsonl").write_text("".join(lines), encoding="utf-8")
    return lines


def test_everything_comes_when_it_is_little(tmp_path: Path) -> None:
    lines = write(tmp_path, 50)
    log = EventLog(tmp_path)
    assert log.refresh() and not log.refresh()
    assert log.last_seq == len(lines)
    assert [text + "\n" for text in log.read()] == lines
    assert [json.loads(text)["seq"] for text in log.read(after=48)] == [49, 50, 51]
    assert [json.loads(text)["seq"] for text in log.read(after=10, until=12)] == [11, 12]
    assert log.read(after=51) == [] == log.read(after=10**9)


def test_steps_are_thinned_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, 5000)
    log = EventLog(tmp_path)
    log.refresh()
    events = [json.loads(text) for text in log.read(points=100)]
    seqs = [event["seq"] for event in events]
    assert seqs == sorted(set(seqs))
    steps = [event["payload"] for event in events if event["type"] == "StepLogged"]
    assert 50 <= len(steps) <= 101
    assert sum(event["type"] == "CheckpointSaved" for event in events) == 50
    assert max(said["loss"] for said in steps) == 9.0, "a spike is kept"
    assert steps[0]["step"] == 1 and steps[-1]["step"] == 5000


def test_what_is_torn_or_no_event_is_passed_over(tmp_path: Path) -> None:
    lines = write(tmp_path, 3)
    file = tmp_path / "events.jsonl"
    log = EventLog(tmp_path)
    file.write_text("".join(lines[:2]) + lines[2][:40])
    assert log.refresh() and log.last_seq == 2
    file.write_text("".join(lines[:3]))
    assert log.refresh() and log.last_seq == 3
    with file.open("a") as stream:
        stream.write(
            '{"seq":4,"time":"x","type":"StepLogged","payload":<script>}\nnonsense\n'
            + lines[3].replace('"seq":4', '"seq":5')
        )
    log.refresh()
    assert [json.loads(text)["seq"] for text in log.read()] == [1, 2, 3, 5]


def test_no_file_yet(tmp_path: Path) -> None:
    log = EventLog(tmp_path)
    assert not log.refresh() and log.last_seq == 0 and log.read() == []

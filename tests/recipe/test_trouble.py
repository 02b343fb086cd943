"""What goes wrong on people's machines: full disks, read-only folders, diverging losses, two processes at once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from loraloom.child.work import translate
from loraloom.spec.errors import LoomError
from loraloom.train.__main__ import WORDS, main
from loraloom.train.checkpoint import folders, read
from tests.runs import make_run, payloads, start_child, train_here, wait_for_steps

needs_mount = pytest.mark.skipif(
    sys.platform == "win32" or os.getuid() != 0, reason="mounting a small or read-only disk needs root"
)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(place)], check=True)
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@needs_mount
def test_a_full_disk_is_said_and_leaves_whole_checkpoints(small_disk: Path) -> None:
    run_dir = make_run(
        small_disk / "run", lora={"rank": 8}, training={"steps": 50}, checkpoints={"every_steps": 1, "keep_last": 50}
    )
    assert main([str(run_dir)]) == 1
    left = folders(run_dir)
    assert left, "the disk must hold some checkpoints"
    for folder in left:
        read(folder)
    (small_disk / "run" / "checkpoints" / left[0].name / "optimizer.safetensors").unlink()
    assert main([str(run_dir)]) == 1
    failed = payloads(run_dir, "RunFailed")
    assert failed[-1]["code"] == "disk_full" and "Free some space" in failed[-1]["hint"]


@needs_mount
def test_a_read_only_folder_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run_dir = make_run(tmp_path / "run")
    subprocess.run(["mount", "--bind", str(run_dir), str(run_dir)], check=True)
    subprocess.run(["mount", "-o", "remount,ro,bind", str(run_dir)], check=True)
    try:
        assert main([str(run_dir)]) == 1
    finally:
        subprocess.run(["umount", str(run_dir)], check=True)
    assert "cannot be written" in capfd.readouterr().err


def test_divergence_stops_the_run_and_keeps_the_last_good_checkpoint(tmp_path: Path) -> None:
    run_dir = make_run(
        tmp_path / "run",
        lora={"alpha": 1e9},
        training={"steps": 40, "max_grad_norm": 0},
        optimizer={"learning_rate": 10, "scheduler": "constant"},
        checkpoints={"every_steps": 1, "keep_last": 1},
    )
    assert main([str(run_dir)]) == 1
    failed = payloads(run_dir)[-1]
    assert failed["code"] == "loss_not_finite" and "learning_rate" in failed["hint"]
    state = read(folders(run_dir)[-1])
    assert all(tensor.isfinite().all() for tensor in state["tensors"].values())
    assert not (run_dir / "lora").exists()


def test_two_processes_cannot_share_a_folder(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path / "run", training={"steps": 100_000})
    child = start_child(run_dir)
    try:
        wait_for_steps(run_dir, child, 1)
        before = len(payloads(run_dir, "RunStarted"))
        assert main([str(run_dir)]) == 1
        assert len(payloads(run_dir, "RunStarted")) == before
    finally:
        child.kill()
        child.wait()


def test_a_file_that_does_not_reproduce_fails_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from loraloom.train import export

    real = export.tensors_of

    def wrong(*arguments: object) -> object:
        tensors = real(*arguments)  # type: ignore[arg-type]
        return {name: tensor * 2 if name.endswith("alpha") else tensor for name, tensor in tensors.items()}

    monkeypatch.setattr(export, "tensors_of", wrong)
    run_dir = make_run(tmp_path / "run", optimizer={"learning_rate": 1e-2})
    with pytest.raises(LoomError) as caught:
        train_here(run_dir)
    assert caught.value.code == "lora_not_reproduced"


def test_a_torn_event_is_mended(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path / "run")
    assert train_here(run_dir, iter([None, None, "SIGINT"]).__next__) == "SIGINT"
    with (run_dir / "events.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"seq":99,"time":"2026')
    assert train_here(run_dir) is None
    assert payloads(run_dir)[-1]["type"] == "RunFinished"


def test_memory_and_surprises_are_said_in_the_users_words() -> None:
    assert translate(RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), WORDS).code == "out_of_memory"
    assert "batch_size" in translate(MemoryError(), WORDS).hint
    assert translate(ValueError("odd"), WORDS).code == "internal"
    assert main([]) == 2

"""What the machine has: facts that hold anywhere, and the pairs that are known not to work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loraloom.cli.machine import machine
from loraloom.jobs import devices
from loraloom.jobs.hardware import dtypes_of, look, torch_cuda
from loraloom.jobs.pairs import problems
from loraloom.spec.errors import LoomError
from loraloom.spec.work import WorkerDevice

ALL = {"torch": "2.13.0", "bitsandbytes": "0.49.0"}


def test_this_machine(tmp_path: Path) -> None:
    """Sizes are those of the system; the processor is always there, and computes in fp32."""
    found = look(tmp_path)
    processor = found.devices[-1]
    assert processor.id == "cpu" and "fp32" in processor.dtypes
    assert 0 < processor.memory_free <= processor.memory_total
    assert 0 < found.disk_free <= found.disk_total
    assert found.versions["loraloom"] and found.versions["torch"]
    assert [device.id for device in found.devices if device.kind != "mps"] == devices.slots()


def test_cuda_of_torch_is_read_without_importing_it() -> None:
    """The file says the same as the module."""
    import torch

    assert torch_cuda() == torch.version.cuda


@pytest.mark.parametrize(
    ("capability", "fast"),
    [((6, 1), ("fp32",)), ((7, 5), ("fp16",)), ((8, 6), ("fp16", "bf16")), ((8, 9), ("fp16", "bf16", "fp8"))],
)
def test_fast_dtypes(capability: tuple[int, int], fast: tuple[str, ...]) -> None:
    """Turing has fp16, Ampere bf16 too, Ada and newer fp8."""
    assert dtypes_of(capability) == fast


@pytest.mark.parametrize(
    ("cards", "driver", "cuda", "versions", "codes"),
    [
        ({}, None, None, ALL, []),
        ({"RTX 4090": "8.9"}, "580.65.06", "13.0", ALL, []),
        ({"RTX 4090": "8.9"}, "535.104.05", "12.8", ALL, []),
        ({"RTX 4090": "8.9"}, "580.65.06", "13.0", ALL | {"bitsandbytes": None}, ["no_8bit"]),
        ({"RTX 4090": "8.9"}, "550.54", None, ALL, ["torch_without_cuda"]),
        ({"RTX 4090": "8.9"}, "550.54", "13.0", ALL, ["driver_too_old"]),
        ({"RTX 5090": "12.0"}, "580.65", "12.6", ALL, ["card_not_in_torch"]),
        ({"RTX 5090": "12.0"}, "580.65", "12.8", ALL, []),
        ({"GTX 1080": "6.1"}, "580.65", "13.0", ALL, ["card_not_in_torch"]),
        ({"GTX 1080": "6.1"}, "580.65", "12.6", ALL, []),
        ({"V100": "7.0"}, "580.65", "13.0", ALL, ["card_not_in_torch"]),
        ({"V100": "7.0", "A100": "8.0"}, "470.1", "12.6", ALL, ["driver_too_old"]),
        ({"A100": "8.0"}, "580.65", None, {"torch": None}, ["torch_missing"]),
    ],
)
def test_pairs(
    cards: dict[str, str], driver: str | None, cuda: str | None, versions: dict[str, str | None], codes: list[str]
) -> None:
    """Each pair that does not work is named once, with what to do; those that work are not."""
    found = list(problems(cards, driver, cuda, versions))
    assert [one.code for one in found] == codes
    assert all(one.message.endswith(".") and one.hint.endswith(".") for one in found)


@pytest.mark.parametrize(
    ("cuda", "codes"), [(None, ["nvml_missing", "torch_without_cuda"]), ("13.0", ["nvml_missing"])]
)
def test_a_driver_whose_cards_cannot_be_asked(cuda: str | None, codes: list[str]) -> None:
    """Somebody with a card and a plain installation is told what is missing."""
    assert [one.code for one in problems({}, None, cuda, ALL, driven=True)] == codes


def test_cards_are_offered_alone_or_together(monkeypatch: pytest.MonkeyPatch) -> None:
    there = [WorkerDevice(id=f"cuda:{i}", kind="cuda", memory_total=size) for i, size in enumerate((24, 16, 80))]
    monkeypatch.setattr(devices, "offered", lambda: [*there, WorkerDevice(id="cpu")])
    pair, alone = devices.named(["cuda:0+1", "cuda:2"])
    assert (pair.id, pair.count, pair.memory_total) == ("cuda:0+1", 2, 16), "what each of them has"
    assert (alone.id, alone.count) == ("cuda:2", 1) and devices.named(["cpu"])[0].count == 1
    for wanted in (["cuda:3"], ["cuda:0", "cuda:0+1"], ["cuda:1+1"], ["cpu+1"], ["cuda:0+"]):
        with pytest.raises(LoomError) as refused:
            devices.named(wanted)
        assert refused.value.code == "no_such_device"


def test_command(capsys: pytest.CaptureFixture[str]) -> None:
    """One JSON object on request."""
    machine(as_json=True)
    assert json.loads(capsys.readouterr().out)["devices"][-1]["id"] == "cpu"


def test_apples_chips_have_mps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They share the machine's memory."""
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    chip, processor = look(tmp_path).devices[-2:]
    assert (chip.id, chip.kind, processor.id) == ("mps", "mps", "cpu")
    assert chip.memory_total == processor.memory_total

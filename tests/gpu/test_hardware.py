"""What NVML says of the cards agrees with torch. Skipped where there is no card."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from loraloom.jobs.hardware import look

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


def test_cards(tmp_path: Path) -> None:
    found = look(tmp_path)
    assert found.driver and [one.code for one in found.problems] in ([], ["no_8bit"])
    for number, card in enumerate(found.devices[:-1]):
        assert card.id == f"cuda:{number}"
        assert card.capability == ".".join(str(part) for part in torch.cuda.get_device_capability(number))
        assert card.memory_total >= torch.cuda.get_device_properties(number).total_memory

"""What is told of the PEFT folder of a language model: by the folder, and by the weights in it."""

from __future__ import annotations

from pathlib import Path

from loraloom.models.inspect import inspect
from tests.peft_folders import RANK, peft_folder


def test_folder_and_weights_tell_the_same(tmp_path: Path) -> None:
    lora = peft_folder(tmp_path / "lora", use_rslora=True)
    of_folder, of_file = inspect(lora), inspect(lora / "adapter_model.safetensors")
    assert of_file == of_folder.model_copy(update={"path": str(lora / "adapter_model.safetensors")})
    assert (of_folder.kind, of_folder.family, of_folder.layout) == ("lora", "causal_lm", "peft")
    assert (of_folder.rank, of_folder.alpha, of_folder.modules) == ((RANK,), (6.0,), {"model": 6})
    assert of_folder.targets == ("attention",) and of_folder.metadata["base_model_name_or_path"] == "x/y"


def test_weights_alone_say_less(tmp_path: Path) -> None:
    lora = peft_folder(tmp_path / "lora")
    (lora / "adapter_config.json").unlink()
    found = inspect(lora / "adapter_model.safetensors")
    assert (found.family, found.alpha, found.layout, found.rank) == (None, (), "peft", (RANK,))

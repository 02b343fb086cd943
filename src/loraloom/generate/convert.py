"""`python -m loraloom.generate.convert FILE FOLDER`: a .gguf language model as a transformers folder, dequantised, once.

The weights are written in fp16: what they were stored in is coarser.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from loraloom.models.text_base import DONE
from loraloom.spec.errors import LoomError


def convert(file: Path, folder: Path) -> None:
    """Write `folder`, whole or not at all. Raises LoomError `weights_unreadable`, `disk_full`."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    beside = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        beside.mkdir(parents=True, exist_ok=True)
        quantization = GgufConfig(dequantize=True)
        model = AutoModelForCausalLM.from_pretrained(
            file.parent,
            gguf_file=file.name,
            dtype=torch.float16,
            quantization_config=quantization,
            local_files_only=True,
        )
        tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name, local_files_only=True)
        model.save_pretrained(beside)
        tokenizer.save_pretrained(beside)
        (beside / DONE).touch()
        shutil.rmtree(folder, ignore_errors=True)
        beside.replace(folder)
    except OSError as error:
        raise LoomError(
            "disk_full",
            f"{file.name} cannot be prepared: {error.strerror or error}.",
            "It needs room for the weights in fp16.",
        ) from error
    except (ValueError, RuntimeError, KeyError, NotImplementedError) as error:
        says = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise LoomError(
            "weights_unreadable", f"{file.name} cannot be read: {says}", "Use the model as a transformers folder."
        ) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def main(arguments: list[str]) -> int:
    """Exit code 0 converted, 1 failed with two lines on the standard error (what, and what to do), 2 usage."""
    if len(arguments) != 2:
        sys.stderr.write("usage: python -m loraloom.generate.convert FILE FOLDER\n")
        return 2
    try:
        convert(Path(arguments[0]), Path(arguments[1]))
    except LoomError as error:
        sys.stderr.write(f"\n{error.code}\n{error.message}\n{error.hint}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

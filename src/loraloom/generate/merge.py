"""`python -m loraloom.generate.merge REQUEST.json`: a language model with a LoRA worked into its weights, as one model."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loraloom.generate.once import once
from loraloom.spec.errors import LoomError
from loraloom.spec.merged import MergeRequest, MergeResult

if TYPE_CHECKING:
    import torch

WORDS = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
    "added_tokens.json",
)
LOOKED_AT = 32
"""Tokens whose logits are compared."""
ALLOWED = {"float32": 1e-4, "float16": 3e-2, "bfloat16": 1e-1}
"""Largest difference of logits by number format, as a share of the largest logit: rounding of the sum of two weights."""


def merge(request: MergeRequest) -> MergeResult:
    """Write the merged model, read it back and compare. Raises LoomError `weights_unreadable`, `lora_unreadable`,
    `lora_mismatch`, `lora_not_reproduced`, `not_writable`, `disk_full`."""
    from loraloom.generate.quiet import quiet

    quiet()
    began = time.monotonic()
    out = Path(request.out)
    beside = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        beside.mkdir(parents=True)
        expected, dtype = _write(request, beside)
        found = _logits(_load(beside, "auto"))
        difference = float((found - expected).abs().max())
        if not difference <= ALLOWED.get(dtype, 0.1) * max(1.0, float(expected.abs().max())):
            raise LoomError(
                "lora_not_reproduced",
                f"The merged model differs from base and LoRA by {difference:.2g} in its logits.",
                "Please report this.",
            )
        beside.replace(out)
    except OSError as error:
        code = "disk_full" if error.errno == 28 else "not_writable"
        raise LoomError(code, f"{out} cannot be written: {error.strerror}.", "Choose another folder.") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return MergeResult(folder=str(out), dtype=dtype, difference=difference, seconds=round(time.monotonic() - began, 3))


def _write(request: MergeRequest, folder: Path) -> tuple[torch.Tensor, str]:
    """Returns the logits of base and LoRA before they were merged, and the number format."""
    from peft import PeftModel

    model: Any = _load(Path(request.base), "auto")
    try:
        both: Any = PeftModel.from_pretrained(model, request.lora)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise LoomError(
            "lora_mismatch",
            f"{Path(request.lora).name} cannot be put on this base: {str(error).splitlines()[0][:200]}",
            "Name the model it was trained on with --base.",
        ) from error
    both.eval()
    expected, dtype = _logits(both), str(model.dtype).removeprefix("torch.")
    both.merge_and_unload().save_pretrained(folder)
    source = Path(request.lora) if (Path(request.lora) / WORDS[0]).is_file() else Path(request.base)
    for name in WORDS:
        if (source / name).is_file():
            shutil.copyfile(source / name, folder / name)
    return expected, dtype


def _load(folder: Path, dtype: str) -> Any:
    from transformers import AutoModelForCausalLM

    try:
        model: Any = AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype, use_safetensors=True, local_files_only=True
        )
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise LoomError(
            "weights_unreadable", f"{folder.name} cannot be loaded as a language model.", "Download the folder again."
        ) from error
    return model.eval()


def _logits(model: Any) -> torch.Tensor:
    """[LOOKED_AT, vocabulary], of tokens from all over the vocabulary."""
    import torch

    size = int(model.config.vocab_size)
    ids = (torch.arange(LOOKED_AT) * 7919 + 11) % size
    with torch.inference_mode():
        return model(input_ids=ids[None], use_cache=False).logits[0].float()


def main(arguments: list[str]) -> int:
    """Exit code 0 when something was merged, 1 when not (the answer says why), 2 for wrong usage."""
    return once(arguments, "loraloom.generate.merge", MergeRequest, MergeResult, merge, "Nothing was merged")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

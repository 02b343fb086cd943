"""What a chat begins with: a LoRA and its base, or a base alone, and what the model was told in training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from loraloom.jobs.bases import prepare_base
from loraloom.jobs.text_export import base_for, lora_folder, run_of
from loraloom.models.text_base import folder_of
from loraloom.spec.chat import ChatStart
from loraloom.spec.errors import LoomError


def starting(
    model: str, base: str | None = None, device: str = "auto", say: Callable[[str], None] | None = None
) -> tuple[ChatStart, str]:
    """The start of a chat with `model`, a PEFT folder (or the weights in it) or the name of a base, and the system prompt of
    its training, empty where there is none. The base is prepared where it has to be; `say` is told.

    Raises LoomError of `prepare_base`; `base_model_mismatch` for a base that draws pictures.
    """
    lora = _lora(Path(model).expanduser())
    found = prepare_base(base or model, say) if lora is None else base_for(lora, base, say)
    if found.family != "causal_lm":
        raise LoomError("base_model_mismatch", f"{found.name} is no language model.", "Use `loraloom sample` to draw.")
    run = run_of(lora) if lora is not None else None
    start = ChatStart(
        base_model=str(folder_of(found).absolute()), lora=str(lora) if lora is not None else None, device=device
    )
    return start, run.dataset.system if run is not None else ""


def _lora(path: Path) -> Path | None:
    """The PEFT folder that `path` means; None where it is none."""
    if not path.exists():
        return None
    try:
        return lora_folder(path)
    except LoomError:
        return None

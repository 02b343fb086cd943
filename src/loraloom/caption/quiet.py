"""Loading by transformers without its chatter, its failures in the user's words."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager

from loraloom.spec.errors import LoomError

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


@contextmanager
def loading(model: str) -> Generator[None]:
    """Inside, whatever goes wrong but memory and the disk is LoomError `caption_model_unusable`."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    except (LoomError, MemoryError):
        raise
    except ImportError as error:
        text = f"{model} needs a package that is not installed: {_first_line(error)}"
        raise LoomError("extra_missing", text, "Install it with pip, then start again.") from error
    except Exception as error:
        if "out of memory" in str(error).lower():
            raise
        hint = (
            "Check that the folder holds the whole model in Hugging Face layout and that its kind is one Loom can use."
        )
        raise LoomError("caption_model_unusable", f"{model} cannot be loaded: {_first_line(error)}", hint) from error


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:300]

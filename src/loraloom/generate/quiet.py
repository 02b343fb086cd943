"""Keeps libraries from talking into a child's log about what Loom does on purpose."""

from __future__ import annotations

import logging
import warnings


def quiet() -> None:
    """No advice of diffusers and transformers, and no bars while weights are loaded."""
    from transformers.utils.logging import disable_progress_bar

    for name in ("diffusers", "transformers"):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", message=".*gradient_checkpointing_enable.*", category=FutureWarning)
    disable_progress_bar()

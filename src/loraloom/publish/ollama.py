"""An Ollama Modelfile: the base, the adapter beside it, the chat template where it can be said, and where answers end.

Source: Ollama's documentation of the Modelfile.
"""

from __future__ import annotations

import json

from loraloom.data.examples.words import Words
from loraloom.publish.turns import turns_of

QUOTES = '"""'


def modelfile(source: str, adapter: str, words: Words, system: str = "") -> str:
    """Text of a Modelfile. `source` is what FROM names: a .gguf file, a folder, or a model of Ollama's library; `adapter` is
    the GGUF file of the LoRA beside it; `system` what the model was told in training."""
    lines = [f"FROM {source}", f"ADAPTER ./{adapter}"]
    turns = turns_of(words)
    template = turns.to_ollama() if turns is not None else None
    if template is None:
        lines.append("# The model's chat template cannot be said here: Ollama uses the one of the base.")
    else:
        lines.append(f"TEMPLATE {QUOTES}{template}{QUOTES}")
    told = system or (turns.default_system if turns is not None else "")
    if told and QUOTES not in told:
        lines.append(f"SYSTEM {QUOTES}{told}{QUOTES}")
    for stop in words.stop_ids:
        token = words.tokenizer.id_to_token(stop)
        if token:
            lines.append(f"PARAMETER stop {json.dumps(token, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"

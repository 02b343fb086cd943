"""A language model that answers: with LoRAs at any strength, token by token, and its perplexity on texts."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional as F

from loraloom.child.work import is_memory
from loraloom.data.examples.words import Words
from loraloom.generate.quiet import quiet
from loraloom.spec.errors import LoomError
from loraloom.spec.example import Message

CONTEXT = 2048
"""Tokens of a text whose perplexity is measured at once."""


@dataclass
class Speaker:
    """A model with its words, ready to answer. The model may be one in training: nothing of it is changed for good."""

    model: Any
    words: Words
    device: torch.device
    spoken: int = 0
    """Tokens of the last answer."""

    @torch.no_grad()
    def answer(
        self,
        messages: Sequence[Message],
        *,
        system: str = "",
        strength: float = 1.0,
        temperature: float = 0.0,
        max_tokens: int = 256,
        seed: int = 0,
        on_text: Callable[[str], None] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> str:
        """What the model says after `messages`. `strength` 0 is the base, bitwise; `temperature` 0: the likeliest token.

        `on_text` is given each new piece as soon as it is there; `stop` is asked between tokens.
        """
        from transformers import StoppingCriteriaList

        prompt = self.words.prompt(tuple(messages), system)
        ids = torch.tensor([self.words.tokenizer.encode(prompt, add_special_tokens=False).ids], device=self.device)
        pieces = _Pieces(self.words, on_text)
        varied = temperature > 0
        with at_strength(self.model, strength), _seeded(seed, self.device):
            self.model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=max_tokens,
                do_sample=varied,
                temperature=temperature if varied else None,
                top_k=None,
                top_p=None,
                eos_token_id=list(self._ends()) or None,
                pad_token_id=self.words.eos_id or 0,
                streamer=pieces,
                stopping_criteria=StoppingCriteriaList([lambda *_: bool(stop and stop())]),
            )
        self.spoken = len(pieces.ids)
        return pieces.text.strip()

    @torch.no_grad()
    def perplexity(self, texts: Sequence[str], strength: float = 1.0) -> float:
        """exp of the mean loss of a token, over all of `texts`, each read from its beginning in pieces of CONTEXT tokens."""
        total, count = 0.0, 0
        with at_strength(self.model, strength):
            for text in texts:
                ids = self.words.tokenizer.encode(text).ids
                for first in range(0, len(ids), CONTEXT):
                    some = torch.tensor([ids[first : first + CONTEXT]], device=self.device)
                    if some.shape[1] < 2:
                        continue
                    logits = self.model(input_ids=some, use_cache=False).logits[0, :-1].float()
                    total += float(F.cross_entropy(logits, some[0, 1:], reduction="sum"))
                    count += some.shape[1] - 1
        return math.exp(total / max(count, 1))

    def _ends(self) -> set[int]:
        given = self.model.generation_config.eos_token_id
        own = given if isinstance(given, list) else [] if given is None else [given]
        return {*own, *self.words.stop_ids}


class _Pieces:
    """transformers hands new tokens to this; it turns them into text that never changes afterwards."""

    def __init__(self, words: Words, on_text: Callable[[str], None] | None) -> None:
        self._words, self._on_text = words, on_text
        self.ids: list[int] = []
        self._prompt = True
        self.text = ""

    def put(self, value: Any) -> None:
        if self._prompt:  # the first call holds the prompt
            self._prompt = False
            return
        self.ids += [int(i) for i in value.reshape(-1).tolist()]
        self._say(self._words.tokenizer.decode(self.ids, skip_special_tokens=True))

    def end(self) -> None:
        self._say(self._words.tokenizer.decode(self.ids, skip_special_tokens=True), last=True)

    def _say(self, text: str, last: bool = False) -> None:
        if not last and text.endswith("\ufffd"):  # half a character: the next token brings the rest
            return
        new, self.text = text[len(self.text) :], text
        if new and self._on_text is not None:
            self._on_text(new)


def load(folder: Path, device: torch.device, dtype: torch.dtype) -> Speaker:
    """The model of a transformers folder, frozen, with its words. Raises LoomError `weights_unreadable`."""
    from transformers import AutoModelForCausalLM

    quiet()
    try:
        model: Any = AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype, use_safetensors=True, local_files_only=True
        )
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        if is_memory(error):
            raise
        raise LoomError(
            "weights_unreadable", f"{folder.name} cannot be loaded as a language model.", "Download the folder again."
        ) from error
    model.requires_grad_(False)
    model.eval()
    return Speaker(model.to(device), Words.of(folder), device)


def attach(speaker: Speaker, lora: Path) -> None:
    """Put the LoRA in the PEFT folder `lora` on the model. Raises LoomError `lora_unreadable`, `lora_mismatch`."""
    from peft import PeftConfig, inject_adapter_in_model, set_peft_model_state_dict
    from peft.utils import load_peft_weights

    try:
        config = PeftConfig.from_pretrained(str(lora))
        weights = load_peft_weights(str(lora), device="cpu")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LoomError(
            "lora_unreadable", f"{lora.name} is no PEFT folder that can be read.", "Export it again."
        ) from error
    try:
        inject_adapter_in_model(config, speaker.model, "default")
        done = set_peft_model_state_dict(speaker.model, weights, "default")
    except (ValueError, RuntimeError) as error:
        raise LoomError(
            "lora_mismatch", f"{lora.name} does not fit this base model.", "Name the model it was trained on."
        ) from error
    if getattr(done, "unexpected_keys", None):
        raise LoomError(
            "lora_mismatch", f"{lora.name} does not fit this base model.", "Name the model it was trained on."
        )
    speaker.model.requires_grad_(False)
    speaker.model.eval()
    speaker.model.to(speaker.device)


@contextmanager
def at_strength(model: Any, strength: float) -> Generator[None]:
    """The model's LoRA at `strength` times what it was trained at; 0 switches it off, so that the base is left bitwise."""
    from peft.tuners.lora.layer import LoraLayer

    layers: list[Any] = [layer for layer in model.modules() if isinstance(layer, LoraLayer)]
    held = [(layer, dict(layer.scaling), layer._disable_adapters) for layer in layers]
    try:
        if strength != 1:
            for layer in layers:
                layer.scaling = {name: scale * strength for name, scale in layer.scaling.items()}
                layer._disable_adapters = layer._disable_adapters or strength == 0
        yield
    finally:
        for layer, scaling, off in held:
            layer.scaling, layer._disable_adapters = scaling, off


@contextmanager
def _seeded(seed: int, device: torch.device) -> Generator[None]:
    """Random numbers from `seed`, and those of the run as they were afterwards."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield

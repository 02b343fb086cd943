"""Random language models of true layout and small width, with a tokenizer of bytes: as transformers folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import torch

Kind = Literal["llama", "qwen2", "qwen3", "mistral", "gemma2", "gemma3", "phi3"]
CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
SIZES: dict[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 512,
}


def tiny_text_base(folder: Path, kind: Kind = "llama", template: bool = True, **more: Any) -> Path:
    """A transformers folder with random weights (always the same) of `kind`; `template` False leaves the chat template out."""
    from transformers import AutoConfig, AutoModelForCausalLM

    tokenizer = _tokenizer(template)
    ids = {"bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 0}
    own: dict[str, Any] = {}
    if kind in ("mistral", "gemma2", "gemma3"):
        own = {"sliding_window": 16}
    if kind in ("gemma2", "gemma3"):
        own |= {"query_pre_attn_scalar": 16}
    if kind == "gemma3":
        own |= {"layer_types": ["sliding_attention", "full_attention"]}
    name = {"gemma3": "gemma3_text"}.get(kind, kind)
    config: Any = AutoConfig.for_model(name, vocab_size=len(tokenizer), **{**SIZES, **own, **ids, **more})
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model: Any = AutoModelForCausalLM.from_config(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _tokenizer(template: bool) -> Any:
    """Every byte is a token, and a few words of chats are."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: i for i, token in enumerate([*SPECIAL, *alphabet])}
    inner = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)  # pyright: ignore[reportAttributeAccessIssue]
    inner.decoder = decoders.ByteLevel()  # pyright: ignore[reportAttributeAccessIssue]
    inner.add_special_tokens(list(SPECIAL))
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, bos_token=SPECIAL[0], eos_token=SPECIAL[2], pad_token=SPECIAL[0]
    )
    if template:
        tokenizer.chat_template = CHATML
    return tokenizer

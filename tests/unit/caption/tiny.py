"""Random-weight models of the classes that captioners have, so small that a sentence takes milliseconds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    Blip2Config,
    Blip2ForConditionalGeneration,
    Blip2Processor,
    BlipConfig,
    BlipForConditionalGeneration,
    BlipImageProcessorPil,
    BlipProcessor,
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    Florence2Config,
    Florence2ForConditionalGeneration,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
    Qwen2VLImageProcessorPil,
    SiglipConfig,
    SiglipImageProcessorPil,
    SiglipModel,
)

WORDS = [
    "a",
    "an",
    "the",
    "of",
    "in",
    "on",
    "photo",
    "picture",
    "drawing",
    "image",
    "cat",
    "dog",
    "bird",
    "fish",
    "house",
    "tree",
    "red",
    "blue",
    "green",
    "big",
    "small",
    "with",
    "and",
    "describe",
    "this",
    "one",
    "sentence",
    "what",
    "does",
    "show",
    "is",
    "it",
    "detail",
    "user",
    "assistant",
]


def tokenizer(
    extra: tuple[str, ...] = (), begin: str = "<s>", end: str = "</s>", **named: str
) -> PreTrainedTokenizerFast:
    """A tokenizer of whole words; what it does not know is `<unk>`."""
    names = list(dict.fromkeys(["<pad>", begin, end, "<unk>", *WORDS]))
    vocabulary = {word: number for number, word in enumerate(names)}
    inner = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    pairs = [(begin, vocabulary[begin]), (end, vocabulary[end])]
    inner.post_processor = processors.TemplateProcessing(single=f"{begin} $A {end}", special_tokens=pairs)
    made = PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token="<pad>",
        bos_token=begin,
        eos_token=end,
        unk_token="<unk>",
        extra_special_tokens=named,
    )
    made.add_tokens(list(extra), special_tokens=True)
    return made


TEXT = {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 2, "num_hidden_layers": 2}
VISION = TEXT | {"image_size": 32, "patch_size": 8}


def blip(folder: Path) -> Path:
    """BLIP."""
    words = tokenizer(begin="[CLS]", end="[SEP]")
    text = TEXT | {"vocab_size": len(words), "encoder_hidden_size": 32, "bos_token_id": 1, "eos_token_id": 2}
    text |= {"sep_token_id": 2, "pad_token_id": 0, "max_position_embeddings": 64}
    config = BlipConfig(text_config=text, vision_config=VISION, projection_dim=32)
    images = BlipImageProcessorPil(size={"height": 32, "width": 32})
    return _save(folder, BlipForConditionalGeneration(config), BlipProcessor(images, words))


def blip2(folder: Path) -> Path:
    """BLIP-2 around an OPT."""
    words = tokenizer(("<image>",))
    text = {"model_type": "opt", "vocab_size": len(words), "hidden_size": 32, "ffn_dim": 64, "num_hidden_layers": 2}
    text |= {"num_attention_heads": 2, "word_embed_proj_dim": 32, "max_position_embeddings": 128}
    text |= {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    queries = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    queries |= {"encoder_hidden_size": 32, "vocab_size": len(words)}
    config = Blip2Config(text_config=text, vision_config=VISION, qformer_config=queries, num_query_tokens=4)
    config.image_token_id = words.convert_tokens_to_ids("<image>")
    images = BlipImageProcessorPil(size={"height": 32, "width": 32})
    return _save(folder, Blip2ForConditionalGeneration(config), Blip2Processor(images, words, num_query_tokens=4))


CHAT = (
    "{% for m in messages %}user {% for c in m['content'] %}{% if c['type'] == 'image' %}"
    "<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ c['text'] }}{% endif %}{% endfor %} "
    "{% endfor %}{% if add_generation_prompt %}assistant {% endif %}"
)
MARKS = ("<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")


def _qwen_parts(folder: Path) -> tuple[Any, dict[str, Any]]:
    words = tokenizer(MARKS)
    words.chat_template = CHAT
    words.save_pretrained(folder)
    Qwen2VLImageProcessorPil(min_pixels=28 * 28, max_pixels=56 * 56).save_pretrained(folder)
    ids = {"vision_start_token_id": MARKS[0], "vision_end_token_id": MARKS[1]}
    ids |= {"image_token_id": MARKS[2], "video_token_id": MARKS[3]}
    text = TEXT | {"vocab_size": len(words), "num_key_value_heads": 2, "max_position_embeddings": 256}
    text |= {"rope_scaling": {"type": "mrope", "rope_type": "default", "mrope_section": [2, 3, 3]}}
    text |= {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    return text, {name: words.convert_tokens_to_ids(mark) for name, mark in ids.items()}


def qwen2_vl(folder: Path) -> Path:
    """Qwen2-VL."""
    text, ids = _qwen_parts(folder)
    vision = {"depth": 2, "embed_dim": 32, "hidden_size": 32, "num_heads": 2, "patch_size": 14, "mlp_ratio": 2}
    return _save(folder, Qwen2VLForConditionalGeneration(Qwen2VLConfig(text_config=text, vision_config=vision, **ids)))


def qwen2_5_vl(folder: Path) -> Path:
    """Qwen2.5-VL."""
    text, ids = _qwen_parts(folder)
    vision = {"depth": 2, "hidden_size": 32, "out_hidden_size": 32, "num_heads": 2, "patch_size": 14}
    vision |= {"intermediate_size": 64, "fullatt_block_indexes": [1], "window_size": 56}
    config = Qwen2_5_VLConfig(text_config=text, vision_config=vision, **ids)
    return _save(folder, Qwen2_5_VLForConditionalGeneration(config))


def florence2(folder: Path) -> Path:
    """Florence-2."""
    from transformers import Florence2Processor

    words = tokenizer(image_token="<image>")
    text = {"model_type": "bart", "vocab_size": len(words), "d_model": 32, "encoder_layers": 1, "decoder_layers": 1}
    text |= {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64}
    text |= {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 2}
    vision = {
        "depths": [1, 1, 1, 1],
        "embed_dim": [8, 16, 16, 32],
        "num_heads": [2, 2, 2, 2],
        "num_groups": [2, 2, 2, 2],
    }
    vision |= {"window_size": 2, "projection_dim": 32}
    config = Florence2Config(text_config=text, vision_config=vision, image_token_id=words.image_token_id)
    images = CLIPImageProcessorPil(size={"height": 64, "width": 64}, crop_size={"height": 64, "width": 64})
    images.image_seq_length = 5
    return _save(folder, Florence2ForConditionalGeneration(config), Florence2Processor(images, words))


CAPTIONERS: dict[str, Callable[[Path], Path]] = {
    "blip": blip,
    "blip-2": blip2,
    "florence2": florence2,
    "qwen2_vl": qwen2_vl,
    "qwen2_5_vl": qwen2_5_vl,
}


def clip(
    folder: Path, size: int = 32, vision: dict[str, Any] | None = None, text: dict[str, Any] | None = None
) -> Path:
    """CLIP; with `vision` and `text` of another size."""
    words = tokenizer()
    base = {"vocab_size": len(words), "max_position_embeddings": 16, "bos_token_id": 1, "eos_token_id": 2}
    config = CLIPConfig(
        text_config=TEXT | base | {"pad_token_id": 0} | (text or {}), vision_config=vision or VISION, projection_dim=32
    )
    images = CLIPImageProcessorPil(size={"shortest_edge": size}, crop_size={"height": size, "width": size})
    model = CLIPModel(config)
    model.logit_scale.data.fill_(4.6052)  # as trained ones end
    return _save(folder, model, images, words)


def siglip(folder: Path) -> Path:
    """SigLIP."""
    words = tokenizer()
    text = TEXT | {"vocab_size": len(words), "max_position_embeddings": 16, "projection_size": 32}
    model = SiglipModel(SiglipConfig(text_config=text, vision_config=VISION))
    model.logit_scale.data.fill_(4.7)
    model.logit_bias.data.fill_(-0.5)
    return _save(folder, model, SiglipImageProcessorPil(size={"height": 32, "width": 32}), words)


def _save(folder: Path, model: torch.nn.Module, *parts: Any) -> Path:
    for part in (model, *parts):
        part.save_pretrained(folder)  # pyright: ignore[reportCallIssue]
    return folder

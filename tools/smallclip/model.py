"""The model: a CLIP of 460 thousand parameters, how it looks and reads while it is trained, its loss, its files."""

from pathlib import Path

import torch
from drawings import SIZE
from phrases import LENGTH, save_tokenizer
from subjects import Subject
from torch.nn import functional as F
from transformers import (
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    CLIPTextConfig,
    CLIPVisionConfig,
    PreTrainedTokenizerFast,
)

WIDTH = 64


def build(tokenizer: PreTrainedTokenizerFast) -> CLIPModel:
    """A new CLIP: 4 vision layers of width 96 over 64 patches, 1 text layer of width 64."""
    text = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        num_hidden_layers=1,
        num_attention_heads=4,
        max_position_embeddings=LENGTH,
        projection_dim=WIDTH,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    vision = CLIPVisionConfig(
        hidden_size=96,
        intermediate_size=192,
        num_hidden_layers=4,
        num_attention_heads=4,
        image_size=SIZE,
        patch_size=8,
        projection_dim=WIDTH,
    )
    return CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=WIDTH))


def look(model: CLIPModel, x: torch.Tensor, kept: int) -> torch.Tensor:
    """Unit vectors of pictures of which `kept` random patches are seen."""
    tower = model.vision_model
    tokens = tower.embeddings(x)
    count = tokens.shape[1] - 1
    if kept < count:
        chosen = torch.rand(len(x), count).argsort(1)[:, :kept, None].expand(-1, -1, tokens.shape[2])
        tokens = torch.cat([tokens[:, :1], tokens[:, 1:].gather(1, chosen)], 1)
    states = tower.encoder(inputs_embeds=tower.pre_layrnorm(tokens)).last_hidden_state
    return F.normalize(model.visual_projection(tower.post_layernorm(states[:, 0])), dim=-1)


def read(model: CLIPModel, ids: torch.Tensor) -> torch.Tensor:
    """Unit vectors of captions."""
    return F.normalize(model.get_text_features(ids).pooler_output, dim=-1)


def contrast(logits: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """CLIP's loss, where a picture may have several true captions and a caption several pictures."""
    by_image = -(logits.log_softmax(1) * true).sum(1) / true.sum(1)
    by_text = -(logits.log_softmax(0) * true).sum(0) / true.sum(0)
    return (by_image.mean() + by_text.mean()) / 2


def save(model: CLIPModel, average: dict[str, torch.Tensor], known: list[Subject], folder: Path) -> None:
    """Write the averaged model, tokenizer and processor."""
    own = {k: v.clone() for k, v in model.state_dict().items()}
    model.load_state_dict(average)
    model.save_pretrained(folder)
    model.load_state_dict(own)
    save_tokenizer(known, folder)
    half = [0.5, 0.5, 0.5]
    CLIPImageProcessorPil(
        size={"shortest_edge": SIZE}, crop_size={"height": SIZE, "width": SIZE}, image_mean=half, image_std=half
    ).save_pretrained(folder)

"""Zero-shot labels by any CLIP or SigLIP (Radford et al. 2021, arXiv:2103.00020; Zhai et al. 2023, arXiv:2303.15343).

The words of the labels are embedded once, averaged over several sentences. The probability of a label is the model's own:
CLIP was trained with a softmax over candidates, so the labels of a group share 1; SigLIP with a sigmoid and a bias, so each
label has its own. Both use the scale that the model learnt.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from loraloom.caption.clip_labels import HAN, Group, groups_of
from loraloom.caption.device import choose_device
from loraloom.caption.engine import Label, Made, Picture, Warned, in_order, read_all
from loraloom.caption.hub import find_model, name_of, need_safetensors
from loraloom.caption.quiet import loading
from loraloom.models.embedded_clip import LIMITS, path
from loraloom.spec.captioning import ClipJob
from loraloom.spec.errors import LoomError

FURTHER = 0.2
"""Without a threshold: probability of a second label and those after it."""
SHOWN = 5
"""Labels of a group that are recorded with their probabilities, chosen or not."""
TEXTS_AT_ONCE = 256
MULTILINGUAL = ("chinese_clip", "siglip2", "altclip")
MANY_WORDS = 100_000
"""A text vocabulary above this was made for many languages."""
EMBEDDED = "embedded"


@dataclass
class Clip:
    """A loaded CLIP with the embeddings of its labels."""

    job: ClipJob
    model: str
    network: Any
    tokenizer: Any
    processor: Any
    device: torch.device
    groups: list[Group]
    texts: list[torch.Tensor] = field(default_factory=list[torch.Tensor])
    """Of each group [labels, width], unit length."""
    warnings: list[Warned] = field(default_factory=list[Warned])

    @property
    def batch_size(self) -> int:
        """As the job says."""
        return self.job.batch_size

    def caption(self, pictures: Sequence[Picture]) -> Iterator[tuple[int, Made]]:
        """Labels of each picture with their probabilities."""
        places, prepared, failed = read_all(pictures, lambda image: self.processor(images=[image], return_tensors="pt"))
        if not prepared:
            yield from failed
            return
        images = self.embed_images({key: torch.cat([p[key] for p in prepared]) for key in prepared[0]})
        chances = [self.probabilities(images, texts).cpu() for texts in self.texts]
        rows = images.cpu().numpy()
        made = (self._made([c[i] for c in chances], rows[i]) for i in range(len(places)))
        yield from in_order(places, made, failed)

    @torch.inference_mode()
    def embed_images(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        """Unit vectors [pictures, width] of what the image processor gave."""
        moved = {key: value.to(self.device) for key, value in inputs.items()}
        return _unit(_features(self.network.get_image_features(**moved)))

    @torch.inference_mode()
    def embed_texts(self, texts: Sequence[str]) -> torch.Tensor:
        """Unit vectors [texts, width]."""
        config = self.network.config
        longest = config.text_config.max_position_embeddings
        padding: Any = "max_length" if config.model_type.startswith("siglip") else True  # as it was trained
        rows: list[torch.Tensor] = []
        for start in range(0, len(texts), TEXTS_AT_ONCE):
            part = list(texts[start : start + TEXTS_AT_ONCE])
            tokens = self.tokenizer(part, padding=padding, truncation=True, max_length=longest, return_tensors="pt")
            wanted = ("input_ids", "attention_mask")
            moved = {key: tokens[key].to(self.device) for key in wanted if key in tokens}
            rows.append(_unit(_features(self.network.get_text_features(**moved))))
        return torch.cat(rows)

    def embed_labels(self, group: Group) -> torch.Tensor:
        """Unit vectors [labels, width]: of each label the mean over its sentences."""
        flat = [sentence for sentences in group.sentences for sentence in sentences]
        vectors = iter(self.embed_texts(flat).split([len(sentences) for sentences in group.sentences]))
        return _unit(torch.stack([part.mean(dim=0) for part in vectors]))

    @torch.inference_mode()
    def probabilities(self, images: torch.Tensor, texts: torch.Tensor) -> torch.Tensor:
        """[pictures, labels] of one group."""
        logits = images @ texts.T * self.network.logit_scale.exp()
        if self.sigmoid:
            return torch.sigmoid((logits + self.network.logit_bias) / self.job.temperature)
        return torch.softmax(logits / self.job.temperature, dim=-1)

    @property
    def sigmoid(self) -> bool:
        """Whether each label has a probability of its own."""
        if self.job.probability == "auto":
            return hasattr(self.network, "logit_bias")
        return self.job.probability == "sigmoid"

    def _made(self, chances: list[torch.Tensor], embedding: Any) -> Made:
        labels: list[Label] = []
        chosen: list[str] = []
        for group, chance in zip(self.groups, chances, strict=True):
            count = min(len(group.labels), max(SHOWN, self.job.max_labels))
            values, places = chance.topk(count)
            best = [
                Label(group.labels[p], v, group.name) for v, p in zip(values.tolist(), places.tolist(), strict=True)
            ]
            labels += best
            chosen += [
                label.label for rank, label in enumerate(best[: self.job.max_labels]) if self._enough(rank, label.p)
            ]
        taken = ", ".join(dict.fromkeys(chosen))
        keep = set(chosen)
        return Made(taken, tuple(sorted(labels, key=lambda label: label.label not in keep)), embedding=embedding)

    def _enough(self, rank: int, p: float) -> bool:
        if self.job.threshold is None:
            return rank == 0 or p >= FURTHER
        return p >= self.job.threshold


def load_clip(job: ClipJob) -> Clip:
    """Load the model and embed the labels. Raises LoomError: see `engines.load`."""
    folder, name = _place(job)
    need_safetensors(folder, name)
    device = choose_device(job.device)
    with loading(name):
        from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

        network: Any
        network, report = AutoModel.from_pretrained(
            folder, use_safetensors=True, local_files_only=True, dtype=torch.float32, output_loading_info=True
        )
        two_towers = hasattr(network, "get_text_features") and hasattr(network, "logit_scale")
        if not two_towers or report["missing_keys"]:
            text = f"{name} is a {network.config.model_type} model without the whole of a CLIP or SigLIP in it."
            raise LoomError("caption_model_unusable", text, "Give a CLIP or SigLIP, or use --engine caption.")
        tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        processor: Any = AutoImageProcessor.from_pretrained(folder, local_files_only=True, backend="pil")
    if job.probability == "sigmoid" and not hasattr(network, "logit_bias"):
        text = f"probability: {name} learnt no bias, so that a sigmoid says nothing."
        raise LoomError("config_invalid", text, "Use softmax, or a SigLIP.")
    config = network.config
    chinese = config.model_type in MULTILINGUAL or getattr(config.text_config, "vocab_size", 0) > MANY_WORDS
    groups = groups_of(job, chinese)
    clip = Clip(job, name, network.to(device).requires_grad_(False).eval(), tokenizer, processor, device, groups)
    clip.texts = [clip.embed_labels(group) for group in groups]
    clip.warnings = _doubts(clip, chinese)
    return clip


def _place(job: ClipJob) -> tuple[Path, str]:
    if job.model is not None and job.model != EMBEDDED:
        return find_model(job.model), name_of(job.model)
    return path(), EMBEDDED


def _doubts(clip: Clip, chinese: bool) -> list[Warned]:
    doubts: list[Warned] = []
    if clip.model == EMBEDDED:
        hint = "Read its labels as guesses, or name a larger one, such as --model openai/clip-vit-base-patch32."
        doubts.append(Warned("embedded_clip", LIMITS["en"], hint))
    sentences = {
        label: texts[-1] for group in clip.groups for label, texts in zip(group.labels, group.sentences, strict=True)
    }
    unknown = [
        label
        for label, text in sentences.items()
        if _unknown(clip.tokenizer, text) or (HAN.search(text) and not chinese)
    ]
    if unknown:
        few = ", ".join(unknown[:8]) + (f" and {len(unknown) - 8} more" if len(unknown) > 8 else "")
        who = "The built-in CLIP" if clip.model == EMBEDDED else clip.model
        text = f"{who} does not know the words of {len(unknown)} of {len(sentences)} labels: {few}."
        doubts.append(
            Warned("labels_unknown", text, "It can only guess them: use other words, or a model that knows them.")
        )
    return doubts


def _unknown(tokenizer: Any, text: str) -> bool:
    """Whether a word of `text` is not in the vocabulary of a tokenizer that knows whole words only."""
    unknown = tokenizer.unk_token_id
    if unknown is None or unknown in (tokenizer.eos_token_id, tokenizer.bos_token_id, tokenizer.pad_token_id):
        return False
    return unknown in tokenizer(text, add_special_tokens=False)["input_ids"]


def _features(output: Any) -> torch.Tensor:
    """transformers gives a tensor or an output that holds it."""
    return output if isinstance(output, torch.Tensor) else output.pooler_output


def _unit(vectors: torch.Tensor) -> torch.Tensor:
    return vectors / vectors.norm(dim=-1, keepdim=True)

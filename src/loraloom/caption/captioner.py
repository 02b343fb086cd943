"""Sentences by an image-to-text model of transformers: BLIP, BLIP-2, Florence-2, Qwen2-VL, Qwen2.5-VL and their like."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from loraloom.caption.device import choose_device, choose_dtype
from loraloom.caption.engine import Made, Picture, Warned, in_order, read_all
from loraloom.caption.hub import find_model, name_of, need_safetensors
from loraloom.caption.quiet import loading
from loraloom.spec.captioning import CaptionerJob
from loraloom.spec.errors import LoomError

if TYPE_CHECKING:
    from PIL.Image import Image

ASKED = "Describe this picture in one sentence."
PROMPTS = {"florence2": "<DETAILED_CAPTION>"}
"""What suits a kind of model best where nothing is asked. Chat models are asked `ASKED`, BLIP nothing."""
PLAIN = ("blip", "blip-2")
"""Kinds that answer without a prompt, and go on from one."""
HINT = (
    "Loom reads BLIP, BLIP-2, Florence-2 (florence-community), Qwen2-VL, Qwen2.5-VL and other chat models for pictures."
)
_TASK = re.compile(r"<[A-Z_]+>")


@dataclass
class Captioner:
    """A loaded captioning model."""

    job: CaptionerJob
    model: str
    network: Any
    processor: Any
    device: torch.device
    kind: str
    """transformers' model_type."""
    warnings: Sequence[Warned] = ()

    @property
    def batch_size(self) -> int:
        """As the job says."""
        return self.job.batch_size

    @property
    def chats(self) -> bool:
        """Whether the model is asked in its chat form."""
        return bool(getattr(self.processor, "chat_template", None))

    @property
    def prompt(self) -> str:
        """What the model is asked about every picture."""
        if self.job.prompt is not None:
            return self.job.prompt
        return PROMPTS.get(self.kind, ASKED if self.chats else "")

    def caption(self, pictures: Sequence[Picture]) -> Iterator[tuple[int, Made]]:
        """A sentence for each picture."""
        places, images, failed = read_all(pictures, self._shrunk)
        yield from in_order(places, self._answers(images), failed)

    def _shrunk(self, image: Image) -> Image:
        image.thumbnail((self.job.max_side, self.job.max_side))
        return image

    def _answers(self, images: list[Image]) -> list[Made]:
        """A picture that the model's processor cannot take (far too narrow, say) spoils no other."""
        if not images:
            return []
        try:
            return [Made(text) if text else Made(problem="The model said nothing.") for text in self._ask(images)]
        except ValueError as error:
            if len(images) == 1:
                return [Made(problem=f"The model cannot take this picture: {' '.join(str(error).split())[:200]}")]
        return [made for image in images for made in self._answers([image])]

    @torch.inference_mode()
    def _ask(self, images: list[Image]) -> list[str]:
        inputs: Any = self._inputs(images).to(self.device)
        if "pixel_values" in inputs:
            inputs["pixel_values"] = inputs["pixel_values"].to(self.network.dtype)
        job = self.job
        options: dict[str, Any] = {"max_new_tokens": job.max_new_tokens, "num_beams": job.beams, "do_sample": False}
        if job.min_new_tokens:
            options["min_new_tokens"] = job.min_new_tokens
        if job.temperature > 0:
            torch.manual_seed(job.seed)
            options |= {"do_sample": True, "temperature": job.temperature}
        answers = self.network.generate(**inputs, **options)
        asked = inputs.get("input_ids")
        if self.kind != "blip" and asked is not None:  # BLIP goes on from its prompt, which belongs to the caption
            count = asked.shape[1]
            if answers.shape[1] >= count and bool((answers[:, :count] == asked).all()):
                answers = answers[:, count:]
        texts = self.processor.batch_decode(answers, skip_special_tokens=True)
        return [" ".join(_TASK.sub(" ", text).split()) for text in texts]

    def _inputs(self, images: list[Image]) -> Any:
        if self.chats:
            content = [{"type": "image"}, {"type": "text", "text": self.prompt}]
            text = self.processor.apply_chat_template(
                [{"role": "user", "content": content}], add_generation_prompt=True
            )
            # Pictures of a question each in a list of its own, which every chat processor understands.
            nested = [[image] for image in images]
            return self.processor(images=nested, text=[text] * len(images), padding=True, return_tensors="pt")
        texts = [self.prompt] * len(images) if self.prompt or self.kind not in PLAIN else None
        return self.processor(images=images, text=texts, padding=True, return_tensors="pt")


def load_captioner(job: CaptionerJob) -> Captioner:
    """Raises LoomError: see `engines.load`."""
    if job.model is None:
        hint = "Give a folder or a hub id such as florence-community/Florence-2-base: --model ..."
        raise LoomError("caption_model_not_found", "The engine caption needs a model.", hint)
    folder, name = find_model(job.model), name_of(job.model)
    need_safetensors(folder, name)
    device = choose_device(job.device)
    with loading(name):
        from transformers import AutoConfig, AutoModelForImageTextToText
        from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

        config: Any = AutoConfig.from_pretrained(folder, local_files_only=True)
        if config.model_type not in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES:
            raise LoomError("caption_model_unusable", f"{name} ({config.model_type}) does not describe pictures.", HINT)
        network: Any = AutoModelForImageTextToText.from_pretrained(
            folder, use_safetensors=True, local_files_only=True, dtype=choose_dtype(job.precision, device)
        )
        processor = _processor(folder, config.model_type)
    if getattr(processor, "chat_template", None):
        processor.tokenizer.padding_side = "left"  # answers are made behind the question
    return Captioner(job, name, network.to(device).requires_grad_(False).eval(), processor, device, config.model_type)


def _processor(folder: Path, kind: str) -> Any:
    """The model's own processor, for pictures only: its part for films would need torchvision."""
    from transformers import AutoImageProcessor, AutoTokenizer
    from transformers.models.auto.processing_auto import PROCESSOR_MAPPING_NAMES, processor_class_from_name

    whole: Any = processor_class_from_name(str(PROCESSOR_MAPPING_NAMES[kind]))
    if "video_processor" not in whole.get_attributes():
        return whole.from_pretrained(folder, local_files_only=True, backend="pil")
    images: Any = AutoImageProcessor.from_pretrained(folder, local_files_only=True, backend="pil")
    tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    pictures_only: Any = type(whole.__name__, (whole,), {"check_argument_for_proper_class": lambda *_: None})
    return pictures_only(images, tokenizer, None, chat_template=_chat_template(folder) or tokenizer.chat_template)


def _chat_template(folder: Path) -> str | None:
    """The chat form beside a model: a file of its own, as transformers writes it now or wrote it before."""
    for name in ("chat_template.jinja", "chat_template.json"):
        file = folder / name
        if file.is_file():
            text = file.read_text("utf-8")
            return text if file.suffix == ".jinja" else json.loads(text)["chat_template"]
    return None

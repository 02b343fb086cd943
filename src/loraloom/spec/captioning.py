"""What a captioning is asked to do: one frozen config for each engine, chosen by `engine`."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, TypeAdapter, field_validator, model_validator

from loraloom.spec.knob import Group, knob

Existing = Literal["keep", "append", "prepend", "replace"]
KEY_VARIABLE = "LORALOOM_VLM_KEY"
"""The one place where the key of an endpoint may stand: an environment variable, never a file."""
_DEVICE = r"(auto|cpu|mps|cuda(:\d{1,2})?)"


class _Job(Group):
    """What every engine is told."""

    model: str | None = knob(
        None, "Folder or hub id of the model; empty: the engine's own, if it has one.", min_length=1
    )
    template: str = knob(
        "{caption}",
        "How the caption is put together: {caption} or {labels} is what the engine found, {trigger} the trigger word, and "
        "the name of a label group, such as {styles}, its labels alone.",
        min_length=1,
        max_length=2000,
    )
    trigger: str = knob(
        "", "Word that calls the LoRA: once in every caption, where `[trigger]` stands or at the front."
    )
    existing: Existing = knob("keep", "What happens to a caption that is there already.")
    batch_size: int = knob(8, "Pictures at once; more is faster and needs more memory.", "pictures", ge=1, le=1024)
    device: str = knob("auto", "auto, cpu, mps, cuda or cuda:1.", pattern=f"^{_DEVICE}$")


class ClipJob(_Job):
    """Names pictures after labels: each picture goes to the labels whose words lie nearest to it (CLIP, SigLIP)."""

    engine: Literal["clip"] = "clip"
    labels: tuple[str, ...] = knob((), "Labels to choose from, such as cat, dog, bird.", max_length=5000)
    label_sets: tuple[str, ...] = knob((), "Label sets that come with Loom, such as subjects.en or styles.zh.")
    groups: dict[str, tuple[str, ...]] = knob({}, "Further groups of labels by name; each group is decided on its own.")
    prompts: tuple[str, ...] = knob(
        (), "Sentences around a label, {} is the label; their embeddings are averaged. Empty: a set that works well."
    )
    max_labels: int = knob(1, "Labels of one group in a caption at most.", "labels", ge=1, le=100)
    threshold: float | None = knob(
        None,
        "A label needs this probability. Empty: the likeliest of a group is always taken, further ones from 0.2.",
        "0 to 1",
        ge=0,
        le=1,
    )
    probability: Literal["auto", "softmax", "sigmoid"] = knob(
        "auto",
        "softmax: the labels of a group share 1, one of them is right; sigmoid: each label by itself (SigLIP); auto: what "
        "the model was trained with.",
    )
    temperature: float = knob(1.0, "Above 1 the probabilities are more careful, below 1 bolder.", gt=0, le=100)

    @model_validator(mode="after")
    def _something_to_choose_from(self) -> Self:
        if not (self.labels or self.label_sets or any(self.groups.values())):
            raise ValueError("give labels, or label_sets such as subjects.en")
        if any("{}" not in prompt for prompt in self.prompts):
            raise ValueError("every prompt needs {} where the label goes")
        return self


class TaggerJob(_Job):
    """Finds tags as booru sites have them (WD14-style ONNX taggers: model.onnx and selected_tags.csv)."""

    engine: Literal["tagger"] = "tagger"
    general_threshold: float = knob(0.35, "Probability that a general tag needs.", "0 to 1", ge=0, le=1)
    character_threshold: float = knob(0.85, "Probability that a character's name needs.", "0 to 1", ge=0, le=1)
    rating_threshold: float | None = knob(
        None, "Probability from which the likeliest rating is a tag too; empty: never.", "0 to 1", ge=0, le=1
    )
    blocked: tuple[str, ...] = knob((), "Tags that are left out, with spaces or underscores.")
    underscores: bool = knob(False, "Keep underscores in tags; off: spaces, except in faces such as ^_^.")
    order: Literal["probability", "alphabet", "model"] = knob("probability", "Order of the tags.")
    characters_first: bool = knob(True, "Put characters' names before the other tags.")
    max_tags: int | None = knob(None, "Tags of a caption at most; empty: all of them.", "tags", ge=1)


class CaptionerJob(_Job):
    """Describes pictures in sentences with a captioning model (BLIP, BLIP-2, Florence-2, Qwen2-VL and the like)."""

    engine: Literal["caption"] = "caption"
    prompt: str | None = knob(
        None,
        "What the model is asked, or the words it goes on from (BLIP); empty: what suits the model. For Florence-2 a task "
        "such as <CAPTION>.",
        max_length=4000,
    )
    max_new_tokens: int = knob(80, "Longest answer.", "tokens", ge=1, le=4096)
    min_new_tokens: int = knob(0, "Shortest answer.", "tokens", ge=0, le=4096)
    beams: int = knob(1, "Answers searched side by side; more is slower and often more fitting.", ge=1, le=16)
    temperature: float = knob(0.0, "0 takes the likeliest word each time; higher varies.", ge=0, le=5)
    seed: int = knob(0, "Seed of the variation.", ge=0, lt=2**32)
    max_side: int = knob(1024, "Pictures are made smaller to this side first.", "pixels", ge=32, le=8192)
    precision: Literal["auto", "fp32", "bf16", "fp16"] = knob(
        "auto", "Number format; auto: bf16 on a card, fp32 elsewhere."
    )


class VlmJob(_Job):
    """Asks a vision model behind an OpenAI-compatible address (llama.cpp, vLLM, Ollama or hosted)."""

    engine: Literal["vlm"] = "vlm"
    url: str = knob(
        "http://127.0.0.1:8080/v1", "Address of the endpoint, up to /v1; its key is read from the environment."
    )
    prompt: str = knob(
        "Describe this picture in one sentence for training an image generator: subject, pose, clothing, background, "
        "colours, style. No introduction.",
        "What is asked about each picture; {existing} is the caption that is there.",
        min_length=1,
        max_length=20_000,
    )
    system: str = knob("", "Instruction given before every question.", max_length=20_000)
    max_tokens: int = knob(300, "Longest answer.", "tokens", ge=1, le=100_000)
    temperature: float = knob(0.2, "0 is plain, higher varies.", ge=0, le=2)
    concurrency: int = knob(4, "Pictures asked about at the same time.", ge=1, le=256)
    retries: int = knob(
        5, "How often a question is asked again when the endpoint is busy or fails.", "times", ge=0, le=50
    )
    timeout: float = knob(120.0, "How long an answer may take.", "seconds", gt=0, le=3600)
    max_side: int = knob(1024, "Pictures are made smaller to this side before they are sent.", "pixels", ge=32, le=8192)
    price_in: float = knob(0.0, "Price of a million tokens sent, in your currency; for the cost.", ge=0)
    price_out: float = knob(0.0, "Price of a million tokens answered, in your currency; for the cost.", ge=0)

    @field_validator("url")
    @classmethod
    def _plain_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("is not an address such as http://127.0.0.1:8080/v1")
        if parts.username or parts.password or parts.query:
            raise ValueError(f"may hold no password or key: put the key into the environment variable {KEY_VARIABLE}")
        return re.sub(r"(/chat/completions)?/*$", "", url)


class PhotoJob(_Job):
    """Names photographs by their likeliest ImageNet classes (EfficientNet-Lite0); of no use for drawings."""

    engine: Literal["photo"] = "photo"
    max_labels: int = knob(3, "Classes in a caption at most.", "labels", ge=1, le=20)
    threshold: float = knob(0.1, "A class after the first needs this probability.", "0 to 1", ge=0, le=1)


CaptionJob = Annotated[ClipJob | TaggerJob | CaptionerJob | VlmJob | PhotoJob, Field(discriminator="engine")]
CAPTION_JOB: TypeAdapter[CaptionJob] = TypeAdapter(CaptionJob)
EngineName = Literal["clip", "tagger", "caption", "vlm", "photo"]
JOBS: dict[EngineName, type[ClipJob | TaggerJob | CaptionerJob | VlmJob | PhotoJob]] = {
    "clip": ClipJob,
    "tagger": TaggerJob,
    "caption": CaptionerJob,
    "vlm": VlmJob,
    "photo": PhotoJob,
}

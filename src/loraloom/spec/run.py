"""The run: one frozen config per training, a union chosen by `family`. Everything that is generated comes from here."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, TypeAdapter, model_validator

from loraloom.spec.caption import CaptionRules
from loraloom.spec.common import Checkpoints, Length, Pace, Validation
from loraloom.spec.dataset import Dataset
from loraloom.spec.knob import Group, knob
from loraloom.spec.text import FAMILY_HELP, TextRun

ImageFamily = Literal["sd1", "sd2", "sdxl"]
Family = Literal["sd1", "sd2", "sdxl", "causal_lm"]
Targets = Literal["attention", "attention+ff", "attention+ff+conv"]


class Lora(Group):
    """The adapter that is trained (LoRA: Hu et al. 2021, arXiv:2106.09685)."""

    rank: int = knob(
        16, "Size of the adapter: more learns more detail, makes a larger file, overfits sooner.", ge=1, le=1024
    )
    alpha: float = knob(16, "Strength is alpha / rank: doubling alpha acts like doubling the learning rate.", gt=0)
    dropout: float = knob(0.0, "Chance to zero an adapter input: less overfitting, slower steps.", "0 to 1", ge=0, lt=1)
    rslora: bool = knob(False, "Scale by alpha / sqrt(rank), steadier at high ranks (rsLoRA, arXiv:2312.03732).")
    dora: bool = knob(
        False, "Learn magnitude and direction apart: often better at low rank, slower (DoRA, arXiv:2402.09353)."
    )
    targets: Targets = knob(
        "attention+ff", "Layers adapted: more layers take up style faster, and file and memory grow."
    )
    unet: bool = knob(True, "Adapt the UNet, which draws.")
    text_encoder: bool = knob(False, "Adapt the text encoders too: helps new words, needs text encoding at every step.")
    include_blocks: tuple[str, ...] = knob(
        (), "Adapt only modules whose path contains one of these, such as `up_blocks` or `mid_block`; empty means all."
    )
    exclude_blocks: tuple[str, ...] = knob((), "Leave out modules whose path contains one of these.")

    @model_validator(mode="after")
    def _something_trains(self) -> Self:
        if not self.unet and not self.text_encoder:
            raise ValueError("nothing would be trained: set lora.unet or lora.text_encoder to true")
        return self


class Training(Length):
    """How long, how many pictures at once, and in which precision."""

    lower_resolution: bool = knob(
        False, "Whether the resolution may be lowered when memory runs out and nothing else is left to lower."
    )
    cache: Literal["memory", "disk"] = knob("memory", "Where latents and embeddings are kept; disk survives a restart.")


class Optimizer(Pace):
    """What moves the weights, and how fast over the run."""

    text_encoder_learning_rate: float | None = knob(
        None, "Rate of the text encoders; empty means the same as the UNet's.", gt=0, le=10
    )

    @model_validator(mode="after")
    def _one_rate_for_prodigy(self) -> Self:
        if self.name == "prodigy" and self.text_encoder_learning_rate not in (None, self.learning_rate):
            raise ValueError("prodigy finds one rate for everything: leave text_encoder_learning_rate empty")
        return self


class Loss(Group):
    """What is compared at each step (denoising score matching; DDPM: Ho et al. 2020, arXiv:2006.11239)."""

    min_snr_gamma: float | None = knob(
        None, "Weigh timesteps by min-SNR, usually 5: faster, steadier (arXiv:2303.09556).", gt=0
    )
    noise_offset: float = knob(
        0.0, "Shift noise per channel, usually 0.05: darker darks and brighter brights.", ge=0, le=1
    )
    zero_terminal_snr: bool = knob(
        False, "Rescale the noise schedule so that the last step is pure noise (arXiv:2305.08891)."
    )
    prediction: Literal["auto", "epsilon", "v_prediction"] = knob(
        "auto", "What the base model predicts; auto reads it from the base."
    )
    masked: bool = knob(True, "Weigh the loss by masks where a picture has one.")
    masked_floor: float = knob(0.1, "Weight of what a mask hides: 0 ignores it.", "0 to 1", ge=0, le=1)


class Sampling(Group):
    """Pictures made while training, from fixed prompts and seeds."""

    prompts: tuple[str, ...] = knob(
        (), "Prompts to draw; `[trigger]` stands for the trigger word. Empty: none are made."
    )
    negative_prompt: str = knob("", "What samples should not show.")
    every_steps: int | None = knob(
        None, "Draw every so many steps, and at step 0 and the end; empty: start and end only.", "steps", ge=1
    )
    seed: int = knob(0, "Seed of the first prompt; the next ones count up.", ge=0, lt=2**32)
    steps: int = knob(25, "Denoising steps of a sample.", "steps", ge=1, le=1000)
    guidance: float = knob(7.0, "How strictly samples follow their prompt.", ge=0, le=50)
    width: int | None = knob(
        None, "Width; empty means the training resolution.", "pixels", ge=32, le=4096, multiple_of=8
    )
    height: int | None = knob(
        None, "Height; empty means the training resolution.", "pixels", ge=32, le=4096, multiple_of=8
    )


class Export(Group):
    """What is written into the LoRA file and beside it."""

    trigger_phrase: str = knob("", "Words that call the LoRA, written beside the file; empty means the trigger word.")
    description: str = knob("", "One paragraph for the model card.")
    author: str = knob("", "Name on the card; empty leaves it out.")
    license: str = knob("", "Licence of the LoRA, such as `cc0-1.0`; empty leaves it out.")
    dtype: Literal["fp16", "bf16", "fp32"] = knob(
        "fp16", "Number format of the file: fp16 loads everywhere at half the size."
    )
    include_captions: bool = knob(
        False, "Write tag frequencies and folder names into the file: they tell what you trained on."
    )


class _ImageRun(Group):
    """Fields that every picture family has."""

    name: str = knob(
        "lora", "Name of the run and of the LoRA file; a label, never a path.", min_length=1, max_length=200
    )
    base_model: str = knob(
        "thimble",
        "What is adapted: thimble (built in), a diffusers folder, a .safetensors file or a hub id.",
        min_length=1,
    )
    dataset: Dataset = knob(..., "The pictures.")
    caption: CaptionRules = knob(CaptionRules(), "How captions are turned into prompts.")
    lora: Lora = knob(Lora(), "The adapter.")
    training: Training = knob(..., "Length, batch and precision.")
    optimizer: Optimizer = knob(Optimizer(), "Optimizer and learning rate.")
    loss: Loss = knob(Loss(), "Loss.")
    checkpoints: Checkpoints = knob(Checkpoints(), "Checkpoints.")
    sample: Sampling = knob(Sampling(), "Sample pictures.")
    validation: Validation = knob(Validation(), "Validation.")
    export: Export = knob(Export(), "The file that comes out.")
    tensorboard_dir: str | None = knob(None, "Folder for TensorBoard files too; empty writes none.")


class Sd1Run(_ImageRun):
    """Stable Diffusion 1.x and models of its shape (CLIP-L, 512 px, epsilon)."""

    family: Literal["sd1"] = knob("sd1", FAMILY_HELP)
    clip_skip: int = knob(
        1, "Which layer of the text encoder is read, from the end: 2 is usual for anime models.", "layers", ge=1, le=12
    )


class Sd2Run(_ImageRun):
    """Stable Diffusion 2.x (OpenCLIP-H, 512 or 768 px, epsilon or v-prediction)."""

    family: Literal["sd2"] = knob("sd2", FAMILY_HELP)


class SdxlRun(_ImageRun):
    """Stable Diffusion XL (CLIP-L and OpenCLIP-bigG, 1024 px)."""

    family: Literal["sdxl"] = knob("sdxl", FAMILY_HELP)


ImageRun = Sd1Run | Sd2Run | SdxlRun
Run = Annotated[Sd1Run | Sd2Run | SdxlRun | TextRun, Field(discriminator="family")]
RUN: TypeAdapter[Run] = TypeAdapter(Run)
FAMILIES: dict[Family, type[Group]] = {"sd1": Sd1Run, "sd2": Sd2Run, "sdxl": SdxlRun, "causal_lm": TextRun}
NATIVE_RESOLUTION: dict[ImageFamily, int] = {"sd1": 512, "sd2": 768, "sdxl": 1024}


def schema() -> dict[str, Any]:
    """JSON schema of the union, with units and help texts."""
    return RUN.json_schema()

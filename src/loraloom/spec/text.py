"""The run of a language model: texts instead of pictures, the same groups otherwise."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from loraloom.spec.common import Checkpoints, Length, Pace, Validation
from loraloom.spec.knob import Group, knob

TextTargets = Literal["query+value", "attention", "all-linear"]
FAMILY_HELP = "What kind of model the base is; told from the base model when left out."


class TextDataset(Group):
    """Where the texts are, and how much of each the model sees."""

    path: str = knob(
        ...,
        "A json, jsonl, csv, parquet, txt or md file, or a folder or zip of them.",
        min_length=1,
    )
    max_length: int = knob(
        1024,
        "Longest example: answers beyond it are cut, documents become several. Longer needs more memory.",
        "tokens",
        ge=16,
        le=1_048_576,
    )
    system: str = knob("", "What the model is told before a conversation that says nothing of its own.")
    repeats: int = knob(1, "How often each example counts in an epoch.", "times", ge=1)


class TextLora(Group):
    """The adapter that is trained (LoRA: Hu et al. 2021, arXiv:2106.09685); the defaults are the paper's."""

    rank: int = knob(
        8, "Size of the adapter: more learns more detail, makes a larger file, overfits sooner.", ge=1, le=1024
    )
    alpha: float = knob(16, "Strength is alpha / rank: doubling alpha acts like doubling the learning rate.", gt=0)
    dropout: float = knob(0.1, "Chance to zero an adapter input: less overfitting, slower steps.", "0 to 1", ge=0, lt=1)
    rslora: bool = knob(False, "Scale by alpha / sqrt(rank), steadier at high ranks (rsLoRA, arXiv:2312.03732).")
    dora: bool = knob(
        False, "Learn magnitude and direction apart: often better at low rank, slower (DoRA, arXiv:2402.09353)."
    )
    plus_ratio: float = knob(
        1.0, "Rate of B over the rate of A, usually 16: learns faster (LoRA+, arXiv:2402.12354); 1 is off.", ge=1, le=64
    )
    targets: TextTargets = knob(
        "query+value",
        "Layers adapted: more layers take up more, and file and memory grow; all-linear learns facts best.",
    )
    include_blocks: tuple[str, ...] = knob(
        (), "Adapt only modules whose path contains one of these, such as `layers.10.`; empty means all."
    )
    exclude_blocks: tuple[str, ...] = knob((), "Leave out modules whose path contains one of these.")


class TextTraining(Length):
    """How long, how many texts at once, and in which precision."""

    quantization: Literal["none", "int8", "nf4"] = knob(
        "none",
        "Keep the frozen base in 8 or 4 bits: far less memory, a little slower, CUDA only (QLoRA, arXiv:2305.14314).",
    )


class TextLoss(Group):
    """What is compared at each step: the next token, or two answers."""

    train_on: Literal["answers", "everything"] = knob(
        "answers", "Learn the answers alone, or the questions too. Documents are always learned whole."
    )
    neftune: float = knob(
        0.0,
        "Noise on the embeddings, usually 5: livelier answers from few examples (arXiv:2310.05914); 0 is off.",
        ge=0,
    )
    dpo_beta: float = knob(
        0.1,
        "For examples with a chosen and a rejected answer: how close to the base the model stays (DPO, arXiv:2305.18290).",
        gt=0,
        le=10,
    )


class Answering(Group):
    """Answers given while training, to fixed prompts."""

    prompts: tuple[str, ...] = knob((), "Prompts to answer. Empty: none are answered.")
    every_steps: int | None = knob(
        None, "Answer every so many steps, and at step 0 and the end; empty: start and end only.", "steps", ge=1
    )
    seed: int = knob(0, "Seed of the first prompt; the next ones count up.", ge=0, lt=2**32)
    max_tokens: int = knob(96, "Longest answer.", "tokens", ge=1, le=8192)
    temperature: float = knob(0.0, "0 always takes the likeliest token; more is more varied.", ge=0, le=2)


class TextExport(Group):
    """What is written beside the adapter."""

    description: str = knob("", "One paragraph for the model card.")
    author: str = knob("", "Name on the card; empty leaves it out.")
    license: str = knob("", "Licence of the LoRA, such as `cc0-1.0`; empty leaves it out.")
    dtype: Literal["fp16", "bf16", "fp32"] = knob(
        "fp32", "Number format of the file: fp16 loads everywhere at half the size."
    )


class TextRun(Group):
    """A causal language model of transformers: Llama, Qwen, Mistral, Gemma, Phi and their like."""

    name: str = knob(
        "lora", "Name of the run and of the LoRA file; a label, never a path.", min_length=1, max_length=200
    )
    base_model: str = knob(
        "smollm2",
        "What is adapted: smollm2 (from a package), a transformers folder, a .gguf file or a hub id.",
        min_length=1,
    )
    dataset: TextDataset = knob(..., "The texts.")
    lora: TextLora = knob(TextLora(), "The adapter.")
    training: TextTraining = knob(..., "Length, batch and precision.")
    optimizer: Pace = knob(Pace(), "Optimizer and learning rate.")
    loss: TextLoss = knob(TextLoss(), "Loss.")
    checkpoints: Checkpoints = knob(Checkpoints(), "Checkpoints.")
    sample: Answering = knob(Answering(), "Sample answers.")
    validation: Validation = knob(Validation(), "Validation.")
    export: TextExport = knob(TextExport(), "The files that come out.")
    tensorboard_dir: str | None = knob(None, "Folder for TensorBoard files too; empty writes none.")
    family: Literal["causal_lm"] = knob("causal_lm", FAMILY_HELP)

    @model_validator(mode="after")
    def _one_rate_for_prodigy(self) -> Self:
        if self.optimizer.name == "prodigy" and self.lora.plus_ratio != 1:
            raise ValueError("prodigy and LoRA+ do not go together: set lora.plus_ratio to 1")
        return self

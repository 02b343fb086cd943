"""Writes docs/memory.md: what Stable Diffusion 1.5 and XL take on cards of six sizes, by the model.

`--check` only says whether it is current.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loraloom.forecast.cards import card
from loraloom.forecast.facts import DeviceFacts
from loraloom.forecast.memory import PlanSize, memory
from loraloom.forecast.needs import CLASSES, TAKEN
from loraloom.forecast.room import MARGIN
from loraloom.forecast.work import expected
from loraloom.models.shape import usual_shape
from loraloom.spec.forecast import Part, StageMemory
from loraloom.spec.run import RUN, Family, Run

PAGE = Path(__file__).parents[1] / "docs" / "memory.md"
NOTE = "<!-- Written by `python -m tools.memory_tables`. Do not edit. -->\n"
GB = 1 << 30
SIDES: dict[Family, int] = {"sd1": 512, "sdxl": 1024}
NAMES: dict[Family, str] = {"sd1": "Stable Diffusion 1.5 at 512 px", "sdxl": "Stable Diffusion XL at 1024 px"}
BATCHES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
PICTURES = 30
PARTS: tuple[Part, ...] = ("runtime", "base", "adapter", "gradients", "optimizer", "activations", "working", "slack")


@dataclass(frozen=True)
class Published:
    """A figure somebody else gives, what comes nearest to it here, and where it is from."""

    what: str
    said: str
    family: Family
    settings: dict[str, Any]
    source: str


PUBLISHED = (
    Published(
        "SD 1.5, 512 px, batch 1, fp16, attention, rank 4",
        "runs on 11 GB (RTX 2080 Ti)",
        "sd1",
        {"training": {"precision": "fp16"}, "lora": {"rank": 4, "targets": "attention"}, "sample": {"prompts": ["a"]}},
        "diffusers, training guide `text_to_image` LoRA (huggingface.co/docs/diffusers/training/lora)",
    ),
    Published(
        "SDXL, checkpointing, UNet only, latents and texts cached, 8-bit optimizer",
        "8 GB possible, 10 GB recommended",
        "sdxl",
        {"training": {"gradient_checkpointing": True}, "optimizer": {"name": "adamw8bit"}},
        "kohya-ss/sd-scripts, README, SDXL training",
    ),
    Published(
        "SDXL, batch 1, texts and pictures encoded before, no validation",
        "8 GB or less",
        "sdxl",
        {"training": {"gradient_checkpointing": True}, "lora": {"rank": 4, "targets": "attention"}},
        "huggingface/diffusers, issue 11971, a maintainer",
    ),
    Published(
        "SDXL, rank 64",
        "runs on 12 GB",
        "sdxl",
        {"training": {"gradient_checkpointing": True}, "lora": {"rank": 64, "alpha": 64}},
        "FurkanGozukara/Stable-Diffusion, issue 24",
    ),
    Published(
        "SDXL, 1024 px, batch 2, checkpointing",
        "runs on 10 GB (RTX 3080)",
        "sdxl",
        {"training": {"gradient_checkpointing": True, "batch_size": 2}, "optimizer": {"name": "adamw8bit"}},
        "bmaltais/kohya_ss, issue 1184",
    ),
    Published(
        "SDXL with samples",
        "below 16 GB",
        "sdxl",
        {"training": {"gradient_checkpointing": True}, "sample": {"prompts": ["a"]}},
        "huggingface/diffusers, pull request 4470",
    ),
)


def run_of(family: Family, settings: dict[str, Any]) -> Run:
    """A run with `settings`, grouped as in a config, over 30 pictures."""
    config: dict[str, Any] = {"family": family, "dataset": {"path": "pictures", "resolution": SIDES[family]}}
    config["training"] = {"steps": 1000, "precision": "bf16", **settings.get("training", {})}
    return RUN.validate_python({**{k: v for k, v in settings.items() if k != "training"}, **config})


def stages(family: Family, settings: dict[str, Any], device: DeviceFacts) -> tuple[StageMemory, ...]:
    """The model's answer."""
    return memory(run_of(family, settings), usual_shape(family), plan_of(family), device)


def plan_of(family: Family) -> PlanSize:
    """Of square pictures with a caption each."""
    side = SIDES[family]
    return PlanSize(1000, (side, side), float(side * side), PICTURES, PICTURES)


def graphics_card(gigabytes: int) -> DeviceFacts:
    """A card since Ampere whose driver and desktop take what `forecast.needs` reckons with."""
    name, total = f"{gigabytes} GB", gigabytes * GB
    return DeviceFacts(name, name, "cuda", total, total - TAKEN, ("bf16", "fp16", "fp32"))


def peak(found: tuple[StageMemory, ...]) -> StageMemory:
    """The stage that holds most."""
    return max(found, key=lambda stage: stage.bytes)


def largest(family: Family, device: DeviceFacts, checkpointing: bool, targets: str, samples: bool) -> str:
    """The largest batch that fits with the margin that "fit to this machine" keeps; a dash where not even one does."""
    best = "-"
    for batch in BATCHES:
        training = {"batch_size": batch, "gradient_checkpointing": checkpointing}
        settings: dict[str, Any] = {"training": training, "lora": {"targets": targets}}
        if samples:
            settings["sample"] = {"prompts": ["a"]}
        if peak(stages(family, settings, device)).bytes * (1 + MARGIN) > device.memory_free:
            break
        best = str(batch) + ("+" if batch == BATCHES[-1] else "")
    return best


def what_fits(family: Family) -> list[str]:
    """A row a class, largest batches."""
    rows = [
        "| card | attention+ff | with checkpointing | attention+ff+conv | with checkpointing | samples at full size |"
    ]
    rows.append("|---|---|---|---|---|---|")
    for gigabytes in CLASSES:
        device = graphics_card(gigabytes)
        batches = [
            largest(family, device, checkpointing, targets, samples=False)
            for targets in ("attention+ff", "attention+ff+conv")
            for checkpointing in (False, True)
        ]
        drawn = "yes" if largest(family, device, True, "attention+ff", samples=True) != "-" else "no"
        rows.append(f"| {gigabytes} GB | {' | '.join(batches)} | {drawn} |")
    return rows


def parts(family: Family) -> list[str]:
    """Where the memory of one picture at a time goes."""
    rows = [f"| settings | stage | {' | '.join(PARTS)} | sum |", f"|---|---|{'---|' * (len(PARTS) + 1)}"]
    for words, settings in (
        ("bf16", {}),
        ("bf16, checkpointing", {"training": {"gradient_checkpointing": True}}),
        ("fp32, checkpointing", {"training": {"gradient_checkpointing": True, "precision": "fp32"}}),
    ):
        found = stages(family, {**settings, "sample": {"prompts": ["a"]}}, graphics_card(24))
        for stage in (one for one in found[1:] if one.bytes):
            sizes = [f"{stage.parts.get(part, 0) / GB:.2f}" for part in PARTS]
            rows.append(f"| {words} | {stage.stage} | {' | '.join(sizes)} | {stage.bytes / GB:.1f} |")
    return rows


def published() -> list[str]:
    """Figures of others, and ours beside them."""
    rows = ["| what | they say | computed here | where it is from |", "|---|---|---|---|"]
    for one in PUBLISHED:
        top = peak(stages(one.family, one.settings, graphics_card(24)))
        rows.append(f"| {one.what} | {one.said} | {top.bytes / GB:.1f} GB ({top.stage}) | {one.source} |")
    return rows


def throughput() -> str:
    """A published time beside ours."""
    settings = {"training": {"precision": "fp16", "accumulation": 4}, "lora": {"rank": 4, "targets": "attention"}}
    step = expected(run_of("sd1", settings), usual_shape("sd1"), plan_of("sd1"), card("RTX 2080 Ti"))["step"]
    return (
        "Time: the diffusers guide says about 5 hours for 15,000 steps of four pictures, one at a time, on a 2080 Ti, "
        f"which is 1.2 s a step; the model expects {step:.1f} s."
    )


def page() -> str:
    """The whole page."""
    lines = [
        NOTE,
        "# Memory on cards\n",
        "**Computed, not measured here**: these figures come from the memory model of `src/loraloom/forecast/`, for cards "
        "that no test has run on. What autograd keeps is counted layer by layer and compared with the real models by "
        "`tests/recipe/test_saved_activations.py`. The card's context, workspaces and the allocator's rounding are "
        "estimates.\n",
        "Settings, where nothing else is said: bf16, LoRA of rank 16 on attention+ff of the UNet, AdamW, 30 pictures, "
        f"captions embedded beforehand. A batch counts as fitting when {MARGIN:.0%} more than the model says is free on a "
        f"card of which {TAKEN / GB:.2f} GB are taken by a desktop. GB are 2^30 bytes.\n",
    ]
    for family, name in NAMES.items():
        lines += [f"## {name}\n", "Largest batch without samples:\n", *what_fits(family), ""]
        lines += ["One picture at a time, in GB; samples are drawn at the same size:\n", *parts(family), ""]
    lines += [
        "Samples at full size can be the peak: the VAE decodes in fp32. Smaller ones (`sample.width`, `sample.height`) or "
        "none fit where training does.\n",
        "## Beside what others publish\n",
        *published(),
        "",
        "Others report cards on which it ran, rarely peaks, and with other programs: ours should be below the card's "
        "size.\n",
        throughput(),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the page, or with `--check` exit with 1 if it is not what would be written."""
    if "--check" in sys.argv:
        sys.exit(PAGE.read_text("utf-8") != page())
    PAGE.write_text(page(), "utf-8")


if __name__ == "__main__":
    main()

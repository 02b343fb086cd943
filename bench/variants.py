"""What each choice in the training step gives: `python -m bench.variants`. One process, steps interleaved, CPU seconds.

The plain step (PEFT's layers, AdamW as torch has it by default) is 1; each variant changes one thing, `loom` is all that
Loom does. CPU seconds of one thread are hardly disturbed by what else the machine does.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import torch
from diffusers import UNet2DConditionModel

from bench.machine import machine
from loraloom.models.resolve import thimble_path
from loraloom.spec.run import Lora
from loraloom.train.adapters import add_lora, trainable
from loraloom.train.fused import fuse

BATCH, SKIP = 8, 3
RESULTS = Path(__file__).parent / "results"


class Variant:
    """A UNet with a LoRA, and one way to do a step."""

    def __init__(
        self,
        node: bool = False,
        fused_adamw: bool = False,
        channels_last: bool = False,
        checkpointing: bool = False,
        all_grads: bool = False,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.unet: Any = UNet2DConditionModel.from_pretrained(thimble_path() / "unet", torch_dtype=dtype)
        self.unet.requires_grad_(False)
        torch.manual_seed(0)
        add_lora(self.unet, "unet", Lora())
        self.parameters = trainable(self.unet)
        if node:
            fuse(self.unet)
        if channels_last:
            self.unet.to(memory_format=torch.channels_last)
        if checkpointing:
            self.unet.enable_gradient_checkpointing()
        if all_grads:
            self.unet.requires_grad_(True)
        self.unet.train()
        self.dtype = dtype
        self.optimizer = torch.optim.AdamW(self.parameters, lr=1e-3, fused=fused_adamw)

    def step(self, latents: torch.Tensor, steps: torch.Tensor, text: torch.Tensor, goal: torch.Tensor) -> float:
        """One step; the loss."""
        with torch.autocast("cpu", self.dtype, enabled=self.dtype != torch.float32):
            said = self.unet(latents.to(self.dtype), steps, text.to(self.dtype), return_dict=False)[0]
        loss = (said.float() - goal).square().mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.unet.zero_grad()
        return float(loss.detach())


VARIANTS: dict[str, Callable[[], Variant]] = {
    "plain": Variant,
    "one node for frozen linear + LoRA": lambda: Variant(node=True),
    "fused AdamW": lambda: Variant(fused_adamw=True),
    "loom (both)": lambda: Variant(node=True, fused_adamw=True),
    "channels_last": lambda: Variant(channels_last=True),
    "gradient checkpointing": lambda: Variant(checkpointing=True),
    "everything requires grad": lambda: Variant(all_grads=True),
    "bf16 base with autocast": lambda: Variant(dtype=torch.bfloat16),
}


def main() -> None:
    """Measure and write `bench/results/variants.json` and `.md`."""
    parser = argparse.ArgumentParser(prog="bench.variants")
    parser.add_argument("--steps", type=int, default=25)
    options = parser.parse_args()
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    made = {name: make() for name, make in VARIANTS.items()}
    taken: dict[str, list[float]] = {name: [] for name in made}
    losses: dict[str, list[float]] = {name: [] for name in made}
    for _ in range(options.steps):
        latents, goal = (torch.randn(BATCH, 4, 16, 16, generator=generator) for _ in range(2))
        steps = torch.randint(0, 1000, (BATCH,), generator=generator)
        text = torch.randn(BATCH, 16, 128, generator=generator)
        for name, variant in made.items():
            began = time.thread_time()
            losses[name].append(variant.step(latents, steps, text, goal))
            taken[name].append(time.thread_time() - began)
    plain = median(taken["plain"][SKIP:])
    rows = [
        {
            "what": name,
            "cpu_seconds": median(times[SKIP:]),
            "of_plain": median(times[SKIP:]) / plain,
            "last_loss": losses[name][-1],
        }
        for name, times in taken.items()
    ]
    table = "| what | CPU seconds a step | of plain | loss at the last step |\n|---|---|---|---|\n" + "\n".join(
        f"| {row['what']} | {row['cpu_seconds']:.4f} | {row['of_plain']:.3f} | {row['last_loss']:.6f} |" for row in rows
    )
    print(table)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "variants.json").write_text(json.dumps({"machine": machine(), "rows": rows}, indent=1) + "\n", "utf-8")
    facts = "\n".join(f"- {key}: {value}" for key, value in machine().items())
    (RESULTS / "variants.md").write_text(f"# One choice at a time\n\n{table}\n\n{facts}\n", "utf-8")


if __name__ == "__main__":
    main()

"""`python -m bench.swap [--rounds N] [--threads N]`: swapping a LoRA by Loom against diffusers, interleaved.

A swap puts a LoRA on and takes it off again. diffusers: `load_lora_weights` and `delete_adapters`. Loom: a file it has never
read, and one it has. Two LoRAs take turns, rank 16 on all attention layers of the UNet, in fp16 and kohya's layout: on
Thimble, and on a Stable Diffusion 1.5 of true shape with random weights in memory. What both predict with the LoRA on is
compared first.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import torch
from safetensors.torch import save_file
from transformers.models.clip.configuration_clip import CLIPTextConfig
from transformers.models.clip.modeling_clip import CLIPTextModel

from bench.machine import machine
from loraloom.generate.draw import pipeline_for
from loraloom.generate.parts import Parts, load_parts
from loraloom.generate.playground.fitting import Wardrobe
from loraloom.generate.playground.swap import Swap, Use
from loraloom.generate.quiet import quiet
from loraloom.generate.single_file import clip_tokenizer
from loraloom.models.configs import true_config
from loraloom.models.layout import select, unet_layers
from loraloom.models.lora_keys import to_kohya
from loraloom.models.resolve import resolve

RESULTS = Path(__file__).resolve().parents[1] / "bench" / "results" / "swap"
RANK, AIM = 16, 1 / 3
REFERENCE, FIRST, KNOWN = "diffusers", "Loom, first read", "Loom, known file"


def main() -> None:
    """Measure, print the table, write `bench/results/swap.json` and `swap.md`."""
    parser = argparse.ArgumentParser(prog="bench.swap")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    quiet()
    torch.set_num_threads(options.threads)
    rows: list[dict[str, Any]] = []
    for name, make in (("Thimble", thimble), ("Stable Diffusion 1.5", true_shape)):
        with tempfile.TemporaryDirectory() as folder:
            rows += measure(name, make(), Path(folder), options.rounds)
    write(rows, options)


def thimble() -> Parts:
    """The embedded base."""
    return load_parts(resolve("thimble"), "sd1", torch.float32)


def true_shape() -> Parts:
    """UNet and text encoder of Stable Diffusion 1.5 with random weights; no VAE, which no LoRA is on."""
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

    torch.manual_seed(0)
    config = true_config("sd1", "text_encoder")
    return Parts(
        family="sd1",
        unet=UNet2DConditionModel.from_config(true_config("sd1", "unet")).eval().requires_grad_(False),
        vae=None,
        text_encoders={"text_encoder": CLIPTextModel(CLIPTextConfig(**config)).eval().requires_grad_(False)},
        tokenizers={"text_encoder": clip_tokenizer()},
        scheduler_config=true_config("sd1", "scheduler"),
        prediction="epsilon",
    )


def measure(name: str, parts: Parts, folder: Path, rounds: int) -> list[dict[str, Any]]:
    """A row a way of swapping: medians of milliseconds, and of the rounds' own ratios."""
    files = [_lora(parts.unet, folder / f"{n}.safetensors", n) for n in (1, 2)]
    own = copy.deepcopy(parts)  # diffusers leaves PEFT's layers behind
    pipeline, swap = pipeline_for(parts), Swap()
    components: Any = {"unet": own.unet, **own.text_encoders}
    known = Wardrobe(components, 1 << 30)
    difference = _differ(own, known, swap, pipeline, files[0])

    def by_diffusers(file: Path) -> None:
        pipeline.load_lora_weights(file.parent, weight_name=file.name, adapter_name="one")
        pipeline.delete_adapters("one")

    def by_loom(file: Path, wardrobe: Wardrobe) -> None:
        swap.put_on([Use(wardrobe.fit(file), 1.0, {})])
        swap.put_on([])

    taken: dict[str, list[float]] = {REFERENCE: [], FIRST: [], KNOWN: []}
    for number in range(-1, rounds):  # the first round warms up
        file, fresh = files[number % 2], Wardrobe(components, 1 << 30)
        for what, work in (
            (REFERENCE, lambda f=file: by_diffusers(f)),
            (FIRST, lambda f=file, w=fresh: by_loom(f, w)),
            (KNOWN, lambda f=file: by_loom(f, known)),
        ):
            spent = _milliseconds(work)
            if number >= 0:
                taken[what].append(spent)
        print(name, number + 1, *(f"{what}: {some[-1]:.2f} ms" for what, some in taken.items() if some), flush=True)
    return [
        {
            "base": name,
            "what": what,
            "milliseconds": median(some),
            "slowest": max(some),
            "of_diffusers": median(a / b for a, b in zip(some, taken[REFERENCE], strict=True)),
            "aim": None if what == REFERENCE else AIM,
            "layers": len(known.fit(files[0]).layers),
            "largest_difference": difference,
        }
        for what, some in taken.items()
    ]


def _lora(unet: Any, file: Path, seed: int) -> Path:
    """A LoRA with random weights on every attention layer."""
    draw = torch.Generator().manual_seed(seed)
    tensors: dict[str, torch.Tensor] = {}
    for layer in select(unet_layers(dict(unet.config.items())), "attention"):
        name, (out, into, *_) = to_kohya("unet", layer.path, "sd1"), layer.shape
        tensors[f"{name}.lora_down.weight"] = (torch.randn(RANK, into, generator=draw) * into**-0.5).half()
        tensors[f"{name}.lora_up.weight"] = (torch.randn(out, RANK, generator=draw) * 0.05).half()
        tensors[f"{name}.alpha"] = torch.tensor(float(RANK)).half()
    save_file(tensors, file, {"ss_base_model_version": "sd_v1"})
    return file


@torch.no_grad()
def _differ(own: Parts, wardrobe: Wardrobe, swap: Swap, pipeline: Any, file: Path) -> float:
    """Largest difference of one prediction with the LoRA on by Loom and by diffusers, as a share of the LoRA's effect."""
    draw = torch.Generator().manual_seed(0)
    noisy = torch.randn(1, 4, 16, 16, generator=draw)
    hidden = torch.randn(1, 16, own.unet.config.cross_attention_dim, generator=draw)

    def predict(unet: Any) -> torch.Tensor:
        return unet(noisy, torch.tensor([500]), hidden, return_dict=False)[0]

    base = predict(own.unet)
    swap.put_on([Use(wardrobe.fit(file), 1.0, {})])
    ours = predict(own.unet)
    swap.put_on([])
    assert torch.equal(predict(own.unet), base)
    pipeline.load_lora_weights(file.parent, weight_name=file.name, adapter_name="one")
    theirs = predict(pipeline.unet)
    pipeline.delete_adapters("one")
    return float((ours - theirs).abs().max() / (theirs - base).abs().max())


def _milliseconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def write(rows: list[dict[str, Any]], options: argparse.Namespace) -> None:
    """The figures, and what they were measured on."""
    facts = machine() | {"threads": str(options.threads), "rounds": str(options.rounds)}
    facts["load"] = f"{os.getloadavg()[0]:.1f} processes wanted a core at the end"
    result = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": facts, "rows": rows}
    text = "\n".join(f"- {key}: {value}" for key, value in facts.items())
    out: Path = options.out
    out.parent.mkdir(parents=True, exist_ok=True)
    out.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    out.with_suffix(".md").write_text(f"# Swapping a LoRA, {result['date']}\n\n{_table(rows)}\n\n{text}\n", "utf-8")
    print(_table(rows))


def _table(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| base | what | milliseconds | slowest | of diffusers | aim | layers | predictions differ by |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        aim = "" if row["aim"] is None else f"{row['aim']:.2f}"
        lines.append(
            f"| {row['base']} | {row['what']} | {row['milliseconds']:.2f} | {row['slowest']:.2f} | "
            f"{row['of_diffusers']:.4f} | {aim} | {row['layers']} | {row['largest_difference']:.1e} of the effect |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()

"""How often what Thimble draws is what was asked for; prints JSON, writes a sheet of the pictures."""

import argparse
import json
import random
from pathlib import Path

import numpy as np
import torch
from clip import zero_shot
from data import BACKGROUNDS, caption, compose, concepts, noto, sheet, to_float, to_tensor
from diffusers import StableDiffusionPipeline
from PIL import Image
from torch.nn import functional as F
from transformers import CLIPModel, CLIPTokenizer

PROMPTS = 64
HELD = 200


def load(base: Path) -> StableDiffusionPipeline:
    """The pipeline in fp32, quiet."""
    pipe = StableDiffusionPipeline.from_pretrained(base, dtype=torch.float32, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def draw(
    pipe: StableDiffusionPipeline,
    prompts: list[str],
    seed: int,
    steps: int = 30,
    guidance: float = 3.0,
    batch: int = 16,
) -> list[Image.Image]:
    """A picture for each prompt, the n-th from seed + n."""
    out: list[Image.Image] = []
    for start in range(0, len(prompts), batch):
        part = prompts[start : start + batch]
        generators = [torch.Generator().manual_seed(seed + start + i) for i in range(len(part))]
        out += pipe(part, num_inference_steps=steps, guidance_scale=guidance, generator=generators).images
    return out


@torch.no_grad()
def features(model: CLIPModel, images: list[Image.Image]) -> torch.Tensor:
    """Unit image features of the small CLIP, (n, 128)."""
    return F.normalize(model.get_image_features(to_float(to_tensor(images))).pooler_output, dim=-1)


def hits(ranks: torch.Tensor, truth: torch.Tensor) -> dict[str, float]:
    """Share of rows whose first, and one of whose first five, entries are right."""
    right = ranks == truth[:, None]
    return {f"top{k}": round(right[:, :k].any(1).float().mean().item(), 3) for k in (1, 5)}


def ground_right(images: list[Image.Image], wanted: list[str]) -> float:
    """Share of pictures whose four corners are nearest the background asked for."""
    names = list(BACKGROUNDS)
    palette = np.array([BACKGROUNDS[n] for n in names], dtype=float)
    right = 0
    for image, name in zip(images, wanted, strict=True):
        pixels = np.asarray(image, dtype=float)
        corner = np.median([pixels[y, x] for y in (1, -2) for x in (1, -2)], axis=0)
        right += names[int(((palette - corner) ** 2).sum(1).argmin())] == name
    return round(right / len(images), 3)


def measure(base: Path, judge: Path, npm: Path, sheet_path: Path | None) -> dict[str, object]:
    """The figures of the card; `judge` is the CLIP that looks at the pictures."""
    rng = random.Random(7)
    known = concepts(npm)
    names = [c.name for c in known]
    asked = rng.sample(range(len(known)), PROMPTS)
    others = rng.sample([i for i in range(len(known)) if i not in asked], HELD - PROMPTS)
    grounds = [rng.choice(list(BACKGROUNDS)) for _ in asked]
    images = draw(load(base), [caption(names[i], g) for i, g in zip(asked, grounds, strict=True)], seed=1000)
    model = CLIPModel.from_pretrained(judge, dtype=torch.float32).eval()
    tokenizer = CLIPTokenizer.from_pretrained(judge)
    held = [*asked, *others]
    mine = features(model, images)
    # The reference picture stands on the background that was asked for, so that only the subject decides.
    by_feature = []
    for row, g in zip(mine, grounds, strict=True):
        gallery = features(model, [compose(noto(known[i], npm), g, 0.9) for i in held])
        by_feature.append((gallery @ row).argsort(descending=True))
    zero = zero_shot(model, tokenizer, names, to_float(to_tensor(images)))
    real = [compose(noto(known[i], npm), g, 0.9) for i, g in zip(asked, grounds, strict=True)]
    if sheet_path:
        sheet([x for pair in zip(real, images, strict=True) for x in pair], 16, 2).save(sheet_path)
    truth = torch.tensor(asked)
    return {
        "prompts": PROMPTS, "steps": 30, "guidance": 3.0, "scheduler": "DDIM", "seeds": [1000, 1000 + PROMPTS - 1],
        "concepts": len(known),
        "nearest_of_200": hits(torch.stack(by_feature), torch.arange(PROMPTS)),
        "clip_zero_shot": hits(zero, truth),
        "clip_zero_shot_on_noto_itself": hits(zero_shot(model, tokenizer, names, to_float(to_tensor(real))), truth),
        "background_right": ground_right(images, grounds),
    }  # fmt: skip


def main() -> None:
    """Measure a finished folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True, help="the exported folder")
    parser.add_argument("--judge", type=Path, required=True, help="the CLIP of stage 2, WORK/clip")
    parser.add_argument("--npm", type=Path, required=True)
    parser.add_argument("--sheet", type=Path, help="where to write real and drawn pictures in pairs (PNG)")
    parser.add_argument("--out", type=Path, help="where to write the figures (JSON)")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    text = json.dumps(measure(args.base, args.judge, args.npm, args.sheet), indent=2)
    if args.out:
        args.out.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()

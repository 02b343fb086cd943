"""Stage 4: gather the trained parts into one folder in Stable Diffusion's layout, fp16, swapped in whole."""

import argparse
import json
import shutil
import tempfile
from pathlib import Path

import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer
from unet import build_scheduler

LIMIT = 16_000_000
"""Bytes the folder may take."""
KEPT = ("README.md", "LICENSE", "figures.json")
"""Files in the target that are not made here and outlive an export."""


def compact(folder: Path) -> None:
    """Take out what tells of this machine; rewrite the tokenizers, which are large, without indentation."""
    for path in folder.rglob("config.json"):
        config = json.loads(path.read_text(encoding="utf-8"))
        config.pop("_name_or_path", None)  # a path of the machine it was made on
        path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    for path in folder.rglob("tokenizer.json"):
        path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")), ensure_ascii=False), encoding="utf-8")


def gather(work: Path, folder: Path) -> None:
    """Write the pipeline below `folder`; of the CLIP it takes the text tower alone."""
    tokenizer = CLIPTokenizer.from_pretrained(work / "clip")
    text = CLIPTextModel.from_pretrained(work / "clip").half()
    pipe = StableDiffusionPipeline(
        vae=AutoencoderKL.from_pretrained(work / "vae").half(),
        text_encoder=text,
        tokenizer=tokenizer,
        unet=UNet2DConditionModel.from_pretrained(work / "unet").half(),
        scheduler=build_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.save_pretrained(folder, safe_serialization=True)
    compact(folder)


def check(folder: Path) -> int:
    """Load the folder as users do; returns its bytes, raises if they are too many or the text tower gives no numbers."""
    pipe = StableDiffusionPipeline.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    ids = pipe.tokenizer("red apple on white background", padding="max_length", return_tensors="pt").input_ids
    with torch.no_grad():
        if not torch.isfinite(pipe.text_encoder(ids).pooler_output).all():
            raise ValueError("the text tower gives no numbers")
    size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    if size > LIMIT:
        raise ValueError(f"{size} bytes, more than {LIMIT}")
    return size


def main() -> None:
    """Write the folder beside its place, check it, then swap."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument(
        "--out", type=Path, required=True, help="the folder to replace, such as src/loraloom/assets/thimble"
    )
    args = parser.parse_args()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=args.out.parent, prefix=".thimble-") as temporary:
        fresh, old = Path(temporary) / "fresh", Path(temporary) / "old"
        gather(args.work, fresh)
        for name in KEPT:
            if (args.out / name).exists():
                shutil.copy2(args.out / name, fresh / name)
        size = check(fresh)
        if args.out.exists():
            args.out.rename(old)
        fresh.rename(args.out)
    print(f"{args.out}: {size} bytes")


if __name__ == "__main__":
    main()

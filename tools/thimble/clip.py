"""Stage 2: a small CLIP, whose text tower the UNet then listens to and whose vision tower names pictures."""

import argparse
import json
import random
from pathlib import Path

import torch
from clock import add_arguments, clock_from
from data import BACKGROUNDS, SIZE, Concept, concepts, fluent, noto
from demo_set import DEMO, HELD_OUT
from PIL import Image
from torch.nn import functional as F
from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, CLIPTextConfig, CLIPTokenizer, CLIPVisionConfig
from words import LENGTH, build_tokenizer, encode

MORE_BACKGROUNDS = {
    "red": (225, 70, 70),
    "orange": (245, 160, 70),
    "purple": (165, 110, 210),
    "black": (20, 20, 20),
    "brown": (140, 95, 65),
}
"""Colours that only the CLIP sees, so that it can name more than the UNet was taught."""
WIDTH = 128


def build(tokenizer: CLIPTokenizer) -> CLIPModel:
    """A new CLIP: 2 text layers and 4 vision layers, about 1.4 M parameters."""
    text = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=LENGTH,
        projection_dim=WIDTH,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    vision = CLIPVisionConfig(
        hidden_size=160,
        intermediate_size=320,
        num_hidden_layers=4,
        num_attention_heads=5,
        image_size=SIZE,
        patch_size=8,
        projection_dim=WIDTH,
    )
    return CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=WIDTH))


def processor() -> CLIPImageProcessorPil:
    """Resizes to 64x64 and scales to [-1, 1]."""
    half = [0.5, 0.5, 0.5]
    return CLIPImageProcessorPil(
        size={"shortest_edge": SIZE}, crop_size={"height": SIZE, "width": SIZE}, image_mean=half, image_std=half
    )


def premultiplied(images: list[Image.Image]) -> torch.Tensor:
    """RGBA pictures as floats in [0, 1], (n, 4, 64, 64), colours multiplied by alpha."""
    rows = [torch.frombuffer(bytearray(i.tobytes()), dtype=torch.uint8).view(SIZE, SIZE, 4) for i in images]
    x = torch.stack(rows).permute(0, 3, 1, 2).float() / 255
    x[:, :3] *= x[:, 3:]
    return x


def augment(rgba: torch.Tensor, colours: torch.Tensor) -> torch.Tensor:
    """Random scale, shift, turn, flip and tone over noisy backgrounds; (n, 3, 64, 64) in [-1, 1]."""
    n = len(rgba)
    scale = torch.empty(n).uniform_(0.95, 1.5)
    angle = torch.randn(n) * 0.08
    mirror = torch.where(torch.rand(n) < 0.5, -1.0, 1.0)
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 0, 1] = scale * angle.cos() * mirror, -scale * angle.sin()
    theta[:, 1, 0], theta[:, 1, 1] = scale * angle.sin() * mirror, scale * angle.cos()
    theta[:, :, 2] = torch.empty(n, 2).uniform_(-0.15, 0.15)
    moved = F.grid_sample(rgba, F.affine_grid(theta, list(rgba.shape), align_corners=False), align_corners=False)
    ground = (colours + torch.randn(n, 3) * 0.04).clamp(0, 1)[:, :, None, None]
    x = moved[:, :3] + (1 - moved[:, 3:]) * ground
    x = x * torch.empty(n, 1, 1, 1).uniform_(0.85, 1.12) + torch.empty(n, 1, 1, 1).uniform_(-0.06, 0.06)
    x = x + torch.randn_like(x) * torch.empty(n, 1, 1, 1).uniform_(0, 0.04)
    return x.clamp(0, 1) * 2 - 1


def phrase(name: str, background: str, rng: random.Random) -> tuple[str, bool]:
    """A caption, and whether it names the background; now and then with a word that means nothing."""
    said = rng.random() < 0.7
    text = rng.choice(("", "", "", "a ", "the ", "a picture of a ")) + name
    if said:
        text += rng.choice((" on {} background", " on {} background", " on a {} background", " on {}")).format(
            background
        )
    if rng.random() < 0.1:
        junk = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=rng.randint(3, 6)))
        text = f"{junk} {text}" if rng.random() < 0.5 else f"{text} {junk}"
    return text, said


def targets(which: torch.Tensor, ground: torch.Tensor, said: torch.Tensor) -> torch.Tensor:
    """Which caption (column) is true of which picture (row), as 0 or 1."""
    same = which[:, None] == which[None, :]
    return (same & ((ground[:, None] == ground[None, :]) | ~said[None, :])).float()


def contrast(logits: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """CLIP's loss, where a picture may have several true captions and a caption several pictures."""
    by_image = -(logits.log_softmax(1) * true).sum(1) / true.sum(1)
    by_text = -(logits.log_softmax(0) * true).sum(0) / true.sum(0)
    return (by_image.mean() + by_text.mean()) / 2


def pictures(known: list[Concept], npm: Path) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """RGBA pictures, the concept of each, and how often to draw each: Fluent 3D too, but never the kept subjects."""
    kept = {*DEMO, *HELD_OUT}
    rows = [(noto(c, npm), i, 2.0) for i, c in enumerate(known)]
    for i, c in enumerate(known):
        extra = None if c.name in kept else fluent(c, npm)
        if extra is not None:
            rows.append((extra, i, 1.0))
    return premultiplied([r[0] for r in rows]), torch.tensor([r[1] for r in rows]), torch.tensor([r[2] for r in rows])


class Batches:
    """Augmented pictures, token ids, and which belong together."""

    def __init__(self, known: list[Concept], npm: Path, tokenizer: CLIPTokenizer) -> None:
        self.known, self.tokenizer, self.rng = known, tokenizer, random.Random(0)
        self.rgba, self.owner, self.weight = pictures(known, npm)
        colours = {**BACKGROUNDS, **MORE_BACKGROUNDS}
        self.colour_names, self.colour_values = list(colours), torch.tensor(list(colours.values())) / 255
        self.colour_weight = torch.tensor([2.0] * len(BACKGROUNDS) + [1.0] * len(MORE_BACKGROUNDS))

    def draw(self, count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """`count` pictures in [-1, 1], token ids, and the matrix of `targets`."""
        rows = torch.multinomial(self.weight, count)
        ground = torch.multinomial(self.colour_weight, count, replacement=True)
        texts, said = [], []
        for o, g in zip(self.owner[rows].tolist(), ground.tolist(), strict=True):
            text, named = phrase(self.known[o].name, self.colour_names[g], self.rng)
            texts.append(text)
            said.append(named)
        true = targets(self.owner[rows], ground, torch.tensor(said))
        return augment(self.rgba[rows], self.colour_values[ground]), encode(self.tokenizer, texts), true


@torch.no_grad()
def zero_shot(model: CLIPModel, tokenizer: CLIPTokenizer, names: list[str], x: torch.Tensor) -> torch.Tensor:
    """Names by likelihood for pictures in [-1, 1]: indices (n, names), best first."""
    text = model.get_text_features(encode(tokenizer, names)).pooler_output
    image = model.get_image_features(x).pooler_output
    return (F.normalize(image, dim=-1) @ F.normalize(text, dim=-1).T).argsort(dim=-1, descending=True)


def evaluate(model: CLIPModel, tokenizer: CLIPTokenizer, known: list[Concept], npm: Path) -> dict[str, float]:
    """How often the first, and one of the first five, names of a plain picture is right, by style."""
    model.eval()
    names, kept = [c.name for c in known], {*DEMO, *HELD_OUT}
    out = {}
    white = torch.ones(len(known), 3, 1, 1)
    for label, draw in (("noto", noto), ("fluent", fluent)):
        rgba = premultiplied([draw(c, npm) for c in known])  # type: ignore[misc]
        small = F.pad(F.interpolate(rgba, scale_factor=0.875, mode="area"), (4, 4, 4, 4))
        ranks = zero_shot(model, tokenizer, names, (small[:, :3] + (1 - small[:, 3:]) * white) * 2 - 1)
        hit = ranks == torch.arange(len(known))[:, None]
        rows = torch.tensor([c.name in kept for c in known])
        out[f"{label}_top1"] = hit[:, :1].any(1).float().mean().item()
        out[f"{label}_top5"] = hit[:, :5].any(1).float().mean().item()
        out[f"{label}_kept_top1"] = hit[rows, :1].any(1).float().mean().item()
        out[f"{label}_kept_top5"] = hit[rows, :5].any(1).float().mean().item()
    model.train()
    return {k: round(v, 3) for k, v in out.items()}


def save(model: CLIPModel, tokenizer: CLIPTokenizer, work: Path) -> None:
    """Write `WORK/clip`, complete."""
    tokenizer.save_pretrained(work / "clip")
    processor().save_pretrained(work / "clip")
    model.save_pretrained(work / "clip")


def main() -> None:
    """Train and write `WORK/clip`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--npm", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=128)
    add_arguments(parser, 12)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)

    known = concepts(args.npm)
    tokenizer = build_tokenizer(args.npm)
    batches = Batches(known, args.npm, tokenizer)
    model = build(tokenizer)
    print(sum(p.numel() for p in model.parameters()), "parameters,", len(batches.rgba), "pictures", flush=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05, betas=(0.9, 0.98), fused=True)

    clock = clock_from(args)
    step, saved = 0, 0.0
    while clock.progress() < 1:
        rate = clock.cosine(1.5e-3, step, 100)
        for group in optimizer.param_groups:
            group["lr"] = rate
        x, ids, true = batches.draw(args.batch)
        loss = contrast(model(input_ids=ids, pixel_values=x).logits_per_image, true)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        with torch.no_grad():
            model.logit_scale.clamp_(max=4.6052)
        step += 1
        if step % 50 == 0:
            sharpness = model.logit_scale.exp().item()
            print(
                f"{clock.elapsed():6.0f}s step {step} lr {rate:.1e} loss {loss:.3f} scale {sharpness:.1f}", flush=True
            )
        if clock.elapsed() - saved > 150:
            saved = clock.elapsed()
            save(model, tokenizer, args.work)
            print(json.dumps(evaluate(model, tokenizer, known, args.npm)), flush=True)
    save(model, tokenizer, args.work)
    print("done", step, json.dumps(evaluate(model, tokenizer, known, args.npm)), flush=True)


if __name__ == "__main__":
    main()

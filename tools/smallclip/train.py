"""Trains the small CLIP: `python tools/smallclip/train.py --work DIR --npm DIR --minutes 38`."""

import argparse
import json
from argparse import Namespace
from pathlib import Path

import numpy as np
import torch
from augment import augment, premultiplied
from drawings import TRAINED, all_drawings
from judge import first_and_five, plain_pictures
from model import build, contrast, look, read, save
from phrases import Writer
from subjects import Subject, subjects
from torch.nn import functional as F
from transformers import CLIPModel

from clock import add_arguments, clock_from  # isort: skip  (of tools/thimble, whose path `subjects` adds)

KEPT_PATCHES, PATCHES = 32, 64
"""Patches that a picture keeps while it is trained on, until the last part (FLIP, arXiv:2212.00794)."""
WHOLE_FROM = 0.8
"""Part of the time after which pictures are seen whole."""
AVERAGED = 0.998
SHARPEST = 3.9
"""Logarithm of the largest scale of the logits."""


class Pictures:
    """Drawings to train on, and those that the training is judged by while it runs."""

    def __init__(self, known: list[Subject], args: Namespace) -> None:
        found = all_drawings(known, args.npm, args.work / "drawings.npz")
        pictures, which, style = (torch.from_numpy(a) for a in found)
        out = torch.from_numpy(np.isin(style.numpy(), [TRAINED.index(s) for s in args.without]))
        self.rgba, self.owner = premultiplied(pictures[~out]), which[~out]
        self.weight = 1 / torch.bincount(self.owner, minlength=len(known))[self.owner].float().sqrt()
        self.tests = {"seen": (plain_pictures(self.rgba[::7]), self.owner[::7])}
        if out.any():
            self.tests["unseen"] = (plain_pictures(premultiplied(pictures[out])), which[out])


def groups(model: CLIPModel) -> list[dict]:
    """Matrices decay, the rest does not."""
    parameters = list(model.parameters())
    matrices = {"params": [p for p in parameters if p.ndim > 1], "weight_decay": 0.1}
    return [matrices, {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0}]


@torch.no_grad()
def settle(model: CLIPModel, average: dict[str, torch.Tensor], step: int) -> None:
    """After a step: the scale kept in bounds, the averaged weights moved on."""
    model.logit_scale.clamp_(max=SHARPEST)
    keep = min(AVERAGED, (1 + step) / (10 + step))
    for key, value in model.state_dict().items():
        if value.is_floating_point():
            average[key].lerp_(value, 1 - keep)


def train(args: Namespace) -> None:
    """Train and write `WORK/NAME`."""
    draw = torch.Generator().manual_seed(args.seed)
    known = subjects(args.npm)
    writer = Writer(known, args.seed)
    data = Pictures(known, args)
    model = build(writer.tokenizer)
    print(f"{model.num_parameters()} parameters, {len(data.rgba)} pictures, {len(known)} subjects", flush=True)
    optimizer = torch.optim.AdamW(groups(model), lr=args.rate, betas=(0.9, 0.98), fused=True)
    average = {k: v.clone() for k, v in model.state_dict().items()}
    clock, step, saved = clock_from(args), 0, 0.0
    while clock.progress() < 1:
        for group in optimizer.param_groups:
            group["lr"] = clock.cosine(args.rate, step, 150, args.rate / 100)
        rows = torch.multinomial(data.weight, args.batch, generator=draw)
        x, ground = augment(data.rgba[rows], draw)
        ids, true = writer.captions(data.owner[rows], ground)
        seen = look(model, x, KEPT_PATCHES if clock.progress() < WHOLE_FROM else PATCHES)
        said, names = read(model, torch.cat([ids, writer.names()])).split([len(ids), len(known)])
        scale = model.logit_scale.exp()
        by_name = F.cross_entropy(scale * seen @ names.T, data.owner[rows], label_smoothing=0.05)
        loss = contrast(scale * seen @ said.T, true) + by_name
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step += 1
        settle(model, average, step)
        if step % 25 == 0:
            print(f"{clock.elapsed():6.0f}s step {step} loss {loss:.3f} names {by_name:.3f} x{scale:.1f}", flush=True)
        if clock.elapsed() - saved > 120 or clock.progress() >= 1:
            saved = clock.elapsed()
            save(model, average, known, args.work / args.name)
            judged = CLIPModel.from_pretrained(args.work / args.name).eval()
            right = {k: first_and_five(judged, writer, x, owner) for k, (x, owner) in data.tests.items()}
            print(f"{clock.elapsed():6.0f}s step {step}", json.dumps(right), flush=True)


def main() -> None:
    """Read the arguments, then train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--work", type=Path, required=True, help="drawings are kept here, and the model is written here"
    )
    parser.add_argument("--npm", type=Path, required=True, help="the node_modules folder with the emoji packages")
    parser.add_argument("--name", default="model")
    parser.add_argument("--without", choices=TRAINED, action="append", default=[], help="a style to judge by instead")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=192)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    add_arguments(parser, 38)
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    train(args)


if __name__ == "__main__":
    main()

"""`python -m bench.zeroshot --npm DIR`: the embedded CLIP names emoji of Fluent 3D, a style that it never saw.

DIR is the folder of the emoji packages, which stay out of the repository; `tools/smallclip/README.md` has the one command
that fetches them. Everything else is in the repository and nothing is downloaded.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from datetime import UTC, datetime
from math import sqrt
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch.nn import functional as F
from transformers import AutoTokenizer, CLIPImageProcessorPil, CLIPModel

from bench.machine import machine
from loraloom.models.embedded_clip import path

sys.path.append(str(Path(__file__).resolve().parents[1] / "tools" / "smallclip"))

from drawings import TESTS, TRAINED, draw
from subjects import Subject, subjects

ROOT = Path(__file__).resolve().parents[1]
COUNT, SEED = 200, 0
HELD_OUT = "fluent-3d"
SENTENCES = ("{}", "a picture of a {}", "a drawing of a {}")


class Clip:
    """The embedded CLIP as anybody would load it."""

    def __init__(self, folder: Path) -> None:
        self.model = CLIPModel.from_pretrained(folder, dtype=torch.float32, local_files_only=True).eval()
        self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self.processor = CLIPImageProcessorPil.from_pretrained(folder, local_files_only=True)

    @torch.inference_mode()
    def texts(self, labels: list[str]) -> torch.Tensor:
        """Unit vectors (labels, 64), of each the mean over `SENTENCES`."""
        rows = []
        for sentence in SENTENCES:
            tokens = self.tokenizer(
                [sentence.format(one) for one in labels], padding=True, truncation=True, return_tensors="pt"
            )
            rows.append(F.normalize(self.model.get_text_features(**tokens).pooler_output, dim=-1))
        return F.normalize(torch.stack(rows).mean(0), dim=-1)

    @torch.inference_mode()
    def pictures(self, images: list[Image.Image]) -> torch.Tensor:
        """Unit vectors (pictures, 64)."""
        return F.normalize(
            self.model.get_image_features(**self.processor(images, return_tensors="pt")).pooler_output, dim=-1
        )

    def right(self, images: list[Image.Image], labels: list[str], true: list[int]) -> tuple[int, int]:
        """How many pictures have the true label first, and how many among the first five."""
        best = (self.pictures(images) @ self.texts(labels).T).topk(min(5, len(labels))).indices
        hit = best == torch.tensor(true)[:, None]
        return int(hit[:, 0].sum()), int(hit.any(1).sum())


def main() -> None:
    """Measure, print the table, write `bench/results/zeroshot.json` and `zeroshot.md`."""
    parser = argparse.ArgumentParser(prog="bench.zeroshot", description=__doc__)
    parser.add_argument("--npm", type=Path, required=True, help="node_modules with the emoji packages")
    parser.add_argument("--model", type=Path, default=path(), help="another CLIP to measure")
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "results")
    options = parser.parse_args()
    torch.set_num_threads(1)
    known = subjects(options.npm)
    drawn = draw(known, options.npm, HELD_OUT)
    asked = [known[i] for i in random.Random(SEED).sample(sorted(drawn), COUNT)]
    rows, facts = measure(Clip(options.model), known, asked, options.npm)
    facts |= {"drawn_from": len(drawn), "bytes": sum(p.stat().st_size for p in options.model.rglob("*") if p.is_file())}
    lines = [
        f"| {r['what']} | {r['labels']} | {_share(r, 'top1')} | {_share(r, 'top5')} | {_chance(r)} |" for r in rows
    ]
    table = "\n".join(
        ["| pictures | labels | top-1 | top-5 | chance, top-1 and top-5 |", "|---|---|---|---|---|", *lines]
    )
    print(table)
    options.out.mkdir(parents=True, exist_ok=True)
    result = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine(), **facts, "rows": rows}
    (options.out / "zeroshot.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    said = "\n\n".join(_notes(facts))
    about = "\n".join(f"- {key}: {value}" for key, value in result["machine"].items())
    (options.out / "zeroshot.md").write_text(
        f"# The embedded CLIP, zero-shot, {result['date']}\n\n{table}\n\n{said}\n\n{about}\n", "utf-8"
    )


def measure(
    clip: Clip, known: list[Subject], asked: list[Subject], npm: Path
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Rows of the table, and what must be said beside it."""
    names = [s.name for s in asked]
    everything = [s.name for s in known]
    categories = list(dict.fromkeys(s.category for s in known))
    rows, by_style = [], {}
    for style in (*TESTS, *TRAINED):
        pictures = draw(asked, npm, style)
        by_style[style] = len(pictures)
        images = [on_white(p) for p in pictures.values()]
        subject = [asked[i] for i in pictures]
        what = f"{style}, {'trained on' if style in TRAINED else 'never seen'}"
        rows.append(
            _row(f"{what}: names of the {COUNT}", COUNT, clip.right(images, names, list(pictures)), len(images))
        )
        if style in TRAINED:
            continue
        every = clip.right(images, everything, [known.index(s) for s in subject])
        rows.append(_row(f"{what}: names of all subjects", len(known), every, len(images)))
        kinds = clip.right(images, categories, [categories.index(s.category) for s in subject])
        rows.append(_row(f"{what}: categories", len(categories), kinds, len(images)))
    demo = sorted((ROOT / "src" / "loraloom" / "assets" / "demo" / "pictures").glob("*.png"))
    right = clip.right(
        [Image.open(p).convert("RGB") for p in demo], [p.stem.replace("-", " ") for p in demo], [*range(len(demo))]
    )
    rows.append(_row(f"demo data set ({HELD_OUT} on colours): its {len(demo)} names", len(demo), right, len(demo)))
    words = set(clip.tokenizer.get_vocab())
    seen = [set(draw(asked, npm, style)) for style in TRAINED]
    return rows, {
        "pictures": COUNT,
        "seed": SEED,
        "names_seen_in_other_styles": len(set.union(*seen)),
        "pictures_by_style": by_style,
        "names_of_known_words": sum(all(w in words for w in name.split()) for name in names),
        "categories": categories,
        "commonest_category": max(sum(s.category == c for s in asked) for c in categories) / COUNT,
        "milliseconds_a_picture": round(_cost(clip, asked, npm) * 1000, 2),
        "parameters": sum(p.numel() for p in clip.model.parameters()),
    }


def _cost(clip: Clip, asked: list[Subject], npm: Path) -> float:
    """Seconds of one core a picture, from the open picture to its vector."""
    images = [on_white(p) for p in draw(asked, npm, HELD_OUT).values()]
    began = time.process_time()
    clip.pictures(images)
    return (time.process_time() - began) / len(images)


def on_white(drawing: Image.Image, side: int = 64) -> Image.Image:
    """The drawing at nine tenths of its size in the middle of a white square."""
    inner = round(side * 0.9)
    small = drawing.resize((inner, inner), Image.Resampling.LANCZOS)
    out = Image.new("RGBA", (side, side), "white")
    out.alpha_composite(small, ((side - inner) // 2, (side - inner) // 2))
    return out.convert("RGB")


def _row(what: str, labels: int, right: tuple[int, int], of: int) -> dict[str, Any]:
    return {"what": what, "labels": labels, "pictures": of, "top1": right[0], "top5": right[1]}


def _share(row: dict[str, Any], key: str) -> str:
    """A share with Wilson's 95 % interval."""
    n, p, z = row["pictures"], row[key] / row["pictures"], 1.96
    middle, half = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)
    return f"{p:.1%} ({max(0.0, low):.0%} to {min(1.0, high):.0%}), {row[key]} of {n}"


def _chance(row: dict[str, Any]) -> str:
    return f"{1 / row['labels']:.1%}, {min(1, 5 / row['labels']):.1%}"


def _notes(facts: dict[str, Any]) -> list[str]:
    """What a reader has to know to judge the figures."""
    count, seen = facts["pictures"], facts["pictures_by_style"]
    trained = ", ".join(f"{seen[style]} in {style}" for style in TRAINED)
    return [
        f"{count} emoji drawn by lot (seed {facts['seed']}) from the {facts['drawn_from']} subjects of the training that "
        "Fluent 3D has, on white; brackets are 95 % intervals (Wilson). No picture of Fluent 3D or of FxEmojis was "
        "trained on, and no setting was chosen by their figures; that drawings are shaded while it is trained was chosen "
        "with solid-looking styles such as Fluent 3D in mind.",
        f"{facts['names_seen_in_other_styles']} of the {count} names were seen in other styles ({trained}): this tests a "
        "new style, not new things. Fluent Flat is by the designers of Fluent 3D and often has the same outline, which "
        "makes Fluent 3D easier than a style by others; FxEmojis, by others, are the harder test "
        f"(they have {seen['fxemoji']} of the {count}).",
        f"{facts['names_of_known_words']} of the {count} names are made of words of its vocabulary alone. The commonest "
        f"of the {len(facts['categories'])} categories ({', '.join(facts['categories'])}) holds "
        f"{facts['commonest_category']:.1%} of the {count}: who always said it would be right as often.",
        f"{facts['parameters']:,} parameters, {facts['bytes']:,} bytes in all; "
        f"{facts['milliseconds_a_picture']} ms of one core a picture.",
    ]


if __name__ == "__main__":
    main()

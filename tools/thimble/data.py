"""Pictures and captions: emoji from npm packages, composed on plain backgrounds."""

import json
import random
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from concepts import GROUPS, NAMES
from PIL import Image

SIZE = 64
BACKGROUNDS: dict[str, tuple[int, int, int]] = {
    "white": (255, 255, 255),
    "blue": (120, 170, 240),
    "pink": (248, 170, 200),
    "yellow": (250, 222, 110),
    "green": (140, 208, 140),
}
VARIATION_SELECTOR = "\ufe0f"


@dataclass(frozen=True)
class Concept:
    """One thing Thimble knows: its emoji, its group and the name captions use."""

    emoji: str
    group: str
    name: str

    @cached_property
    def codes(self) -> list[str]:
        """File stems to try, with and without variation selectors."""
        full = "-".join(f"{ord(c):04x}" for c in self.emoji)
        bare = "-".join(f"{ord(c):04x}" for c in self.emoji if c != VARIATION_SELECTOR)
        return [full, bare, f"{bare}-fe0f"]


def concepts(npm: Path) -> list[Concept]:
    """Every concept, in the order of `GROUPS`; raises if two share a name."""
    names = json.loads((npm / "unicode-emoji-json/data-by-emoji.json").read_text(encoding="utf-8"))
    out = []
    for group, emoji in GROUPS.items():
        for item in emoji.split():
            found = NAMES.get(item) or names[item]["name"].lower()
            plain = unicodedata.normalize("NFKD", found).encode("ascii", "ignore").decode()
            out.append(Concept(item, group, plain))
    seen: dict[str, str] = {}
    for c in out:
        if c.name in seen:
            raise ValueError(f"{c.emoji} and {seen[c.name]} are both called {c.name!r}")
        seen[c.name] = c.emoji
    return out


def _open(folder: Path, stems: list[str], suffix: str) -> Image.Image | None:
    for stem in stems:
        path = folder / f"{stem}{suffix}"
        if path.exists():
            return Image.open(path).convert("RGBA")
    return None


def noto(concept: Concept, npm: Path) -> Image.Image:
    """The concept drawn by Noto Emoji, 64x64 RGBA."""
    image = _open(npm / "emoji-datasource-google/img/google/64", concept.codes, ".png")
    if image is None:
        raise FileNotFoundError(f"no Noto picture of {concept.name} ({concept.codes})")
    return image if image.size == (SIZE, SIZE) else image.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


def fluent(concept: Concept, npm: Path, size: int = SIZE) -> Image.Image | None:
    """The concept drawn in Fluent 3D, RGBA, or None where that set lacks it."""
    image = _open(npm / "@lobehub/fluent-emoji-3d/assets", concept.codes, ".webp")
    return None if image is None else image.resize((size, size), Image.Resampling.LANCZOS)


def compose(
    image: Image.Image, background: str, scale: float = 1.0, shift: tuple[int, int] = (0, 0), flip: bool = False
) -> Image.Image:
    """Lay a square RGBA picture on a background; returns RGB of the same size."""
    side = image.width
    if flip:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if scale != 1.0:
        inner = round(side * scale)
        image = image.resize((inner, inner), Image.Resampling.LANCZOS)
    canvas = Image.new("RGBA", (side, side), (*BACKGROUNDS[background], 255))
    margin = (side - image.width) // 2
    layer = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    layer.paste(image, (margin + shift[0], margin + shift[1]))
    return Image.alpha_composite(canvas, layer).convert("RGB")


def jittered(image: Image.Image, background: str, rng: random.Random) -> Image.Image:
    """`compose` with a random scale of 0.82 to 0.98, a shift within the margin, and a flip half of the time."""
    scale = rng.uniform(0.82, 0.98)
    margin = (image.width - round(image.width * scale)) // 2
    reach = min(margin, 3)
    shift = (rng.randint(-reach, reach), rng.randint(-reach, reach))
    return compose(image, background, scale, shift, rng.random() < 0.5)


def caption(name: str, background: str | None) -> str:
    """The caption of a picture; no background where it is left unsaid."""
    return f"{name} on {background} background" if background else name


def to_tensor(images: list[Image.Image]) -> torch.Tensor:
    """Pictures as uint8, (n, 3, height, width)."""
    return torch.from_numpy(np.stack([np.asarray(i) for i in images])).permute(0, 3, 1, 2).contiguous()


def to_float(pictures: torch.Tensor) -> torch.Tensor:
    """uint8 pictures to floats in [-1, 1]."""
    return pictures.float() / 127.5 - 1


def picture_set(
    npm: Path, style: str, variants: int, seed: int, plain: int = 0
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """`variants` pictures of every concept on every background, the last `plain` of them centred and not jittered.

    Returns uint8 pictures (n, 3, 64, 64), the index of the concept (n,), and that of the background (n,).
    """
    rng = random.Random(seed)
    pictures, which, ground = [], [], []
    for index, concept in enumerate(concepts(npm)):
        source = noto(concept, npm) if style == "noto" else fluent(concept, npm)
        if source is None:
            continue
        for number, background in enumerate(BACKGROUNDS):
            for variant in range(variants):
                at_rest = variant - (variants - plain)
                if at_rest < 0:
                    pictures.append(jittered(source, background, rng))
                else:
                    pictures.append(compose(source, background, 0.9, flip=at_rest % 2 == 1))
                which.append(index)
                ground.append(number)
    return to_tensor(pictures), torch.tensor(which), torch.tensor(ground)


def words(npm: Path) -> list[str]:
    """Every word captions may hold, most useful first."""
    found = ["on", "background", *BACKGROUNDS, "a", "an", "the", "of", "with", "and", "in", "style", "picture"]
    for concept in concepts(npm):
        found += concept.name.replace("-", " - ").split()
    return list(dict.fromkeys(found))


def sheet(images: list[Image.Image], columns: int, zoom: int = 1) -> Image.Image:
    """Pictures of one size side by side."""
    width, height = images[0].width * zoom, images[0].height * zoom
    out = Image.new("RGB", (width * columns, height * -(-len(images) // columns)), "white")
    for i, image in enumerate(images):
        big = image.resize((width, height), Image.Resampling.NEAREST)
        out.paste(big, (i % columns * width, i // columns * height))
    return out

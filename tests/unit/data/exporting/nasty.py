"""Pictures whose names and captions break whatever can be broken, all of them different."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from loraloom.data.exporting.picture import Picture
from loraloom.data.renew import lossless
from tests.broken_pictures import encoded

CAPTIONS: tuple[tuple[str, str | None], ...] = (
    ("猫 咪/水墨，山水.png", "水墨，一只猫，留白"),
    ("猫 咪/水墨，山水.jpg", "equal stem, other extension"),
    ("plain.png", 'she said "hi, there", and left'),
    ("plain.webp", "=HYPERLINK(\"http://x\"), +1, -2, @a; 'b'"),
    ("PLAIN.gif", "first alternative\nsecond, alternative\n第三，行"),
    ("quo\"te's, comma; semi.png", ",leading comma, trailing comma,"),
    ("new\nline\ttab.png", 'only "quotes""here'),
    ("no caption.png", None),
    ("blank.png", ""),
    ("emoji 🦊👩‍👩‍👧.png", "🦊, 👩‍👩‍👧 family, ﬁn"),
    ("长" * 100 + ".png", "长" * 3000),
    ("x" * 230 + ".png", "x"),
    ("x" * 230 + ".jpg", "another x"),
    ("a-masklabel.png", "a picture, not a mask"),
    ("a.png", "[trigger], a, # no comment, \\n no newline, {braces}, %s"),
    ("README.png", "a picture called readme"),
    ("CON.png", "null"),
    (".hidden/.dot.png", "not hidden"),
    ("trailing. /dots...png", "dots"),
    ("10_sks cat/tabby.png", "0"),
    ("10_sks cat/dir.v2/deep.png", "false"),
    ("x.webp", "a"),
    ("x.webp.png", "b"),
    ("b\u0308.png", "b\u0308 decomposed"),
    ("v1.5", "no extension"),
    ("metadata.csv.png", '{"text": "json"}'),
    ("held-out.png", "a picture called held-out"),
    ("~", "\u3000full-width blanks\u3000"),
)


def pixels(number: int, size: tuple[int, int] = (40, 32)) -> Image.Image:
    """Another picture for every number."""
    values = np.random.default_rng(number).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(values)


def nasty(folder: Path) -> list[Picture]:
    """The pictures as a server has them: files under hashes, names as labels."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures: list[Picture] = []
    for number, (name, caption) in enumerate(CAPTIONS):
        path = folder / f"{number:064x}"
        path.write_bytes(encoded(pixels(number), "PNG") if number % 5 == 4 else lossless(pixels(number)))
        mask = None
        if number % 4 == 1:
            mask = folder / f"{number + 1000:064x}"
            mask.write_bytes(encoded(pixels(number).convert("L"), "PNG"))
        crop = (0.25, 0.0, 0.5, 0.75) if number % 6 == 2 else None
        pictures.append(Picture(name, path, caption, 1 + number % 3, number % 7 == 3, crop, mask))
    return pictures

"""Stage 5: the demo data set, 24 Fluent 3D emoji with captions, and the list of subjects kept out of it."""

import argparse
import json
import shutil
from pathlib import Path

from data import caption, compose, concepts, fluent
from demo_set import DEMO, HELD_OUT

SIDE = 128
GROUNDS = ("white", "blue", "pink")


def main() -> None:
    """Write pictures, captions, the held-out list and the licence."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--npm", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="such as src/loraloom/assets/demo")
    args = parser.parse_args()
    pictures = args.out / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    known = {c.name: c for c in concepts(args.npm)}
    for number, name in enumerate(DEMO):
        source = fluent(known[name], args.npm, SIDE)
        if source is None:
            raise FileNotFoundError(f"no Fluent 3D picture of {name}")
        ground = GROUNDS[number % len(GROUNDS)]
        stem = pictures / name.replace(" ", "-")
        compose(source, ground, 0.9).save(stem.with_suffix(".png"), optimize=True)
        stem.with_suffix(".txt").write_text(caption(name, ground) + "\n", encoding="utf-8")
    held = [{"name": n, "caption": caption(known[n].name, GROUNDS[i % len(GROUNDS)])} for i, n in enumerate(HELD_OUT)]
    (args.out / "held_out.json").write_text(json.dumps(held, indent=2) + "\n", encoding="utf-8")
    licence = Path(__file__).parent / "LICENSE-fluent-emoji.txt"
    shutil.copy(licence, args.out / licence.name)


if __name__ == "__main__":
    main()

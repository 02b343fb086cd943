"""Runs every stage in order: `python tools/thimble --work DIR --npm DIR --assets DIR`."""

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    """Each stage is a process of its own, so that its memory goes with it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="checkpoints and caches")
    parser.add_argument("--npm", type=Path, required=True, help="the node_modules folder with the emoji packages")
    parser.add_argument("--assets", type=Path, required=True, help="where thimble/ and demo/ are written")
    parser.add_argument("--vae-minutes", type=float, default=20)
    parser.add_argument("--clip-minutes", type=float, default=20)
    parser.add_argument("--unet-minutes", type=float, default=90)
    parser.add_argument("--threads", type=int, default=2, help="processor cores to use")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    work_npm = ["--work", args.work, "--npm", args.npm]
    common = [*work_npm, "--threads", args.threads]
    thimble, npm = args.assets / "thimble", ["--npm", args.npm]
    stages: list[list[object]] = [
        ["vae.py", *common, "--minutes", args.vae_minutes],
        ["clip.py", *common, "--minutes", args.clip_minutes],
        ["unet.py", *work_npm, "--workers", args.threads, "--minutes", args.unet_minutes],
        ["export.py", "--work", args.work, "--out", thimble],
        ["demo.py", *npm, "--out", args.assets / "demo"],
        [
            "evaluate.py",
            *npm,
            "--base",
            thimble,
            "--judge",
            args.work / "clip",
            "--out",
            thimble / "figures.json",
            "--sheet",
            args.work / "sheet.png",
        ],
    ]
    for script, *rest in stages:
        subprocess.run([sys.executable, str(HERE / str(script)), *map(str, rest)], check=True)


if __name__ == "__main__":
    main()

"""Writes the trained model as the folder that ships: fp16, compact, licences beside it, checked, swapped in whole."""

import argparse
import json
import shutil
import tempfile
from pathlib import Path

import torch
from transformers import AutoTokenizer, CLIPImageProcessorPil, CLIPModel

HERE = Path(__file__).parent
LIMIT = 1_000_000
"""Bytes the folder may take."""
KEPT = ("README.md", "LICENSE", "LICENSE-data.txt")
"""Files in the target that are not made here and outlive a new model."""


def compact(folder: Path) -> None:
    """Take out what tells of this machine and of where it was trained; no indentation, as bytes are few."""
    for path in folder.rglob("*.json"):
        found = json.loads(path.read_text(encoding="utf-8"))
        if path.name == "config.json":
            found.pop("_name_or_path", None)
        path.write_text(json.dumps(found, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def _plain_tokenizer(path: Path) -> None:
    """Name the tokenizer's class as every version of transformers knows it."""
    found = json.loads(path.read_text(encoding="utf-8"))
    found["tokenizer_class"] = "PreTrainedTokenizerFast"
    path.write_text(json.dumps(found, separators=(",", ":")) + "\n", encoding="utf-8")


def check(folder: Path) -> int:
    """Load the folder as users do; returns its bytes, raises if they are too many."""
    model = CLIPModel.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    tokens = AutoTokenizer.from_pretrained(folder, local_files_only=True)(
        ["a cat", "zzz"], return_tensors="pt", padding=True
    )
    if not torch.isfinite(model.get_text_features(**tokens).pooler_output).all():
        raise ValueError("the text tower gives no numbers")
    CLIPImageProcessorPil.from_pretrained(folder, local_files_only=True)
    size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    if size > LIMIT:
        raise ValueError(f"{size} bytes, more than {LIMIT}")
    return size


def main() -> None:
    """Write the folder beside its place, check it, then swap."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="what train.py wrote, such as WORK/model")
    parser.add_argument("--out", type=Path, required=True, help="such as src/loraloom/assets/clip")
    args = parser.parse_args()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=args.out.parent, prefix=".clip-") as temporary:
        fresh, old = Path(temporary) / "fresh", Path(temporary) / "old"
        CLIPModel.from_pretrained(args.model).half().save_pretrained(fresh)
        for name in ("tokenizer.json", "tokenizer_config.json", "preprocessor_config.json", "processor_config.json"):
            if (args.model / name).exists():
                shutil.copy(args.model / name, fresh / name)
        compact(fresh)
        _plain_tokenizer(fresh / "tokenizer_config.json")
        for name in KEPT:
            if (args.out / name).exists():
                shutil.copy(args.out / name, fresh / name)
        (fresh / "model.safetensors").chmod(0o644)
        size = check(fresh)
        if args.out.exists():
            args.out.rename(old)
        fresh.rename(args.out)
    print(f"{args.out}: {size} bytes")


if __name__ == "__main__":
    main()

"""A data home with a LoRA, its run and finished experiments on it, made by hand: what publishing starts from."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path
from typing import Any

import yaml
from PIL import Image, ImageDraw
from sqlalchemy.orm import Session

from loraloom.models.raw_file import RawTensor, write_raw
from loraloom.spec.event import SampleSaved
from loraloom.spec.experiment import Experiment, Measured, cells, columns, file_of
from loraloom.store.ids import new_id
from loraloom.store.tables import Lora, Run, User, Vote
from loraloom.store.users import ensure_local
from tests import made_events

LAYER = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"
TELLING = {
    "ss_base_model_version": "sd_v1",
    "ss_network_module": "networks.lora",
    "ss_tag_frequency": '{"1_secret folder": {"aunt agatha": 3}}',
    "ss_dataset_dirs": '{"1_secret folder": {"n_repeats": 1}}',
    "sshs_legacy_hash": "00000000",
}
PROMPTS = ("felt style, a cat on blue background", "felt style, 一辆汽车 <b>&amp;</b>", "a dog")


def lora_file(file: Path, metadata: dict[str, str] | None = None, seed: int = 0, width: int = 32) -> Path:
    """A LoRA of one layer in kohya's layout. `width` 32 to 4000 makes it larger than a megabyte, where legacy hashes begin."""
    lot = random.Random(seed)
    down = RawTensor("F16", (4, width), lot.randbytes(8 * width))
    up = RawTensor("F16", (width, 4), lot.randbytes(8 * width))
    tensors = {
        f"{LAYER}.lora_down.weight": down,
        f"{LAYER}.lora_up.weight": up,
        f"{LAYER}.alpha": RawTensor("F16", (), b"\x00\x44"),
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    write_raw(file, tensors, {"ss_base_model_version": "sd_v1"} if metadata is None else metadata)
    return file


def picture(file: Path, seed: int, strength: float = 0.0) -> Path:
    """A small picture that looks different for every seed and strength."""
    lot = random.Random(seed)
    made = Image.new("RGB", (64, 64), tuple(lot.randrange(120, 250) for _ in range(3)))  # type: ignore[arg-type]
    pen = ImageDraw.Draw(made)
    inside = tuple(min(255, int(lot.randrange(40, 200) + 60 * strength)) for _ in range(3))
    pen.ellipse((8, 10, 56, 58), fill=inside, outline=(20, 20, 20) if strength < 0.5 else None, width=3)
    pen.ellipse((20, 24, 28, 32), fill=(20, 20, 20))
    pen.ellipse((38, 24, 46, 32), fill=(20, 20, 20))
    file.parent.mkdir(parents=True, exist_ok=True)
    made.save(file)
    return file


def make_lora(session: Session, home: Path, name: str = "Felt", user: User | None = None, **fields: Any) -> Lora:
    """A finished run and its LoRA; 24 pictures, 4 steps, one sample before and after."""
    user = user or ensure_local(session)
    number = new_id()
    run_dir = home / "runs" / number
    config = {
        "family": "sd1",
        "name": name,
        "base_model": "thimble",
        "dataset": {"path": "/home/someone/aunt agatha", "resolution": 64},
        "training": {"steps": 4},
        "export": {"description": "Looks like felt.", "license": "cc0-1.0", "trigger_phrase": "felt style"},
    }
    file = lora_file(run_dir / "lora" / "felt.safetensors", fields.pop("metadata", None), fields.pop("seed", 0))
    (run_dir / "run.yaml").write_text(yaml.safe_dump(config, allow_unicode=True), "utf-8")
    samples = [
        SampleSaved(step=step, file=f"samples/step-{step:06d}/01.png", prompt=PROMPTS[0], seed=1) for step in (0, 4)
    ]
    for sample in samples:
        picture(run_dir / sample.file, 1, sample.step / 4)
    start = made_events.started().model_copy(update={"images": 24})
    end = made_events.finished(lora="lora/felt.safetensors", samples=[sample.file for sample in samples])
    made_events.write(run_dir, start, *samples, end)
    preview = picture(file.with_suffix(".png"), 1, 1.0)
    session.add(
        Run(
            id=number,
            name=name,
            user_id=user.id,
            state="finished",
            config=config,
            family="sd1",
            base_model="thimble",
            step=4,
            total_steps=4,
        )
    )
    session.flush()
    lora = Lora(
        run_id=number, user_id=user.id, name=name, file=file.relative_to(home).as_posix(),
        preview=preview.relative_to(home).as_posix(), base_model="thimble", family="sd1", trigger="felt style", rank=4,
        alpha=4.0, steps=4, bytes=file.stat().st_size, sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        **fields,
    )  # fmt: skip
    session.add(lora)
    session.flush()
    return lora


def make_experiment(
    session: Session,
    home: Path,
    lora: Lora,
    wins: dict[float, int] | None = None,
    measured: dict[float, dict[str, float]] | None = None,
    state: str = "finished",
    candidate: dict[str, Any] | None = None,
) -> Run:
    """An experiment of the base and the LoRA at four strengths. `wins`: strength (0 is the base) -> votes it won against the
    next; `measured`: strength -> figures."""
    mine = candidate or {"what": "lora", "id": lora.id, "label": lora.name}
    experiment = Experiment.model_validate(
        {
            "candidates": [{"what": "base", "label": "base"}, mine],
            "strengths": [0.4, 0.6, 0.8, 1.0],
            "prompts": PROMPTS,
            "seeds": [1, 2],
            "bases": ["thimble"],
        }
    )
    number = new_id()
    run_dir = home / "runs" / number
    listed = columns(experiment)
    lines: list[str] = []
    for cell in cells(experiment):
        picture(run_dir / file_of(cell.number), cell.prompt * 10 + cell.seed, listed[cell.column].strength)
        lines.append(json.dumps({"number": cell.number, "file": file_of(cell.number), "seconds": 0.1}) + "\n")
    (run_dir / "cells.jsonl").write_text("".join(lines), "utf-8")
    at = {column.strength: place for place, column in enumerate(listed)}
    figures = [Measured(column=at[strength], **values) for strength, values in (measured or {}).items()]
    (run_dir / "measures.json").write_text(json.dumps([one.model_dump() for one in figures]), "utf-8")
    user = ensure_local(session)
    config = {"experiment": experiment.model_dump(mode="json")}
    row = Run(
        id=number, name="felt?", kind="experiment", user_id=user.id, state=state, config=config, family="sd1",
        base_model="thimble",
    )  # fmt: skip
    session.add(row)
    session.flush()
    each = len(PROMPTS) * 2
    for strength, count in (wins or {}).items():
        column = at[strength]
        for number in range(count):
            against = [other for other in range(len(listed)) if other != column][number % (len(listed) - 1)]
            session.add(
                Vote(
                    run_id=row.id,
                    user_id=user.id,
                    left=column * each + number % each,
                    right=against * each + number % each,
                    winner="left",
                )
            )
    session.flush()
    return row

"""Run folders of trainings on texts, small enough for tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

PLACES = ("Oslo", "Lima", "Cairo", "Quito", "Turin", "Bergen", "Kyoto", "Dakar", "Perth", "Lagos", "Minsk", "Tunis")


def pairs(count: int = 12) -> list[dict[str, Any]]:
    """Questions and answers of different lengths, in OpenAI's form."""
    asked = [(f"Where is shop {i}?", f"In {place}{', by the harbour' * (i % 3)}.") for i, place in enumerate(PLACES)]
    return [
        {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}
        for question, answer in asked[:count]
    ]


def preferences(count: int = 6) -> list[dict[str, Any]]:
    """The same questions, each with an answer to prefer."""
    return [
        {"messages": pair["messages"][:1], "chosen": pair["messages"][1]["content"], "rejected": "I do not know."}
        for pair in pairs(count)
    ]


def write_jsonl(file: Path, rows: list[dict[str, Any]]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def make_text_run(run_dir: Path, base: Path, rows: list[dict[str, Any]] | None = None, **groups: Any) -> Path:
    """A run folder: twelve pairs, four steps of four, rank 4 on all linear layers, one thread."""
    run_dir.mkdir(parents=True)
    data = write_jsonl(run_dir / "data" / "examples.jsonl", pairs() if rows is None else rows)
    config: dict[str, Any] = {
        "family": "causal_lm",
        "name": "small",
        "base_model": str(base),
        "dataset": {"path": str(data), "max_length": 128},
        "lora": {"rank": 4, "alpha": 8, "dropout": 0, "targets": "all-linear"},
        "training": {"steps": 4, "batch_size": 4, "threads": 1, "device": "cpu"},
        "optimizer": {"learning_rate": 3e-3},
    }
    for name, group in groups.items():
        config[name] = {**config.get(name, {}), **group} if isinstance(group, dict) else group
        if isinstance(group, dict) and "epochs" in group:
            config[name].pop("steps")
    (run_dir / "run.yaml").write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    return run_dir

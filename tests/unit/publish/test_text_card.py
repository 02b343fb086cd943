"""The card of a LoRA for a language model, and nothing else beside it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import yaml

from loraloom.models.resolve import BaseModel
from loraloom.publish.package import package
from loraloom.spec.text import TextRun


def run_of(**more: Any) -> TextRun:
    config: dict[str, Any] = {
        "name": "Our [voice]",
        "dataset": {"path": "/home/someone/answers.jsonl", "max_length": 512},
        "training": {"epochs": 1, "batch_size": 4, "accumulation": 2},
        "export": {"license": "cc0-1.0", "description": "Answers as we do.", "author": "Loom Ltd"},
    }
    return TextRun.model_validate(config | more)


SMOLLM2 = BaseModel("smollm2", Path("/home/someone/x.gguf"), None, "causal_lm", "gguf", None, None)
HUB = BaseModel("owner/name", None, "owner/name", "causal_lm", "transformers", None, None)
FOLDER = BaseModel("my model", Path("/home/someone/my model"), None, "causal_lm", "transformers", None, None)


def card(folder: Path, run: TextRun, base: BaseModel) -> tuple[dict[str, Any], str]:
    lora = folder / "adapter_model.safetensors"
    assert package(run, lora, steps=120, base=base, preview=None) == [folder / "README.md"]
    assert list(folder.iterdir()) == [folder / "README.md"]
    text = (folder / "README.md").read_text("utf-8")
    assert "someone" not in text
    return yaml.safe_load(text.split("---\n")[1]), text


def test_a_card_says_how_to_use_it(tmp_path: Path) -> None:
    front, text = card(tmp_path, run_of(), SMOLLM2)
    assert front == {
        "license": "cc0-1.0",
        "library_name": "peft",
        "pipeline_tag": "text-generation",
        "base_model": "HuggingFaceTB/SmolLM2-135M-Instruct",
        "base_model_relation": "adapter",
        "tags": ["lora", "peft", "transformers", "text-generation"],
    }
    for part in ("# Our (voice)", "Answers as we do.", "By Loom Ltd.", "| Steps | 120 of 8 texts |", "512 tokens"):
        assert part in text
    assert "--lora 'Our-[voice].gguf'`" in text and "--to ollama" in text


def test_the_lines_for_python_are_python(tmp_path: Path) -> None:
    told = run_of(dataset={"path": "x", "system": 'Say "ahoy" — 你好'})
    _, text = card(tmp_path, told, HUB)
    code = text.split("```python\n")[1].split("```")[0]
    names = {node.attr for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Attribute)}
    assert {"from_pretrained", "apply_chat_template", "generate"} <= names
    assert '"owner/name"' in code and "你好" in code


def test_what_is_not_known_is_left_out(tmp_path: Path) -> None:
    front, text = card(tmp_path, run_of(export={}, lora={"dora": True}), FOLDER)
    assert not {"license", "base_model", "base_model_relation"} & set(front)
    assert "The author has not said" in text and "`my model`" in text
    assert "no DoRA" in text and "--to gguf" not in text and "| Kind | DoRA |" in text

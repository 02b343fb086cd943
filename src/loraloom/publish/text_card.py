"""Writes the model card of a LoRA for a language model: README.md in its PEFT folder."""

from __future__ import annotations

import json
import shlex

from loraloom.models.lora_metadata import model_name
from loraloom.models.resolve import BaseModel
from loraloom.models.smollm2 import SMOLLM2, UPSTREAM
from loraloom.publish import told as more
from loraloom.publish.gguf_lora import gguf_name
from loraloom.publish.licences import front
from loraloom.publish.markdown import front_matter, one_line, table
from loraloom.publish.subject import Subject
from loraloom.publish.told import NO_LICENSE, Told
from loraloom.spec.text import TextRun


def text_card(run: TextRun, *, steps: int, base: BaseModel) -> str:
    """Text of README.md. The front matter follows the hub's model card metadata. Nothing of the data is told but what the
    user wrote."""
    parts = [
        *_opening(run.name, run.export.description, run.export.license, base),
        f"By {one_line(run.export.author)}." if run.export.author else "",
        f"It was told: {one_line(run.dataset.system)}" if run.dataset.system else "",
        "## Use it",
        _use(run, _named(base)),
        "## How it was trained",
        _settings(run, steps),
        "## Licence",
        run.export.license or NO_LICENSE,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def published_text_card(subject: Subject, file: str, told: Told) -> str:
    """Text of README.md for a version that is given to people: the same card with its evidence. `file` is the name of the
    weights beside it."""
    run = subject.run if isinstance(subject.run, TextRun) else None
    description = told.asked.description or (run.export.description if run is not None else "")
    parts = [
        *_opening(subject.label, description, told.license, subject.base),
        f"By {one_line(run.export.author)}." if run is not None and run.export.author else "",
        f"It was told: {one_line(run.dataset.system)}" if run is not None and run.dataset.system else "",
        more.strength(told),
        more.changes(told),
        more.samples(subject, told),
        "## Use it" if run is not None else "",
        _use(run, _named(subject.base)) if run is not None else "",
        more.trained_on(subject, told),
        "## How it was trained" if run is not None else "",
        _settings(run, subject.steps) if run is not None else "",
        more.measured(told),
        more.limits(told),
        more.hash_table(file, told),
        more.licence(told),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _opening(label: str, description: str, licence: str, base: BaseModel | None) -> list[str]:
    hub_id = _hub_id(base)
    values = {
        **(front(licence) or {"license": None}),
        "library_name": "peft",
        "pipeline_tag": "text-generation",
        "base_model": hub_id,
        "base_model_relation": "adapter" if hub_id else None,
        "tags": ["lora", "peft", "transformers", "text-generation"],
    }
    return [
        front_matter(values),
        f"# {one_line(label)}",
        description.strip(),
        f"A LoRA for a language model, trained on `{_named(base)}`.",
    ]


def _hub_id(base: BaseModel | None) -> str | None:
    if base is None:
        return None
    return UPSTREAM if base.name == SMOLLM2 else base.hub_id


def _named(base: BaseModel | None) -> str:
    return "a model it does not name" if base is None else _hub_id(base) or model_name(base)


def _use(run: TextRun, base: str) -> str:
    system = [{"role": "system", "content": run.dataset.system}] if run.dataset.system else []
    messages = json.dumps([*system, {"role": "user", "content": "your question"}], ensure_ascii=False)
    return "\n".join(
        (
            "- peft and transformers, in this folder:",
            "",
            "```python",
            "from peft import PeftModel",
            "from transformers import AutoModelForCausalLM, AutoTokenizer",
            "",
            'tokenizer = AutoTokenizer.from_pretrained(".")',
            f"base = AutoModelForCausalLM.from_pretrained({json.dumps(base, ensure_ascii=False)})",
            'model = PeftModel.from_pretrained(base, ".")',
            f"messages = {messages}",
            "inputs = tokenizer.apply_chat_template(",
            '    messages, add_generation_prompt=True, return_dict=True, return_tensors="pt"',
            ")",
            "answer = model.generate(**inputs, max_new_tokens=200)[0, inputs['input_ids'].shape[1] :]",
            "print(tokenizer.decode(answer, skip_special_tokens=True))",
            "```",
            "",
            *_programs(run),
        )
    )


def _programs(run: TextRun) -> tuple[str, ...]:
    here = "- LoRA Loom: `loraloom chat .`"
    if run.lora.dora:
        merged = "`loraloom export . --to merged --out FOLDER` writes a model without an adapter."
        return (f"- llama.cpp and Ollama know no DoRA: {merged}", here)
    file = shlex.quote(gguf_name(run.name))
    return (
        f"- llama.cpp: `loraloom export . --to gguf --out {file}`, then `llama-cli -m BASE.gguf --lora {file}`.",
        "- Ollama: `loraloom export . --to ollama --out FOLDER`, then `ollama create NAME` in that folder.",
        here,
    )


def _settings(run: TextRun, steps: int) -> str:
    lora, optimizer, training = run.lora, run.optimizer, run.training
    kinds = [name for name, on in (("DoRA", lora.dora), ("rsLoRA", lora.rslora)) if on] or ["LoRA"]
    return table(
        (
            ("Kind", ", ".join(kinds)),
            ("Rank, alpha, dropout", f"{lora.rank}, {lora.alpha:g}, {lora.dropout:g}"),
            ("Layers", lora.targets),
            ("Steps", f"{steps} of {training.batch_size * training.accumulation} texts"),
            ("Learning rate", f"{optimizer.learning_rate:g}, {optimizer.scheduler}, {optimizer.name}"),
            ("Longest text", f"{run.dataset.max_length} tokens"),
            ("Learns", run.loss.train_on),
            ("Base in", "full precision" if training.quantization == "none" else training.quantization),
            ("Seed", str(training.seed)),
        )
    )

"""Writes the model card of a LoRA for a language model: README.md in its PEFT folder."""

from __future__ import annotations

import json
import shlex

from loraloom.models.lora_metadata import model_name
from loraloom.models.resolve import BaseModel
from loraloom.models.smollm2 import SMOLLM2, UPSTREAM
from loraloom.publish.card import NO_LICENSE, front_matter, one_line, table
from loraloom.publish.gguf_lora import gguf_name
from loraloom.spec.text import TextRun


def text_card(run: TextRun, *, steps: int, base: BaseModel) -> str:
    """Text of README.md. The front matter follows the hub's model card metadata. Nothing of the data is told but what the
    user wrote."""
    hub_id = UPSTREAM if base.name == SMOLLM2 else base.hub_id
    values = {
        "license": run.export.license or None,
        "library_name": "peft",
        "pipeline_tag": "text-generation",
        "base_model": hub_id,
        "base_model_relation": "adapter" if hub_id else None,
        "tags": ["lora", "peft", "transformers", "text-generation"],
    }
    named = hub_id or model_name(base)
    parts = [
        front_matter(values),
        f"# {one_line(run.name)}",
        run.export.description.strip(),
        f"A LoRA for a language model, trained on `{named}`.",
        f"By {one_line(run.export.author)}." if run.export.author else "",
        f"It was told: {one_line(run.dataset.system)}" if run.dataset.system else "",
        "## Use it",
        _use(run, named),
        "## How it was trained",
        _settings(run, steps),
        "## Licence",
        run.export.license or NO_LICENSE,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


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

"""`python -m bench.text_trainers NAME SETTINGS.json`: the same training by transformers' Trainer or trl's SFTTrainer.

What a tutorial would write: PEFT, padding to the longest of a batch, the trainer's own loop. Token ids and their order are
given, so that losses can be compared. Prints one JSON object.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForSeq2Seq,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


class Watch(TrainerCallback):
    """When each step ended, and its loss."""

    def __init__(self) -> None:
        self.ends: list[float] = []
        self.losses: list[float] = []

    def on_step_end(self, *_: Any, **__: Any) -> None:
        self.ends.append(time.time())

    def on_log(self, *given: Any, logs: dict[str, Any], **__: Any) -> None:
        del given
        if "loss" in logs:
            self.losses.append(float(logs["loss"]))


def main(name: str, settings: Path) -> None:
    """Train as `settings` say and print what it took."""
    content = json.loads(settings.read_text("utf-8"))
    run, rows = content["run"], content["rows"]
    torch.set_num_threads(run["training"]["threads"])
    model: Any = AutoModelForCausalLM.from_pretrained(content["base"], dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(content["base"])
    torch.manual_seed(42)  # the seed of the run: the same first weights
    lora = run["lora"]
    peft = LoraConfig(r=lora["rank"], lora_alpha=lora["alpha"], target_modules=TARGETS, task_type="CAUSAL_LM")
    model = get_peft_model(model, peft)
    watch = Watch()
    common: dict[str, Any] = {
        "output_dir": str(settings.parent / "out"),
        "per_device_train_batch_size": run["training"]["batch_size"],
        "max_steps": len(rows),
        "learning_rate": run["optimizer"]["learning_rate"],
        "lr_scheduler_type": "cosine",
        "weight_decay": 0.01,
        "train_sampling_strategy": "sequential",
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "use_cpu": True,
        "bf16": False,
        "dataloader_pin_memory": False,
    }
    flat = [row for batch in rows for row in batch]
    if name == "Trainer":
        trainer: Any = Trainer(
            model=model,
            args=TrainingArguments(**common),
            train_dataset=Dataset.from_list([_labelled(row) for row in flat]),
            data_collator=DataCollatorForSeq2Seq(tokenizer),
            callbacks=[watch],
        )
    else:
        more = {"gradient_checkpointing": False} if "no checkpointing" in name else {}
        trainer = SFTTrainer(
            model=model,
            args=SFTConfig(**common, **more),
            train_dataset=Dataset.from_list([_labelled(row) for row in flat]),
            processing_class=tokenizer,
            callbacks=[watch],
        )
    trainer.train()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"ends": watch.ends, "losses": watch.losses, "peak": peak}))


def _labelled(row: dict[str, list[int]]) -> dict[str, list[int]]:
    labels = [token if learned else -100 for token, learned in zip(row["ids"], row["learned"], strict=True)]
    return {"input_ids": row["ids"], "attention_mask": [1] * len(labels), "labels": labels}


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

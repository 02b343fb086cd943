"""Gets a run on texts ready: texts read and encoded, the model loaded, LoRA layers in place."""

from __future__ import annotations

import torch

from loraloom.child.garbage import keep
from loraloom.data.examples.plan import prepare
from loraloom.data.examples.read import read
from loraloom.data.examples.words import Words
from loraloom.generate.language import Speaker
from loraloom.models.text_base import folder_of
from loraloom.spec.event import StageProgressed, StageStarted, WarningRaised
from loraloom.spec.run import TextRun
from loraloom.train.adapters import inject
from loraloom.train.families.causal_lm.answers import Answers
from loraloom.train.families.causal_lm.load import load
from loraloom.train.families.causal_lm.targets import choose_targets
from loraloom.train.families.causal_lm.task import TextTask
from loraloom.train.fused import fuse
from loraloom.train.task import Setting

SHOWN = 20
"""Notes of the data set that are said one by one."""


def start(given: Setting) -> TextTask:
    """The task of a run on texts. Raises LoomError, and what `given.tell` and `given.look` raise."""
    run: TextRun = given.run
    given.tell(StageStarted(stage="loading", total=1))
    folder = folder_of(given.base)
    words = Words.of(folder)
    report = read(run.dataset.path)
    prepared = prepare(report, run, words)
    for note in prepared.notes[:SHOWN]:
        given.emit(WarningRaised(code="example_skipped", message=note.message))
    given.look()
    model = load(folder, given.dtype, given.device, run.training.quantization)
    keep()
    torch.manual_seed(run.training.seed)
    if run.training.quantization != "none":
        from peft import prepare_model_for_kbit_training

        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    inject(model, choose_targets(model, run.lora), run.lora)
    fuse(model)
    if run.training.gradient_checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    given.tell(StageProgressed(stage="loading", done=1, total=1))
    answers = Answers(run, given.run_dir, Speaker(model, words, given.device), given.emit)
    return TextTask(given.run_dir, run, prepared, given.base, folder, model, given.device, answers)

"""The text task: what one training run of a language model needs, behind the loop's `Task`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from loraloom.data.examples.plan import Prepared
from loraloom.data.examples.sampler import batch
from loraloom.data.examples.sequences import Sequence as Tokens
from loraloom.models.resolve import BaseModel
from loraloom.spec.run import TextRun
from loraloom.train.adapters import trainable, without_lora
from loraloom.train.families.causal_lm import export
from loraloom.train.families.causal_lm.answers import Answers
from loraloom.train.families.causal_lm.head import head_of, token_losses
from loraloom.train.families.causal_lm.noise import noisy
from loraloom.train.families.causal_lm.pack import Row, pack
from loraloom.train.task import Held

Item = tuple[Tokens, ...]
"""A sequence, or the chosen and the rejected answer to one conversation."""


class TextTask:
    """Sequences of tokens and the model of one run."""

    def __init__(
        self,
        run_dir: Path,
        run: TextRun,
        prepared: Prepared,
        base: BaseModel,
        folder: Path,
        model: Any,
        device: torch.device,
        answers: Answers,
    ) -> None:
        self._run_dir, self._run, self._base, self._folder = run_dir, run, base, folder
        self._model, self._device, self._answers = model, device, answers
        self._items, self._held_out, self._plan = prepared.items, prepared.held_out, prepared.plan
        self.total_batches, self.total_steps = self._plan.total_batches, self._plan.total_steps
        self.items = self._plan.examples
        self._body, self._head = getattr(model, model.base_model_prefix), head_of(model)
        self._base_says: dict[int, tuple[float, float]] = {}

    def groups(self) -> list[dict[str, Any]]:
        """A and B at the rate, or B at a multiple of it (LoRA+)."""
        rate, ratio = self._run.optimizer.learning_rate, self._run.lora.plus_ratio
        if ratio == 1:
            return [{"params": trainable(self._model), "lr": rate}]
        named = list(self.adapter().items())
        return [
            {"params": [p for name, p in named if "lora_B" not in name], "lr": rate},
            {"params": [p for name, p in named if "lora_B" in name], "lr": rate * ratio},
        ]

    def adapter(self) -> dict[str, Tensor]:
        """Path -> trainable parameter."""
        return {name: parameter for name, parameter in self._model.named_parameters() if parameter.requires_grad}

    def parameters(self) -> int:
        """Of the model with its LoRA."""
        return int(self._model.num_parameters())

    def mode(self, training: bool) -> None:
        """Dropout and checkpointing only while training."""
        self._model.train(training)

    def epoch(self, position: int) -> int:
        """The epoch, from 1, of the batch at `position`."""
        return position // self._plan.batches_per_epoch + 1

    def weight(self, position: int) -> float:
        """Tokens that the batch teaches, so that each counts the same wherever it stands; pairs where two answers are
        compared."""
        return self._amount(self._batch(position))

    def parts(self, position: int) -> int:
        """In how many parts the batch is computed."""
        items = len(self._batch(position))
        return math.ceil(items / self._run.training.at_once(items))

    def loss(self, position: int, part: int) -> Tensor:
        """Sum over the part's tokens (or pairs), divided by those of the whole batch."""
        numbers = self._batch(position)
        size = self._run.training.at_once(len(numbers))
        some = numbers[part * size : (part + 1) * size]
        return self._sum(some, [self._items[i] for i in some]) / self._amount(numbers)

    def validate(self) -> Held | None:
        """Mean loss of a held-out token, and its exponential; of a pair where two answers are compared."""
        if not self._held_out:
            return None
        size = self._run.training.micro_batch or self._run.training.batch_size
        total, amount = 0.0, 0.0
        for first in range(0, len(self._held_out), size):
            some = self._held_out[first : first + size]
            numbers = [-1 - first - i for i in range(len(some))]
            total += float(self._sum(numbers, some))
            amount += _amount(some, self._plan.preference)
        loss = total / amount
        return Held(loss, None if self._plan.preference else math.exp(min(loss, 700)))

    def sample(self, step: int) -> None:
        """Answer the prompts."""
        self._answers.give(step)

    def export(self, steps: int) -> Path:
        """Write a PEFT folder and prove that it gives the same hidden states as what was trained."""
        del steps
        file = export.write(self._run_dir, self._run, self._base, self._folder, self._model)
        row = pack(self._items[0], self._device)
        export.prove(file, self._model, lambda: self._hidden(row).float())
        return file

    def _batch(self, position: int) -> tuple[int, ...]:
        return batch(self._plan, self._run.training.seed, position)

    def _amount(self, numbers: Sequence[int]) -> float:
        return _amount([self._items[i] for i in numbers], self._plan.preference)

    def _sum(self, numbers: Sequence[int], items: Sequence[Item]) -> Tensor:
        """Sum of the losses of `items`; `numbers` name them, from 0 those trained on, below 0 those held out."""
        row = pack([tokens for item in items for tokens in item], self._device)
        losses = self._losses(row)
        return self._preference(numbers, row, losses) if self._plan.preference else losses.sum()

    def _losses(self, row: Row) -> Tensor:
        return token_losses(self._hidden(row)[row.before], row.targets, self._head)

    def _hidden(self, row: Row) -> Tensor:
        """Hidden states [N, D] after the last layer and its norm."""
        given: dict[str, Tensor] = {"input_ids": row.ids}
        if self._run.loss.neftune and self._model.training:
            given = {
                "inputs_embeds": noisy(self._model.get_input_embeddings()(row.ids), row.lengths, self._run.loss.neftune)
            }
        out = self._body(**given, position_ids=row.positions, use_cache=False, lengths=row.lengths)
        return out.last_hidden_state[0]

    def _preference(self, numbers: Sequence[int], row: Row, losses: Tensor) -> Tensor:
        """Sum over pairs of -log sigmoid(beta ((chosen - base's) - (rejected - base's))), log probabilities of answers (DPO:
        Rafailov et al. 2023, arXiv:2305.18290, equation 7)."""
        missing = any(number not in self._base_says for number in numbers)
        if missing:
            was = self._model.training
            self._model.eval()
            with torch.no_grad(), without_lora(self._model):
                for number, pair in zip(numbers, _pairs(row, self._losses(row)).tolist(), strict=True):
                    self._base_says[number] = (pair[0], pair[1])
            self._model.train(was)
        said = _pairs(row, losses)
        base = torch.tensor([self._base_says[number] for number in numbers], device=said.device)
        gains = said - base
        return -F.logsigmoid(self._run.loss.dpo_beta * (gains[:, 0] - gains[:, 1])).sum()


def _pairs(row: Row, losses: Tensor) -> Tensor:
    """Log probabilities [pairs, 2] of chosen and rejected answers."""
    return -torch.zeros(len(row.lengths), device=losses.device).index_add(0, row.owner, losses).view(-1, 2)


def _amount(items: Sequence[Item], preference: bool) -> float:
    return float(len(items) if preference else sum(int(tokens.trained.sum()) for item in items for tokens in item))

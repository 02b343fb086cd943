"""The picture task: what one training run of a diffusion family needs, behind the loop's `Task`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from loraloom.data.captions import render
from loraloom.data.draws import Stream, draws
from loraloom.data.names import safe_stem
from loraloom.data.sampler import Batch, BatchSampler
from loraloom.generate.parts import Parts
from loraloom.models.lora_metadata import LoraFacts
from loraloom.models.resolve import BaseModel
from loraloom.spec.dataset import Image, Plan
from loraloom.spec.run import ImageRun
from loraloom.train import export, noise
from loraloom.train.adapters import trainable
from loraloom.train.families.protocol import Family
from loraloom.train.latents import Latents
from loraloom.train.samples import Samples
from loraloom.train.task import Held
from loraloom.train.texts import Texts

ALL = slice(None)


class PictureTask:
    """Latents, captions and the UNet of one run."""

    def __init__(
        self,
        run_dir: Path,
        run: ImageRun,
        plan: Plan,
        base: BaseModel,
        family: Family,
        parts: Parts,
        device: torch.device,
        latents: Latents,
        texts: Texts,
        samples: Samples,
    ) -> None:
        self._run_dir, self._run, self._base, self._family, self._parts = run_dir, run, base, family, parts
        self.total_batches, self.total_steps, self.items = plan.total_batches, plan.total_steps, len(plan.images)
        self._images: tuple[Image, ...] = (*plan.images, *plan.held_out)
        self._device, self._latents, self._texts, self._samples = device, latents, texts, samples
        self._sampler = BatchSampler(plan, run.training.seed)
        self._plan = plan
        self._prediction = parts.prediction
        self._dtype: torch.dtype = parts.unet.dtype  # diffusers walks all parameters to tell it
        self._alpha_bar = noise.alphas_cumprod(parts.scheduler_config, run.loss.zero_terminal_snr).to(device)

    def groups(self) -> list[dict[str, Any]]:
        """The UNet at its rate, the text encoders at theirs."""
        optimizer = self._run.optimizer
        text_rate = optimizer.text_encoder_learning_rate or optimizer.learning_rate
        groups = [
            {"params": trainable(module), "lr": optimizer.learning_rate if name == "unet" else text_rate}
            for name, module in self._family.components(self._parts).items()
        ]
        return [group for group in groups if group["params"]]

    def adapter(self) -> dict[str, Tensor]:
        """`<component>.<parameter>` -> trainable parameter."""
        return {
            f"{component}.{name}": parameter
            for component, module in self._family.components(self._parts).items()
            for name, parameter in module.named_parameters()
            if parameter.requires_grad
        }

    def parameters(self) -> int:
        """Of the UNet, and of the text encoders where they train."""
        parts = self._family.components(self._parts).values()
        return sum(p.numel() for module in parts if trainable(module) for p in module.parameters())

    def mode(self, training: bool) -> None:
        """Dropout only while training; what does not train is never switched."""
        for module in self._family.components(self._parts).values():
            if trainable(module):
                module.train(training)

    def epoch(self, position: int) -> int:
        """Epoch of the batch at `position`, from 1."""
        return position // self._plan.batches_per_epoch + 1

    def weight(self, position: int) -> float:
        """Pictures in the batch at `position`."""
        return len(self._sampler.batch(position).images)

    def parts(self, position: int) -> int:
        """Parts of as many pictures as are computed at once."""
        pictures = len(self._sampler.batch(position).images)
        return math.ceil(pictures / self._run.training.at_once(pictures))

    def loss(self, position: int, part: int) -> Tensor:
        """What some pictures of the batch add to its mean loss. Noise, timesteps and captions are drawn for all of it, from
        the seed and `position` alone: they are the same in however many parts it is computed."""
        batch = self._sampler.batch(position)
        random = self._sampler.caption_draws(position)
        captions = [render(self._images[i].captions, self._run.caption, random) for i in batch.images]
        size = self._run.training.at_once(len(batch.images))
        some = slice(part * size, (part + 1) * size)
        share = len(batch.images[some]) / len(batch.images)
        return self._mean_loss(batch, captions, draws(self._run.training.seed, Stream.NOISE, position), some) * share

    def _mean_loss(self, batch: Batch, captions: list[str], random: Any, some: slice = ALL) -> Tensor:
        """Mean loss of `some` pictures of the batch."""
        config = self._run.loss
        latents, mask, sizes = self._latents.batch(batch, self._device)
        noised, steps = noise.draw(random, tuple(latents.shape), len(self._alpha_bar), config.noise_offset)
        noised, steps = noised.to(self._device)[some], steps.to(self._device)[some]
        latents, mask, sizes, captions = (
            latents[some],
            None if mask is None else mask[some],
            sizes[some],
            captions[some],
        )
        alpha_bar = self._alpha_bar[steps]
        noisy = noise.add_noise(latents, noised, alpha_bar).to(self._dtype)
        predicted = self._family.predict(self._parts, noisy, steps, self._texts.get(captions), sizes)
        wanted = noise.target(latents, noised, alpha_bar, self._prediction)
        error = noise.squared_error(predicted, wanted, mask if config.masked else None, config.masked_floor)
        return (error * noise.weights(alpha_bar, config, self._prediction)).mean()

    def validate(self) -> Held | None:
        """Mean loss of the held-out pictures at fixed noise, two draws each; min-SNR weighted as in training."""
        if not self._plan.held_out:
            return None
        losses: list[float] = []
        for index in range(len(self._plan.images), len(self._images)):
            image = self._images[index]
            batch = Batch((index,), (False,), (0,), self._plan.sizes[image.name], 0)
            caption = [render(image.captions, self._run.caption, None)]
            for draw in range(2):
                random = draws(self._run.training.seed, Stream.VALIDATION, index, draw)
                losses.append(float(self._mean_loss(batch, caption, random)))
        return Held(sum(losses) / len(losses))

    def sample(self, step: int) -> None:
        """Draw this step's samples."""
        self._samples.draw(step)

    def predict_once(self) -> Tensor:
        """The model's prediction for the first batch, at fixed noise: what an exported file must reproduce."""
        batch = first_of(self._sampler.batch(0), self._run.training.micro_batch)
        latents, _, sizes = self._latents.batch(batch, self._device)
        noised, steps = noise.draw(draws(0, Stream.NOISE, 0), tuple(latents.shape), len(self._alpha_bar), 0.0)
        noisy = noise.add_noise(latents, noised.to(self._device), self._alpha_bar[steps.to(self._device)])
        captions = [render(self._images[i].captions, self._run.caption, None) for i in batch.images]
        noisy = noisy.to(self._dtype)
        return self._family.predict(
            self._parts, noisy, steps.to(self._device), self._texts.get(captions), sizes
        ).float()

    def export(self, steps: int) -> Path:
        """Write the LoRA in kohya's format, its preview and the contact sheet; prove that it reproduces what was trained."""
        components: dict[str, nn.Module] = self._family.components(self._parts)
        file = self._run_dir / "lora" / f"{safe_stem(self._run.name)}.safetensors"
        facts: LoraFacts = {
            "base": self._base,
            "plan": self._plan,
            "steps": steps,
            "prediction": self._parts.prediction,  # pyright: ignore[reportAssignmentType]
        }
        export.write(file, components, self._family.lora_names(self._parts), self._run, facts)
        prove: Callable[[], Tensor] = self.predict_once
        export.prove(file, components, self._family.lora_names(self._parts), prove)
        self._samples.sheet()
        preview = self._samples.folder(steps) / "01.png"
        if preview.exists():
            file.with_suffix(".png").write_bytes(preview.read_bytes())
        return file


def first_of(batch: Batch, pictures: int | None) -> Batch:
    """The batch with no more than `pictures` of its pictures; None leaves it whole."""
    return replace(
        batch,
        images=batch.images[:pictures],
        flips=batch.flips[:pictures],
        variants=batch.variants[:pictures],
    )

"""What a run holds in memory, stage by stage and part by part, reckoned from the base's shape and the config.

What lies where at which time follows `train.setup`, `train.child`, `train.samples` and `generate.draw`; what autograd keeps
follows `forecast.tape`, which `tests/recipe/test_saved_activations.py` compares with the models themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from loraloom.forecast import besides, passes
from loraloom.forecast.besides import RUNTIME, STAYS, reported
from loraloom.forecast.facts import DeviceFacts
from loraloom.forecast.lora import FP32, adapted, parameters, state_bytes
from loraloom.forecast.passes import WIDTHS, Passed
from loraloom.forecast.precision import precision_of
from loraloom.models.shape import Shape
from loraloom.spec.dataset import Plan
from loraloom.spec.event import Stage
from loraloom.spec.forecast import Part, StageMemory
from loraloom.spec.run import ImageRun

__all__ = ["RUNTIME", "PlanSize", "batch_of", "memory", "precision_of", "reported", "size_of", "together"]
CAPTIONS_AT_ONCE = 16
"""As in `train.texts`."""
PIXELS_AT_ONCE = 512 * 512
"""As in `generate.draw`."""
LINGERS = 0.6
"""Part of the weights put away after caching that stays resident on a CPU."""


@dataclass(frozen=True)
class PlanSize:
    """What of a plan matters here: optimizer steps, the (width, height) of the largest bucket and the mean of all
    pictures in pixels, latents and captions that are cached; `crowd` is the number of pictures (times repeats) in
    the fullest bucket, which no batch exceeds; None: not known."""

    steps: int
    largest: tuple[int, int]
    mean_pixels: float
    latents: int
    captions: int
    crowd: int | None = None


def size_of(plan: Plan) -> PlanSize:
    """The size of `plan`."""
    pictures = [*plan.images, *plan.held_out]
    samples = sum(bucket.samples for bucket in plan.buckets)
    return PlanSize(
        steps=plan.total_steps,
        largest=max(plan.sizes.values(), key=lambda size: size[0] * size[1]),
        mean_pixels=sum(b.width * b.height * b.samples for b in plan.buckets) / max(samples, 1),
        latents=len(pictures) * plan.variants * (2 if plan.flip else 1),
        captions=len({caption for image in pictures for caption in image.captions or ("",)}),
        crowd=max((bucket.samples for bucket in plan.buckets), default=None),
    )


def batch_of(run: ImageRun, plan: PlanSize) -> int:
    """Pictures that a process computes at once."""
    batch = run.training.batch_size
    return run.training.at_once(min(batch, plan.crowd or batch))


def together(run: ImageRun) -> tuple[tuple[int, int], int]:
    """Size in pixels of samples, and how many are drawn at once, as `generate.draw` does it."""
    side = run.dataset.resolution
    at = (run.sample.width or side, run.sample.height or side)
    return at, min(len(run.sample.prompts), max(1, PIXELS_AT_ONCE // (at[0] * at[1])))


def captions_vary(run: ImageRun) -> bool:
    """Whether captions are drawn anew at each step, so that the text encoders stay on the device."""
    return run.caption.shuffle or run.caption.tag_dropout > 0


def memory(run: ImageRun, shape: Shape, plan: PlanSize, device: DeviceFacts) -> tuple[StageMemory, ...]:
    """Bytes of the stages loading, caching, training, sampling and exporting, each at its highest. On a CPU all of a
    process's; on a card the card's alone, with its context, without which Loom reports its peak (`besides.reported`)."""
    model = _Model(run, shape, plan, device)
    parts: dict[Stage, dict[Part, int]] = {
        "loading": model.loading(),
        "caching": model.caching(),
        "training": model.training(),
        "sampling": model.sampling(),
        "exporting": model.exporting(),
    }
    return tuple(StageMemory(stage=stage, parts=_all(some)) for stage, some in parts.items())


def _all(parts: dict[Part, int]) -> dict[Part, int]:
    return {part: max(0, int(size)) for part, size in parts.items()}


@dataclass(frozen=True)
class _Model:
    run: ImageRun
    shape: Shape
    plan: PlanSize
    device: DeviceFacts

    @cached_property
    def precision(self) -> str:
        return precision_of(self.run, self.shape, self.device)

    @property
    def here(self) -> bool:
        """One memory for everything."""
        return self.device.kind != "cuda"

    def part(self, name: str) -> int:
        """Bytes of a part's weights as loaded."""
        return self.shape.parameters[name] * (FP32 if name == "vae" else WIDTHS[self.precision])

    @property
    def texts(self) -> int:
        return sum(self.part(name) for name in self.shape.text_encoders)

    @property
    def kept_texts(self) -> int:
        """Text encoders that stay while training."""
        return self.texts if captions_vary(self.run) or self.run.lora.text_encoder else 0

    @cached_property
    def count(self) -> int:
        return parameters(adapted(self.shape, self.run.lora), self.run.lora)

    @cached_property
    def state(self) -> int:
        return state_bytes(adapted(self.shape, self.run.lora), self.run)

    def cached(self) -> int:
        """Latents and embeddings, which lie in the machine's memory."""
        if not self.here or self.run.training.cache == "disk":
            return 0
        latent = self.plan.mean_pixels / self.shape.vae_factor**2 * int(self.shape.vae.get("latent_channels", 4)) * FP32
        text = self.shape.text_length * int(self.shape.unet["cross_attention_dim"]) * WIDTHS[self.precision]
        captions = 0 if self.run.lora.text_encoder else self.plan.captions + len(self.run.sample.prompts) + 1
        return int(self.plan.latents * latent + captions * text)

    def slack(self, working: int, kept: int = 0) -> int:
        return besides.slack(self.device.kind, working, kept)

    @cached_property
    def whole(self) -> int:
        return self.part("unet") + self.part("vae") + self.texts

    def loading(self) -> dict[Part, int]:
        """Weights are mapped from their files; where the number format differs, file and copy are there at once."""
        if not self.here:
            return {"runtime": RUNTIME["cuda"]}
        there, most = 0, self.whole
        for name in ("unet", "vae", *self.shape.text_encoders):
            there += self.part(name)
            converted = self.shape.file_bytes[name] != self.part(name)
            most = max(most, there + (self.shape.file_bytes[name] if converted else 0))
        return {"runtime": RUNTIME[self.device.kind], "base": self.whole, "working": most - self.whole}

    def caching(self) -> dict[Part, int]:
        encoding = passes.encoding(self.shape, self.plan.largest, self.device.kind)
        many = min(CAPTIONS_AT_ONCE, max(1, self.plan.captions))
        embedding = passes.embedding(self.shape, many, self.precision, self.device.kind)
        if self.here:
            working = max(encoding.working, 0 if self.run.lora.text_encoder else embedding.working)
            runtime = RUNTIME[self.device.kind]
            return {"runtime": runtime, "base": self.whole, "working": working, "cache": self.cached()}
        held = max((self.part("vae"), encoding.working), (self.texts, embedding.working), key=sum)
        return {"runtime": RUNTIME["cuda"], "base": held[0], "working": held[1], "slack": self.slack(held[1])}

    @cached_property
    def passed(self) -> Passed:
        training = self.run.training
        batch, checkpointing = batch_of(self.run, self.plan), training.gradient_checkpointing
        at, kind = self.plan.largest, self.device.kind
        return passes.training(self.shape, self.run.lora, at, batch, self.precision, kind, checkpointing)

    def training(self) -> dict[Part, int]:
        passed, lasting = self.passed, self._lasting(vae=self.here and bool(self.run.sample.prompts))
        every = self.run.checkpoints.every_steps
        written = self.written() if self.here and every and every < self.plan.steps else 0  # while training goes on
        lingering = int(LINGERS * (self.whole - lasting["base"])) if self.here else 0
        return {
            **lasting,
            "gradients": self.count * FP32,
            "activations": passed.kept,
            "working": passed.working + written,
            "slack": self.slack(passed.working, passed.kept) + lingering,
        }

    def sampling(self) -> dict[Part, int]:
        run = self.run
        if not run.sample.prompts:
            return {}
        at, many = together(run)
        guided = many * (2 if run.sample.guidance > 1 else 1)
        drawing = passes.drawing(self.shape, at, guided, self.precision, self.device.kind)
        decoding: Passed = passes.decoding(self.shape, at, many, self.device.kind)
        working = max(drawing.working, decoding.working)
        held = self._lasting(vae=True)
        if run.optimizer.name == "adamw_schedulefree":
            held["optimizer"] += self.count * FP32  # the weights in training, put aside
        training = self.training()
        stays = int(STAYS * sum(training[part] for part in ("gradients", "activations", "working", "slack")))
        return {**held, "working": working, "slack": stays if self.here else self.slack(working)}

    def exporting(self) -> dict[Part, int]:
        """The last checkpoint is written, while the model waits."""
        if not self.here:
            return {}
        training = self.training()
        stays = int(STAYS * sum(training[part] for part in ("gradients", "activations", "slack")))
        return {**self._lasting(vae=bool(self.run.sample.prompts)), "working": self.written(), "slack": stays}

    def written(self) -> int:
        """A checkpoint on its way to the disk."""
        ema = self.count * FP32 if self.run.training.ema else 0
        return besides.written(self.count * FP32, self.state + ema)

    def _lasting(self, vae: bool) -> dict[Part, int]:
        """What is there from the first step to the last."""
        ema = self.count * FP32 if self.run.training.ema else 0
        return {
            "runtime": RUNTIME[self.device.kind],
            "base": self.part("unet") + self.kept_texts + (self.part("vae") if vae else 0),
            "adapter": self.count * FP32 + ema,
            "optimizer": self.state,
            "cache": self.cached(),
        }

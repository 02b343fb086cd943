"""How long a run takes, reckoned from its arithmetic and the device's throughput: rough, but it knows what costs more.

Finished runs on the device correct the level (`forecast.history`); what counts here is how settings change it.
"""

from __future__ import annotations

from dataclasses import dataclass

from loraloom.forecast import passes
from loraloom.forecast.cards import find
from loraloom.forecast.facts import DeviceFacts
from loraloom.forecast.memory import CAPTIONS_AT_ONCE, PlanSize, batch_of, together
from loraloom.forecast.passes import Passed
from loraloom.forecast.precision import precision_of
from loraloom.models.shape import Shape
from loraloom.spec.run import ImageRun

CPU_FLOPS = 50e9
"""Arithmetic a second of one thread in fp32: 39 to 51 measured for the embedded base on a server's core of 2024 or so."""
CPU_HALF = {True: 1.9, False: 0.025}
"""What bf16 gains on processors with instructions for it. Without them convolutions fall back to code that is not made for
speed: a step of a model of 137 million parameters took more than 76 s, in fp32 some seconds."""
CPU_BYTES = 8e9
CARD_SHARE = 0.3
"""Part of a card's published tensor throughput that large products of these models reach: between a quarter and a third of
it in what people report of SDXL at 1024 px."""
FP32_SHARE, BANDWIDTH_SHARE = 0.6, 0.7
UNKNOWN_CARD = (40.0, 20.0, 450.0)
"""TFLOPS and GB/s of a card of the middle class, for one that the table lacks."""
OPERATION = {"cpu": 60e-6, "cuda": 40e-6, "mps": 60e-6}
"""Seconds to start one operation from Python: what small batches wait for."""
START, LOAD_BYTES = 4.0, 0.6e9
"""Seconds to import everything, and bytes of weights read and converted a second."""
WRITE = 0.3
"""Seconds to write the LoRA, its card and pictures."""


def expected(run: ImageRun, shape: Shape, plan: PlanSize, device: DeviceFacts) -> dict[str, float]:
    """Seconds by stage (loading, caching, training, sampling, exporting), and `step`: of one optimizer step, mean over all
    buckets."""
    return _Clock(run, shape, plan, device).stages()


@dataclass(frozen=True)
class Rates:
    """Arithmetic and bytes a second, seconds an operation takes to start."""

    flops: float
    bytes: float
    start: float

    def there(self, passed: Passed) -> float:
        return passed.forward / self.flops + passed.moved / self.bytes + passed.operations * self.start

    def there_and_back(self, passed: Passed, checkpointing: bool) -> float:
        """The way back moves twice as much as the way there."""
        ways = 4 if checkpointing else 3
        others = passed.moved / self.bytes + passed.operations * self.start
        return (passed.forward + passed.backward) / self.flops + ways * others


def rates(device: DeviceFacts, precision: str) -> Rates:
    """What `device` reaches in `precision`."""
    start = OPERATION[device.kind]
    if device.kind == "cpu":
        gain = 1.0 if precision == "fp32" else CPU_HALF[precision in device.dtypes]
        return Rates(CPU_FLOPS * gain * device.threads**0.9, CPU_BYTES * device.threads**0.5, start)
    card = find(device.name)
    tensor, fp32, width = (card.tensor, card.fp32, card.bandwidth) if card else UNKNOWN_CARD
    flops = fp32 * FP32_SHARE if precision == "fp32" else tensor * CARD_SHARE
    return Rates(flops * 1e12, width * BANDWIDTH_SHARE * 1e9, start)


@dataclass(frozen=True)
class _Clock:
    run: ImageRun
    shape: Shape
    plan: PlanSize
    device: DeviceFacts

    def stages(self) -> dict[str, float]:
        step = self.step()
        loading = START + sum(self.shape.file_bytes.values()) / LOAD_BYTES
        exporting = WRITE + 3 * rates(self.device, self.precision).there(self.trained)
        return {
            "loading": loading,
            "caching": self.caching(),
            "training": step * self.plan.steps,
            "sampling": self.sampling(),
            "exporting": exporting,
            "step": step,
        }

    @property
    def precision(self) -> str:
        return precision_of(self.run, self.shape, self.device)

    @property
    def side(self) -> int:
        """Of a square with as many pixels as pictures have in the mean."""
        return max(8, round(self.plan.mean_pixels**0.5 / 8) * 8)

    @property
    def trained(self) -> Passed:
        training, batch = self.run.training, batch_of(self.run, self.plan)
        at, kind = (self.side, self.side), self.device.kind
        return passes.training(
            self.shape, self.run.lora, at, batch, self.precision, kind, training.gradient_checkpointing
        )

    def step(self) -> float:
        training = self.run.training
        crowd = min(training.batch_size, self.plan.crowd or training.batch_size)
        calls = training.passes(crowd) * training.accumulation
        one = rates(self.device, self.precision).there_and_back(self.trained, training.gradient_checkpointing)
        return calls * one

    def caching(self) -> float:
        """Latents one by one in fp32, captions some at once."""
        encoding = passes.encoding(self.shape, (self.side, self.side), self.device.kind)
        latents = self.plan.latents * rates(self.device, "fp32").there(encoding)
        if self.run.lora.text_encoder:
            return latents
        some = passes.embedding(self.shape, CAPTIONS_AT_ONCE, self.precision, self.device.kind)
        return latents + self.plan.captions / CAPTIONS_AT_ONCE * rates(self.device, self.precision).there(some)

    def sampling(self) -> float:
        """Every round draws all prompts: denoising steps with guidance, and the decoder."""
        sample, plan = self.run.sample, self.plan
        if not sample.prompts:
            return 0.0
        at, many = together(self.run)
        guided = many * (2 if sample.guidance > 1 else 1)
        drawing = passes.drawing(self.shape, at, guided, self.precision, self.device.kind)
        decoding = passes.decoding(self.shape, at, many, self.device.kind)
        once = sample.steps * rates(self.device, self.precision).there(drawing)
        once += rates(self.device, "fp32").there(decoding)
        rounds = 2 + ((plan.steps - 1) // sample.every_steps if sample.every_steps else 0)
        return rounds * len(sample.prompts) / many * once

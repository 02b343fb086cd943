"""Gets a run on pictures ready: base loaded, latents and embeddings cached, LoRA layers in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from loraloom.child.garbage import keep
from loraloom.data.captions import possible
from loraloom.data.importer import scan
from loraloom.data.plan import plan as make_plan
from loraloom.generate.parts import Parts
from loraloom.generate.quiet import quiet
from loraloom.spec.dataset import Plan
from loraloom.spec.event import StageProgressed, StageStarted, WarningRaised
from loraloom.spec.run import ImageRun
from loraloom.train.adapters import add_lora
from loraloom.train.cache import Cache
from loraloom.train.families import family as family_named
from loraloom.train.fused import fuse
from loraloom.train.latents import Latents
from loraloom.train.pictures import PictureTask
from loraloom.train.ranks import Ranks
from loraloom.train.samples import Samples
from loraloom.train.task import Setting
from loraloom.train.texts import Texts

Emit = Callable[[Any], None]


def start(given: Setting) -> PictureTask:
    """The task of a run on pictures. Raises LoomError, and what `given.tell` and `given.look` raise."""
    run: ImageRun = given.run
    quiet()
    given.tell(StageStarted(stage="loading", total=1))
    plan = make_plan(scan(run.dataset, progress=given.look), run)
    parts = family_named(run.family).load(given.base, given.dtype)
    if run.loss.prediction != "auto":
        parts.prediction = run.loss.prediction
    keep()
    given.tell(StageProgressed(stage="loading", done=1, total=1))
    return _prepare(given, run, plan, parts)


def _prepare(given: Setting, run: ImageRun, plan: Plan, parts: Parts) -> PictureTask:
    """Cache, free, adapt, in the order that needs the least memory at once."""
    run_dir, base, device, tell = given.run_dir, given.base, given.device, given.tell
    family = family_named(run.family)
    cache = Cache(run_dir / "cache" if run.training.cache == "disk" else None)
    images = [*plan.images, *plan.held_out]
    seed, identity = run.training.seed, f"{run.base_model} {base.hub_id or base.path}"
    latents = Latents(images, plan.sizes, run.dataset, cache, identity, seed)
    texts = Texts(family, parts, cache, identity, getattr(run, "clip_skip", 1), device, run.lora.text_encoder)
    samples = Samples(run, run_dir, parts, texts, given.emit)
    _cache_latents(parts, latents, device, len(images), tell, given.ranks)
    lasting = _cache_texts(parts, texts, run, plan, samples, device, tell)
    if not samples.prompts or not given.ranks.first:
        parts.vae = None
    if not lasting and not run.lora.text_encoder:
        parts.text_encoders, parts.tokenizers = {}, {}
    if device.type == "cuda":
        torch.cuda.empty_cache()
    _adapt(parts, run, device)
    return PictureTask(run_dir, run, plan, base, family, parts, device, latents, texts, samples)


def _cache_latents(parts: Parts, latents: Latents, device: torch.device, images: int, emit: Emit, ranks: Ranks) -> None:
    emit(StageStarted(stage="caching", total=images))
    parts.vae.to(device)
    latents.prepare(
        parts.vae, lambda done, total: emit(StageProgressed(stage="caching", done=done, total=total)), ranks
    )
    parts.vae.to("cpu")


def _cache_texts(
    parts: Parts, texts: Texts, run: ImageRun, plan: Plan, samples: Samples, device: torch.device, emit: Emit
) -> bool:
    """Embed every caption that can come up; True when some are drawn anew at each step, so that encoders must stay."""
    finite = [possible(image.captions, run.caption) for image in (*plan.images, *plan.held_out)]
    known = {text for some in finite if some is not None for text in some} | set(samples.captions)
    for encoder in parts.text_encoders.values():
        encoder.to(device)
    _warn_of_long(parts, known, emit)
    texts.prepare(known, lambda done, total: emit(StageProgressed(stage="caching", done=done, total=total)))
    lasting = any(some is None for some in finite)
    if not lasting and not run.lora.text_encoder:
        for encoder in parts.text_encoders.values():
            encoder.to("cpu")
    return lasting


def _warn_of_long(parts: Parts, captions: set[str], emit: Emit) -> None:
    tokenizer = parts.tokenizers["text_encoder"]
    limit: int = tokenizer.model_max_length
    long = sum(len(ids) > limit for ids in tokenizer(sorted(captions), verbose=False).input_ids) if captions else 0
    if long:
        emit(
            WarningRaised(
                code="caption_cut",
                message=f"{long} of {len(captions)} captions are longer than {limit} tokens and are cut there.",
                hint="Put what matters first, or shorten them.",
            )
        )


def _adapt(parts: Parts, run: ImageRun, device: torch.device) -> None:
    """Put LoRA layers on, from the run's seed, and turn on what saves memory or time."""
    torch.manual_seed(run.training.seed)
    parts.unet.to(device)
    adapted: list[Any] = []
    if run.lora.unet:
        add_lora(parts.unet, "unet", run.lora)
        adapted.append(parts.unet)
    if run.lora.text_encoder:
        for name, encoder in parts.text_encoders.items():
            add_lora(encoder.to(device), name, run.lora)
            adapted.append(encoder)
    for module in adapted:
        fuse(module)
    if run.training.gradient_checkpointing:
        parts.unet.enable_gradient_checkpointing()
        for encoder in parts.text_encoders.values():
            encoder.gradient_checkpointing_enable()  # pyright: ignore[reportCallIssue]

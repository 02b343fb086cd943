"""The plainest LoRA training loop: cached latents and embeddings, PEFT, AdamW. What Loom is measured against.

`python -m bench.reference SETTINGS.json` prints one JSON object. Batches, noise and timesteps are drawn from the same
numbers as Loom's, so that losses can be compared step by step; everything else is what a tutorial would write.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import psutil

STARTED = psutil.Process().create_time()

import numpy as np  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel  # noqa: E402
from diffusers.optimization import get_scheduler  # noqa: E402
from peft import LoraConfig  # noqa: E402
from PIL import Image  # noqa: E402
from transformers import CLIPTextModel, CLIPTokenizer  # noqa: E402

from loraloom.data.draws import Stream, draws  # noqa: E402
from loraloom.data.importer import scan  # noqa: E402
from loraloom.data.plan import plan as make_plan  # noqa: E402
from loraloom.data.sampler import BatchSampler  # noqa: E402
from loraloom.spec.run import RUN  # noqa: E402
from loraloom.train.noise import draw  # noqa: E402


def main(settings: Path) -> None:
    """Train as `settings` (a run config and a base folder) say and print what it took."""
    config = json.loads(settings.read_text("utf-8"))
    run = RUN.validate_python(config["run"])
    torch.set_num_threads(run.training.threads or 1)
    plan = make_plan(scan(run.dataset), run)
    sampler = BatchSampler(plan, run.training.seed)
    folder = Path(config["base"])
    unet = UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32)
    vae = AutoencoderKL.from_pretrained(folder / "vae", torch_dtype=torch.float32)
    text_encoder = CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=torch.float32)
    tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
    noise_scheduler = DDPMScheduler.from_pretrained(folder / "scheduler")
    for module in (unet, vae, text_encoder):
        module.requires_grad_(False)
    torch.manual_seed(run.training.seed)
    unet.add_adapter(
        LoraConfig(
            r=run.lora.rank,
            lora_alpha=int(run.lora.alpha),
            target_modules=["to_q", "to_k", "to_v", "to_out.0", "ff.net.0.proj", "ff.net.2", "proj_in", "proj_out"],
        )
    )
    latents, embeddings = [], []
    with torch.no_grad():
        for image in plan.images:
            side = plan.sizes[image.name]
            picture = Image.open(image.path).convert("RGB").resize(side, Image.Resampling.LANCZOS)
            pixels = torch.from_numpy(np.asarray(picture, np.float32) / 127.5 - 1).permute(2, 0, 1)[None]
            latents.append(vae.encode(pixels).latent_dist.mode()[0] * vae.config.scaling_factor)
            ids = tokenizer(image.captions[0], padding="max_length", truncation=True, return_tensors="pt").input_ids
            embeddings.append(text_encoder(ids)[0][0])
    parameters = [p for p in unet.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=run.optimizer.learning_rate, weight_decay=run.optimizer.weight_decay)
    schedule = get_scheduler("cosine", optimizer, num_warmup_steps=0, num_training_steps=plan.total_steps)
    times, losses, first = [], [], 0.0
    unet.train()
    for step in range(plan.total_steps):
        began = time.perf_counter()
        batch = sampler.batch(step)
        clean = torch.stack([latents[i] for i in batch.images])
        text = torch.stack([embeddings[i] for i in batch.images])
        noise, timesteps = draw(draws(run.training.seed, Stream.NOISE, step), tuple(clean.shape), 1000, 0.0)
        noisy = noise_scheduler.add_noise(clean, noise, timesteps)
        loss = F.mse_loss(unet(noisy, timesteps, text).sample, noise)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, run.training.max_grad_norm)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        times.append(time.perf_counter() - began)
        first = first or time.time() - STARTED
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"times": times, "losses": losses, "first_step": first, "peak": peak}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

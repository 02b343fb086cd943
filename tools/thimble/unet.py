"""Stage 3: the denoiser, trained on cached latents and on the text states of the finished CLIP."""

import argparse
import os
import random
import tempfile
from pathlib import Path

import torch
from clock import add_arguments, clock_from
from data import BACKGROUNDS, caption, concepts, picture_set, to_float
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from torch import distributed as dist
from torch.nn import functional as F
from transformers import CLIPTextModel, CLIPTokenizer
from words import encode

MIN_SNR = 5.0
EMPTY = 0.1
TEMPLATES = 4
TEMPLATE_SHARES = (0.6, 0.15, 0.1, 0.15)
"""How often a caption is plain, has articles, holds a meaningless word, or (on white only) names no background."""


def build(text_width: int) -> UNet2DConditionModel:
    """A new UNet of 4.3 M parameters: 16x16 and 8x8, cross-attention at both."""
    return UNet2DConditionModel(
        sample_size=16,
        block_out_channels=(64, 128),
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        layers_per_block=1,
        cross_attention_dim=text_width,
        attention_head_dim=4,
    )


def build_scheduler() -> DDIMScheduler:
    """Stable Diffusion's noise schedule; samples are latents, so they are not clipped."""
    return DDIMScheduler(
        num_train_timesteps=1000, beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear",
        clip_sample=False, steps_offset=1, set_alpha_to_one=False, prediction_type="epsilon",
    )  # fmt: skip


def phrasings(name: str, background: str, rng: random.Random) -> list[str]:
    """The captions a picture may get, in the order of `TEMPLATE_SHARES`."""
    plain = caption(name, background)
    junk = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=4))
    with_junk = f"{junk} {plain}" if rng.random() < 0.5 else f"{plain} {junk}"
    return [plain, f"a {name} on a {background} background", with_junk, name if background == "white" else plain]


@torch.no_grad()
def text_states(work: Path, npm: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """States of every caption, (concepts, backgrounds, templates, 16, width), and of the empty one, (16, width)."""
    tokenizer = CLIPTokenizer.from_pretrained(work / "clip")
    tower = CLIPTextModel.from_pretrained(work / "clip").eval()
    known, rng = concepts(npm), random.Random(0)
    texts = [t for c in known for b in BACKGROUNDS for t in phrasings(c.name, b, rng)]
    states = torch.cat([tower(encode(tokenizer, texts[i : i + 256]))[0] for i in range(0, len(texts), 256)])
    return states.view(len(known), len(BACKGROUNDS), TEMPLATES, *states.shape[1:]), tower(encode(tokenizer, [""]))[0][0]


@torch.no_grad()
def latents(work: Path, npm: Path, variants: int, plain: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Scaled latents of the pictures, (n, 4, 16, 16), with the concept and the background of each."""
    vae = AutoencoderKL.from_pretrained(work / "vae").eval()
    pictures, which, ground = picture_set(npm, "noto", variants, 2, plain)
    rows = [vae.encode(to_float(pictures[i : i + 64])).latent_dist.mean for i in range(0, len(pictures), 64)]
    return torch.cat(rows) * vae.config.scaling_factor, which, ground


def exchange(model: UNet2DConditionModel, rate: float, stop: bool) -> tuple[float, bool]:
    """Average the gradients over the workers; returns the first worker's learning rate and whether any wants to stop."""
    grads = [p.grad for p in model.parameters() if p.grad is not None]
    note = torch.tensor([rate if dist.get_rank() == 0 else 0.0, float(stop)])
    flat = torch.cat([g.flatten() for g in grads] + [note])
    dist.all_reduce(flat)
    parts = flat[:-2].div_(dist.get_world_size()).split([g.numel() for g in grads])
    for grad, part in zip(grads, parts, strict=True):
        grad.copy_(part.view_as(grad))
    return flat[-2].item(), flat[-1].item() > 0


def train(rank: int, args: argparse.Namespace, rendezvous: str) -> None:
    """One worker of the training: all hold the same weights, each draws its own part of the batch."""
    if hasattr(os, "setsid"):
        os.setsid()  # Linux shares its processors out by session: one each, or the two workers get one job's part
    torch.set_num_threads(args.threads)
    dist.init_process_group("gloo", init_method=f"file://{rendezvous}", rank=rank, world_size=args.workers)
    states, empty = torch.load(args.work / "states.pt", mmap=True)
    clean, which, ground = torch.load(args.work / "latents.pt", mmap=True)
    torch.manual_seed(0)
    model = build(states.shape[-1]).to(memory_format=torch.channels_last)
    average = {k: v.clone() for k, v in model.state_dict().items()}
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=0.01, betas=(0.9, 0.99), fused=True)
    step, done, resume = 0, 0.0, args.work / "unet.pt"
    if resume.exists():
        saved = torch.load(resume)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        average, step, done = saved["average"], saved["step"], saved["elapsed"]
    torch.manual_seed(1 + step * args.workers + rank)
    clock = clock_from(args, done)
    alphas, shares = build_scheduler().alphas_cumprod, torch.tensor(TEMPLATE_SHARES)
    batch = args.batch // args.workers

    def save() -> None:
        state = {
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "average": average,
            "step": step,
            "elapsed": clock.elapsed(),
        }
        torch.save(state, resume.with_suffix(".tmp"))
        resume.with_suffix(".tmp").replace(resume)
        copy = build(states.shape[-1])
        copy.load_state_dict(average)
        copy.save_pretrained(args.work / "unet")

    last_save, mean_loss, stop = clock.elapsed(), 0.0, False
    while not stop:
        rows = torch.randint(len(clean), (batch,))
        template = torch.multinomial(shares, batch, replacement=True)
        text = states[which[rows], ground[rows], template]
        text = torch.where((torch.rand(batch) < EMPTY)[:, None, None], empty, text)
        x, noise, t = clean[rows], torch.randn(batch, *clean.shape[1:]), torch.randint(1000, (batch,))
        a = alphas[t][:, None, None, None]
        noisy = (a.sqrt() * x + (1 - a).sqrt() * noise).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=args.bf16):
            guess = model(noisy, t, encoder_hidden_states=text).sample
        snr = alphas[t] / (1 - alphas[t])
        error = F.mse_loss(guess.float(), noise, reduction="none").mean((1, 2, 3))
        loss = (error * snr.clamp(max=MIN_SNR) / snr).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        rate, stop = exchange(model, clock.cosine(args.lr, step, 200), clock.progress() >= 1)
        for group in optimizer.param_groups:
            group["lr"] = rate
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step += 1
        if rank:
            continue
        decay = min(args.ema, (1 + step) / (10 + step))
        with torch.no_grad():
            now = model.state_dict()
            torch._foreach_lerp_(list(average.values()), [now[k] for k in average], 1 - decay)
        mean_loss += (loss.item() - mean_loss) * max(0.01, 1 / step)
        if step % 100 == 0:
            print(f"{clock.elapsed():6.0f}s step {step} lr {rate:.1e} loss {mean_loss:.4f}", flush=True)
        if clock.elapsed() - last_save > 240:
            last_save = clock.elapsed()
            save()
    if rank == 0:
        save()
        print("done", step, f"{mean_loss:.4f}", flush=True)
    dist.barrier()
    dist.destroy_process_group()


def main() -> None:
    """Train and write `WORK/unet` (the averaged weights) and `WORK/unet.pt` (all that a resume needs)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--npm", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=2, help="processes that share a batch")
    parser.add_argument("--threads", type=int, default=1, help="threads of each; one is steadier on a busy machine")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--variants", type=int, default=4, help="cached pictures of each concept on each background")
    parser.add_argument(
        "--plain", type=int, default=3, help="how many of those are centred; more is sharper, less varied"
    )
    parser.add_argument("--bf16", action="store_true", help="autocast; fp32 was faster where it was tried")
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--ema", type=float, default=0.999)
    add_arguments(parser, 90)
    args = parser.parse_args()
    if not (args.work / "states.pt").exists():
        torch.save(text_states(args.work, args.npm), args.work / "states.pt")
    if not (args.work / "latents.pt").exists():
        torch.save(latents(args.work, args.npm, args.variants, args.plain), args.work / "latents.pt")
    pictures = torch.load(args.work / "latents.pt")[0]
    print(f"{len(pictures)} latents, mean {pictures.mean():.3f}, std {pictures.std():.3f}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(train, (args, f"{folder}/rendezvous"), nprocs=args.workers)


if __name__ == "__main__":
    main()

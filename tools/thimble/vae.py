"""Stage 1: the autoencoder, 64x64 pictures to 16x16 latents of 4 channels."""

import argparse
from pathlib import Path

import torch
from clock import add_arguments, clock_from
from data import picture_set, to_float
from diffusers import AutoencoderKL
from torch.nn import functional as F


def build() -> AutoencoderKL:
    """A new autoencoder of 1.7 M parameters."""
    return AutoencoderKL(
        block_out_channels=(32, 64, 96),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=16,
        sample_size=64,
    )


def crops(pictures: torch.Tensor, count: int, side: int) -> torch.Tensor:
    """Random square crops of random pictures, mirrored at random, in [-1, 1]."""
    chosen = torch.randint(len(pictures), (count,)).tolist()
    corners = torch.randint(0, pictures.shape[-1] - side + 1, (count, 2)).tolist()
    out = torch.stack([pictures[i, :, y : y + side, x : x + side] for i, (y, x) in zip(chosen, corners, strict=True)])
    flip = torch.rand(count) < 0.5
    out[flip] = out[flip].flip(-1)
    return to_float(out)


def edges(x: torch.Tensor) -> torch.Tensor:
    """Horizontal and vertical differences, flattened together."""
    return torch.cat([(x[..., 1:] - x[..., :-1]).flatten(), (x[..., 1:, :] - x[..., :-1, :]).flatten()])


def difference(recon: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """What the decoder is trained on: L1, squared error and edges."""
    return F.l1_loss(recon, x) + 2 * F.mse_loss(recon, x) + 0.5 * F.l1_loss(edges(recon), edges(x))


def main() -> None:
    """Train and write `WORK/vae`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--npm", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=24)
    parser.add_argument("--side", type=int, default=32)
    add_arguments(parser, 14)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)

    style_sets = [picture_set(args.npm, style, 2, seed=1)[0] for style in ("noto", "fluent")]
    pictures = torch.cat(style_sets)
    model = build()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-4, betas=(0.9, 0.99), fused=True)
    clock = clock_from(args)
    step, saved = 0, 0.0
    while clock.progress() < 1:
        rate = clock.cosine(2e-3, step, 100, floor=2e-5)
        for group in optimizer.param_groups:
            group["lr"] = rate
        x = crops(pictures, args.batch, args.side)
        posterior = model.encode(x).latent_dist
        recon = model.decode(posterior.sample()).sample
        kl = posterior.kl().mean() / (args.side // 4) ** 2 / 4
        loss = difference(recon, x) + 1e-4 * kl
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step += 1
        if step % 100 == 0:
            print(f"{clock.elapsed():6.0f}s step {step} lr {rate:.1e} loss {loss:.4f} kl {kl:.2f}", flush=True)
        if clock.elapsed() - saved > 180:
            saved = clock.elapsed()
            model.save_pretrained(args.work / "vae")

    model.eval()
    with torch.no_grad():
        sample = to_float(style_sets[0][torch.randperm(len(style_sets[0]))[:512]])
        latents = model.encode(sample).latent_dist.mean
        error = F.l1_loss(model.decode(latents).sample, sample)
    model.register_to_config(scaling_factor=round(1 / latents.std().item(), 5))
    model.save_pretrained(args.work / "vae")
    print(
        f"done: {step} steps, L1 {error:.4f}, latent mean {latents.mean():.3f}, scaling {model.config.scaling_factor}"
    )


if __name__ == "__main__":
    main()

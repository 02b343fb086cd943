"""Random pictures from drawings: moved, recoloured, lit as if they were solid, on backgrounds plain or not."""

import torch
from phrases import COLOURS
from torch.nn import functional as F

PALETTE = torch.tensor(list(COLOURS.values())) / 255


def premultiplied(pictures: torch.Tensor) -> torch.Tensor:
    """uint8 (n, 64, 64, 4) to floats in [0, 1], (n, 4, 64, 64), colours multiplied by alpha."""
    x = pictures.permute(0, 3, 1, 2).float() / 255
    x[:, :3] *= x[:, 3:]
    return x


def augment(rgba: torch.Tensor, draw: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures (n, 3, 64, 64) in [-1, 1], and the index of the background's colour, -1 where it is a mixture."""
    n = len(rgba)
    moved = _move(rgba, draw)
    alpha = moved[:, 3:]
    colour = moved[:, :3] / alpha.clamp(min=0.05)
    colour = _lit(_recoloured(colour, draw), alpha, draw)
    ground, back = _grounds(n, draw)
    x = colour * alpha + back * (1 - alpha)
    soft = torch.rand(n, generator=draw) < 0.3
    x[soft] = F.avg_pool2d(F.pad(x[soft], (1, 1, 1, 1), mode="replicate"), 3, 1)
    return x.clamp_(0, 1).mul_(2).sub_(1), ground


def _move(rgba: torch.Tensor, draw: torch.Generator) -> torch.Tensor:
    n = len(rgba)
    scale = torch.empty(n).uniform_(0.92, 1.45, generator=draw)
    stretch = torch.empty(n).uniform_(0.9, 1.1, generator=draw)
    angle = torch.randn(n, generator=draw) * 0.12
    shear = torch.randn(n, generator=draw) * 0.06
    mirror = torch.where(torch.rand(n, generator=draw) < 0.5, -1.0, 1.0)
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 0, 1] = scale * stretch * angle.cos() * mirror, -scale * (angle.sin() + shear)
    theta[:, 1, 0], theta[:, 1, 1] = scale / stretch * angle.sin() * mirror, scale / stretch * angle.cos()
    theta[:, :, 2] = torch.empty(n, 2).uniform_(-0.16, 0.16, generator=draw)
    return F.grid_sample(rgba, F.affine_grid(theta, list(rgba.shape), align_corners=False), align_corners=False)


def _recoloured(colour: torch.Tensor, draw: torch.Generator) -> torch.Tensor:
    """Hues mixed a little, saturation and brightness changed."""
    n = len(colour)
    mix = torch.eye(3) + torch.randn(n, 3, 3, generator=draw) * 0.07
    mix = mix / mix.sum(2, keepdim=True)
    vivid = torch.empty(n, 1, 1).uniform_(0.5, 1.4, generator=draw)
    mix = mix * vivid + (1 - vivid) / 3  # saturation: away from, or towards, the mean of the channels
    mix = mix * torch.empty(n, 1, 1).uniform_(0.85, 1.2, generator=draw)
    return torch.bmm(mix, colour.flatten(2)).view_as(colour).clamp(0, 1)


def _lit(colour: torch.Tensor, alpha: torch.Tensor, draw: torch.Generator) -> torch.Tensor:
    """Shaded like a relief: height is a blur of the outline and of the brightness; half of the pictures stay flat."""
    n = len(colour)
    # at a quarter of the size: what is wanted is broad
    height = F.avg_pool2d(alpha * (1 + 0.5 * colour.mean(1, keepdim=True)), 4)
    height = F.pad(F.avg_pool2d(F.pad(height, (1, 1, 1, 1)), 3, 1), (1, 1, 1, 1))
    slopes = [height[..., 1:-1, 2:] - height[..., 1:-1, :-2], height[..., 2:, 1:-1] - height[..., :-2, 1:-1]]
    slope_x, slope_y = F.interpolate(torch.cat(slopes, 1) / 2, scale_factor=4, mode="bilinear").split(1, 1)
    turn = torch.randn(n, 1, 1, 1, generator=draw) * 0.7 - 2.2  # mostly from the upper left
    facing = -(slope_x * turn.cos() + slope_y * turn.sin())
    strength = torch.empty(n, 1, 1, 1).uniform_(0, 2.5, generator=draw)
    strength = torch.where(torch.rand(n, 1, 1, 1, generator=draw) < 0.5, strength, torch.zeros(1))
    shine = (facing * strength).clamp(-0.5, 0.5)
    return torch.where(shine > 0, colour + (1 - colour) * shine, colour * (1 + shine)).clamp(0, 1)


def _grounds(n: int, draw: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """A colour with a name and a slight slope of light (two of three), else a mixture of two with soft patches."""
    ground = torch.randint(len(PALETTE), (n,), generator=draw)
    ground = torch.where(torch.rand(n, generator=draw) < 0.2, torch.zeros(1, dtype=torch.long), ground)  # white oftener
    one = PALETTE[ground] + torch.randn(n, 3, generator=draw) * 0.03
    ramp = torch.linspace(-0.5, 0.5, 64)
    lean = torch.randn(n, 2, 1, 1, 1, generator=draw) * 0.05
    plain = one[:, :, None, None] + lean[:, 0] * ramp[None, None, None, :] + lean[:, 1] * ramp[None, None, :, None]
    patches = F.interpolate(torch.rand(n, 3, 4, 4, generator=draw), size=64, mode="bilinear")
    mixed = torch.rand(n, generator=draw) < 0.3
    back = torch.where(mixed[:, None, None, None], patches, plain).clamp(0, 1)
    return torch.where(mixed, torch.full((n,), -1), ground), back

"""Well-known cards by name, with what their makers publish."""

from __future__ import annotations

from dataclasses import dataclass

from loraloom.forecast.facts import DeviceFacts

GIB = 1 << 30


@dataclass(frozen=True)
class Card:
    """`tensor` and `fp32`: dense TFLOPS (no sparsity) of bf16 or fp16 products with fp32 sums, and of plain fp32;
    `bandwidth` in GB/s, `watts` of the board. Where it is from: NVIDIA's data sheets and architecture whitepapers
    (Turing, Ampere GA102, Ada, Blackwell; A100, L4, L40S, H100, H200, T4, V100)."""

    name: str
    memory: int
    tensor: float
    fp32: float
    bandwidth: float
    watts: int
    capability: tuple[int, int]


def _card(name: str, gib: float, tensor: float, fp32: float, bandwidth: float, watts: int, capability: str) -> Card:
    major, minor = capability.split(".")
    return Card(name, int(gib * GIB), tensor, fp32, bandwidth, watts, (int(major), int(minor)))


_CARDS = (
    _card("NVIDIA GeForce GTX 1660 SUPER", 6, 10.0, 5.0, 336, 125, "7.5"),
    _card("NVIDIA GeForce RTX 2060", 6, 25.8, 6.5, 336, 160, "7.5"),
    _card("NVIDIA GeForce RTX 2070 SUPER", 8, 36.3, 9.1, 448, 215, "7.5"),
    _card("NVIDIA GeForce RTX 2080 Ti", 11, 53.8, 13.4, 616, 250, "7.5"),
    _card("NVIDIA GeForce RTX 3050", 8, 18.2, 9.1, 224, 130, "8.6"),
    _card("NVIDIA GeForce RTX 3060", 12, 25.5, 12.7, 360, 170, "8.6"),
    _card("NVIDIA GeForce RTX 3060 Ti", 8, 32.4, 16.2, 448, 200, "8.6"),
    _card("NVIDIA GeForce RTX 3070", 8, 40.6, 20.3, 448, 220, "8.6"),
    _card("NVIDIA GeForce RTX 3080", 10, 59.5, 29.8, 760, 320, "8.6"),
    _card("NVIDIA GeForce RTX 3090", 24, 71.0, 35.6, 936, 350, "8.6"),
    _card("NVIDIA GeForce RTX 4060", 8, 30.2, 15.1, 272, 115, "8.9"),
    _card("NVIDIA GeForce RTX 4060 Ti", 16, 44.1, 22.1, 288, 165, "8.9"),
    _card("NVIDIA GeForce RTX 4070", 12, 58.3, 29.1, 504, 200, "8.9"),
    _card("NVIDIA GeForce RTX 4070 Ti SUPER", 16, 88.2, 44.1, 672, 285, "8.9"),
    _card("NVIDIA GeForce RTX 4080", 16, 97.5, 48.7, 717, 320, "8.9"),
    _card("NVIDIA GeForce RTX 4090", 24, 165.2, 82.6, 1008, 450, "8.9"),
    _card("NVIDIA GeForce RTX 5070", 12, 61.7, 30.9, 672, 250, "12.0"),
    _card("NVIDIA GeForce RTX 5070 Ti", 16, 87.9, 43.9, 896, 300, "12.0"),
    _card("NVIDIA GeForce RTX 5080", 16, 112.6, 56.3, 960, 360, "12.0"),
    _card("NVIDIA GeForce RTX 5090", 32, 209.5, 104.8, 1792, 575, "12.0"),
    _card("Tesla T4", 16, 65.0, 8.1, 320, 70, "7.5"),
    _card("Tesla V100-SXM2-16GB", 16, 125.0, 15.7, 900, 300, "7.0"),
    _card("NVIDIA L4", 24, 121.0, 30.3, 300, 72, "8.9"),
    _card("NVIDIA A10G", 24, 70.0, 31.5, 600, 300, "8.6"),
    _card("NVIDIA RTX A6000", 48, 154.8, 38.7, 768, 300, "8.6"),
    _card("NVIDIA L40S", 48, 362.0, 91.6, 864, 350, "8.9"),
    _card("NVIDIA RTX 6000 Ada Generation", 48, 364.2, 91.1, 960, 300, "8.9"),
    _card("NVIDIA A100-SXM4-40GB", 40, 312.0, 19.5, 1555, 400, "8.0"),
    _card("NVIDIA A100-SXM4-80GB", 80, 312.0, 19.5, 2039, 400, "8.0"),
    _card("NVIDIA H100 80GB HBM3", 80, 989.0, 67.0, 3350, 700, "9.0"),
    _card("NVIDIA H200", 141, 989.0, 67.0, 4800, 700, "9.0"),
)

SHOWN = 0.35 * GIB
"""What a desktop and the driver usually hold of a card that also draws the screen."""


def cards() -> tuple[Card, ...]:
    """The table, small cards first within a generation."""
    return _CARDS


def find(name: str) -> Card | None:
    """The card of that name, also without the maker's: `RTX 3060`; None for one that is not in the table."""
    wanted = _plain(name)
    exact = [card for card in _CARDS if _plain(card.name) == wanted]
    return exact[0] if exact else None


def card(name: str) -> DeviceFacts:
    """A card of the table as a device, as empty as one with a screen is. Raises KeyError for one it does not know."""
    found = find(name)
    if found is None:
        raise KeyError(name)
    dtypes = ("bf16", "fp16", "fp32") if found.capability >= (8, 0) else ("fp16", "fp32")
    return DeviceFacts(found.name, found.name, "cuda", found.memory, int(found.memory - SHOWN), dtypes)


def _plain(name: str) -> str:
    return " ".join(word for word in name.lower().split() if word not in {"nvidia", "geforce", "tesla"})

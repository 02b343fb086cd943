"""Preset pictures of texts: bubbles, cards, a form, a mask, two thin matrices, a lantern."""

import numpy as np
from frame import (
    AMBER,
    CLAY,
    EMBER,
    GLOW,
    INK,
    LINEN,
    NIGHT,
    PAPER,
    SAND,
    UMBER,
    disc,
    glow,
    line,
    move,
    oval,
    path,
    picture,
    rect,
)
from PIL import Image


def answer_in_our_voice() -> Image.Image:
    """Three letters in one hand, then a new question answered in it."""
    small = [rect(0, 0, 100, 100, LINEN) + _letter(seed) for seed in (1, 2, 3)]
    large = (
        rect(0, 0, 100, 100, INK)
        + _bubble(8, 10, 58, 18, UMBER, True)
        + _words(15, 16.5, 40, 2, SAND, 4)
        + _bubble(30, 38, 62, 50, AMBER, False)
        + _hand(38, 49, 46, 4, NIGHT, 9, 9)
    )
    return picture(small, large)


def our_terms_and_facts() -> Image.Image:
    """Three index cards, then how they hang together."""
    small = [
        rect(0, 0, 100, 100, back) + _card(14, 24, 72, 52, seed) for seed, back in ((1, SAND), (2, LINEN), (3, CLAY))
    ]
    places = ((50, 48), (20, 20), (80, 22), (18, 76), (78, 80), (50, 12), (50, 88))
    edges = ((0, 1), (0, 2), (0, 3), (0, 4), (1, 5), (2, 5), (3, 6), (4, 6), (2, 4))
    large = rect(0, 0, 100, 100, NIGHT)
    large += "".join(
        line(f"M{places[a][0]} {places[a][1]} L{places[b][0]} {places[b][1]}", CLAY, 0.8) for a, b in edges
    )
    for i, (x, y) in enumerate(places):
        size = 1.0 if i == 0 else 0.62
        large += move(_card(-18, -12, 36, 24, i, AMBER if i == 0 else PAPER), x, y, size)
    return picture(small, large)


def structured_output() -> Image.Image:
    """Three notes in prose, then keys and values between braces."""
    small = [rect(0, 0, 100, 100, PAPER) + _words(14, 18, 72, 7, CLAY, 10, seed) for seed in (4, 5, 6)]
    large = rect(0, 0, 100, 100, NIGHT) + move(_brace(), 17, 50) + move(_brace(), 83, 50, 1, 180)
    rng = np.random.default_rng(8)
    for i in range(6):
        y = 18 + i * 12.4
        key, value = rng.uniform(12, 19), rng.uniform(14, 26)
        large += (
            rect(25, y, key, 4.6, AMBER, 'rx="2.3"')
            + disc(28 + key, y + 1, 0.8, SAND)
            + disc(28 + key, y + 3.7, 0.8, SAND)
        )
        large += rect(32 + key, y, value, 4.6, LINEN, 'rx="2.3"') + disc(34.6 + key + value, y + 4, 0.9, CLAY)
    return picture(small, large)


def play_a_role() -> Image.Image:
    """Three talks between two, then the one side of them, as a mask that speaks."""
    small = [rect(0, 0, 100, 100, back) + _talk(seed) for seed, back in ((1, LINEN), (2, SAND), (3, LINEN))]
    light = glow("stage", [(0, EMBER, 0.9), (1, INK, 1)], 'cx="0.42" cy="0.4" r="0.7"')
    face = path("M-26 -30 C-10 -24 10 -24 26 -30 C30 4 22 30 0 38 C-22 30 -30 4 -26 -30 Z", PAPER)
    shade = path("M0 -25.6 C9 -25.6 18 -27 26 -30 C30 4 22 30 0 38 Z", LINEN)
    eyes = path(
        "M-18 -8 C-14 -15 -7 -15 -4 -8 C-8 -5 -14 -5 -18 -8 Z M18 -8 C14 -15 7 -15 4 -8 C8 -5 14 -5 18 -8 Z", NIGHT
    )
    mouth = path("M-14 10 C-6 15 6 15 14 10 C11 24 -11 24 -14 10 Z", NIGHT)
    brows = line("M-20 -17 C-15 -21 -8 -21 -4 -17 M20 -17 C15 -21 8 -21 4 -17", CLAY, 1.4)
    ties = line("M-26 -26 C-38 -20 -40 -4 -36 12 M26 -26 C38 -20 40 -4 36 12", AMBER, 1.6)
    mask = move(ties + face + shade + eyes + mouth + brows, 42, 46, 1, -6)
    large = f"<defs>{light}</defs>" + rect(0, 0, 100, 100, "url(#stage)") + mask
    return picture(small, large + _bubble(58, 66, 36, 22, AMBER, True) + _words(64, 72.5, 24, 2, NIGHT, 6, 3))


def text_classic() -> Image.Image:
    """Three grids of weights, then one large one beside the two thin ones that are learned."""
    small = [rect(0, 0, 100, 100, LINEN) + _grid(14, 14, 8, 8, 9, seed, (SAND, CLAY, UMBER)) for seed in (1, 2, 3)]
    large = (
        rect(0, 0, 100, 100, NIGHT)
        + _grid(7, 27, 8, 8, 5.75, 5, (UMBER, INK, "#3b322c"))
        + line("M57.5 50 h7 M61 46.5 v7", PAPER, 1.5)
        + _grid(69, 27, 2, 8, 5.75, 6, (AMBER, GLOW, EMBER))
        + move(_grid(0, 0, 8, 2, 1.75, 7, (AMBER, GLOW, EMBER)), 83, 47)
    )
    return picture(small, large)


def text_demo() -> Image.Image:
    """Three questions with answers, then a lantern that answers."""
    small = [rect(0, 0, 100, 100, back) + _talk(seed) for seed, back in ((4, SAND), (5, LINEN), (6, CLAY))]
    light = glow("halo", [(0, GLOW, 0.95), (0.4, AMBER, 0.5), (1, NIGHT, 0)])
    lamp = (
        line("M-14 -22 C-14 -40 14 -40 14 -22", SAND, 2)
        + path("M-16 -22 H16 L12 -14 H-12 Z", CLAY)
        + rect(-13, -14, 26, 36, GLOW, 'rx="2" opacity="0.92"')
        + path("M0 -8 C7 2 8 8 0 16 C-8 8 -7 2 0 -8 Z", EMBER)
        + path("M0 0 C4 6 4 10 0 14 C-4 10 -4 6 0 0 Z", PAPER)
        + line("M-13 -14 V22 M13 -14 V22 M-4.5 -14 V22 M4.5 -14 V22", UMBER, 1.3)
        + path("M-15 22 H15 L18 30 H-18 Z", CLAY)
    )
    large = (
        f"<defs>{light}</defs>" + rect(0, 0, 100, 100, NIGHT) + oval(32, 52, 46, 46, "url(#halo)") + move(lamp, 32, 54)
    )
    large += _bubble(54, 14, 38, 18, UMBER, True) + _words(60, 20.5, 26, 2, SAND, 5, 2)
    return picture(small, large + _bubble(58, 48, 36, 26, AMBER, True) + _words(64, 55, 24, 3, NIGHT, 6, 1))


def _bubble(x: float, y: float, width: float, height: float, fill: str, left: bool) -> str:
    """What somebody says; the tail is at the left or at the right."""
    foot, lean = (x + 9, -5) if left else (x + width - 9, 5)
    tail = path(f"M{foot - 4} {y + height - 1} L{foot + lean} {y + height + 7} L{foot + 4} {y + height - 1} Z", fill)
    return rect(x, y, width, height, fill, 'rx="6"') + tail


def _words(x: float, y: float, width: float, rows: int, ink: str, step: float, seed: int = 0) -> str:
    """Rows of words as bars."""
    rng = np.random.default_rng(seed)
    found = ""
    for row in range(rows):
        at, end = x, x + width * (1 if row < rows - 1 else 0.6)
        while at < end - 3:
            long = min(rng.uniform(5, 14), end - at)
            found += rect(at, y + row * step, long, step * 0.34, ink, f'rx="{step * 0.17:.2f}"')
            at += long + 2.4
    return found


def _hand(x: float, y: float, width: float, rows: int, ink: str, step: float, seed: int) -> str:
    """Rows of handwriting with the same swing."""
    rng = np.random.default_rng(seed)
    found = ""
    for row in range(rows):
        d, at, end = f"M{x} {y + row * step}", x, x + width * (1 if row < rows - 1 else 0.55)
        while at < end:
            wide, high = 3.2, float(rng.choice([2.2, 3.0, 4.6]))
            d += f" q{wide * 0.7:.1f} {-high:.1f} {wide:.1f} 0 t{wide * 0.4:.1f} 0"
            at += wide * 1.4
        found += line(d, ink, 1.1)
    return found


def _letter(seed: int) -> str:
    return rect(14, 10, 72, 80, PAPER, 'rx="2"') + _hand(22, 26, 54, 6, EMBER, 10.5, seed) + disc(76, 18, 4, AMBER)


def _card(x: float, y: float, width: float, height: float, seed: int, paper: str = PAPER) -> str:
    found = rect(x, y, width, height, paper, 'rx="3"') + rect(
        x + width * 0.1, y + height * 0.16, width * 0.4, height * 0.13, EMBER if paper == PAPER else NIGHT, 'rx="1"'
    )
    return found + _words(
        x + width * 0.1, y + height * 0.42, width * 0.8, 3, CLAY if paper == PAPER else UMBER, height * 0.17, seed
    )


def _brace() -> str:
    return line("M5 -38 C-1 -38 -1 -34 -1 -28 V-8 C-1 -3 -4 0 -8 0 C-4 0 -1 3 -1 8 V28 C-1 34 -1 38 5 38", PAPER, 2.4)


def _talk(seed: int) -> str:
    """A question and its answer."""
    rng = np.random.default_rng(seed)
    first, second = rng.uniform(46, 60), rng.uniform(50, 64)
    return (
        _bubble(10, 14, first, 24, PAPER, True)
        + _words(18, 22, first - 16, 2, CLAY, 7, seed)
        + _bubble(90 - second, 54, second, 24, AMBER, False)
        + _words(98 - second, 62, second - 16, 2, NIGHT, 7, seed + 9)
    )


def _grid(x: float, y: float, across: int, down: int, size: float, seed: int, inks: tuple[str, str, str]) -> str:
    """A matrix of weights."""
    rng = np.random.default_rng(seed)
    cells = ((i, j, inks[int(rng.integers(3))]) for j in range(down) for i in range(across))
    return "".join(rect(x + i * size, y + j * size, size * 0.86, size * 0.86, ink) for i, j, ink in cells)

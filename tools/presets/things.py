"""Preset pictures of things: a product, brand shapes, icons, fruit on the built-in base, a sheet of settings."""

from zlib import crc32

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
    blur,
    disc,
    fade,
    glow,
    line,
    move,
    oval,
    path,
    picture,
    pixels,
    raster,
    rect,
    render,
)  # fmt: skip
from PIL import Image

HIGHLIGHT = 'cx="0.36" cy="0.3" r="0.8"'
"""Where round things shine."""


def product_photo() -> Image.Image:
    """A bottle: plain, from above, close; then on stone by a window."""
    front = _sweep(LINEN, PAPER) + oval(50, 88, 20, 3, INK, 'opacity="0.3" filter="url(#soft)"') + _bottle(50, 88, 1)
    above = _sweep(SAND, LINEN) + oval(55, 55, 28, 28, INK, 'opacity="0.28" filter="url(#soft)"') + _from_above()
    close = _sweep(CLAY, SAND) + _bottle(50, 150, 2)
    return picture([front, above, close], _by_the_window())


def brand_illustration() -> Image.Image:
    """Three tiles of one kit of shapes, then somebody made of them."""
    return picture([_tile_suns(), _tile_leaves(), _tile_arches()], _gardener())


def icon_set() -> Image.Image:
    """Three icons, then the set."""
    names = ["camera", "bag", "mountain", "bell", "cup", "key", "umbrella", "heart", "leaf"]
    small = [
        rect(0, 0, 100, 100, back) + move(_icon(n, INK, 3.4), 50, 50, 1.5)
        for n, back in (("cup", LINEN), ("key", PAPER), ("leaf", LINEN))
    ]
    cells = ""
    for i, name in enumerate(names):
        x, y, chosen = 7 + 30 * (i % 3), 7 + 30 * (i // 3), name == "bell"
        cells += rect(x, y, 26, 26, AMBER if chosen else PAPER, 'rx="6"') + move(
            _icon(name, INK, 3.4), x + 13, y + 13, 0.4
        )
    return picture(small, rect(0, 0, 100, 100, LINEN) + cells)


def icon_set_small() -> Image.Image:
    """The same on the built-in base: four, and 64 pixels for each."""
    small = [
        pixels(rect(0, 0, 100, 100, back) + move(_flat(n), 50, 50, 1.25), 32)
        for n, back in (("cup", SAND), ("heart", LINEN), ("leaf", SAND))
    ]
    cells = ""
    for i, (name, back) in enumerate((("umbrella", LINEN), ("bell", SAND), ("camera", SAND), ("mushroom", LINEN))):
        drawn = pixels(rect(0, 0, 100, 100, back) + move(_flat(name), 50, 50, 1.25), 40)
        cells += move(drawn, 50 * (i % 2), 50 * (i // 2), 0.5)
    return picture(small, cells)


def quick_look() -> Image.Image:
    """Three small things, then an apple that comes out of the noise."""
    small = [
        pixels(rect(0, 0, 100, 100, back) + fruit)
        for back, fruit in ((LINEN, _lemon(True)), (SAND, _cherries(True)), (UMBER, _pear(True)))
    ]
    clear = np.asarray(render(rect(0, 0, 100, 100, GLOW) + _apple(True), 64, 64, "0 0 100 100", 8)).astype(float)
    rng = np.random.default_rng(3)
    grey = rng.normal(118, 46, (64, 64, 1)) + rng.normal(0, 4, (64, 64, 3)) + np.array([12, 0, -14])
    share = np.clip((np.arange(64) / 63 - 0.12) / 0.62, 0, 1)[None, :, None] ** 0.8
    mixed = np.clip(grey * (1 - share) + clear * share, 0, 255)
    return picture(small, raster(mixed))


def demo() -> Image.Image:
    """Three round, shaded things, then flat ones that become so too."""
    small = [
        pixels(rect(0, 0, 100, 100, back) + thing)
        for back, thing in ((SAND, _apple(True)), (LINEN, _mushroom(True)), (UMBER, _ball()))
    ]
    cells = ""
    for row, (thing, back) in enumerate(((_lemon, LINEN), (_pear, SAND), (_cherries, CLAY))):
        for column, shaded in enumerate((False, True)):
            x, y = 10 + 44 * column, 4 + 31.3 * row
            drawn = pixels(rect(0, 0, 100, 100, PAPER if not shaded else back) + thing(shaded))
            cells += move(drawn, x, y, 0.29)
        y = 18.5 + 31.3 * row
        cells += line(f"M42 {y} h8 M47.4 {y - 2.6} l2.8 2.6 l-2.8 2.6", EMBER, 1.3)
    return picture(small, rect(0, 0, 100, 100, "#efe7d9") + move(cells, 3.5, 1.2, 1))


def classic() -> Image.Image:
    """Three old sheets of settings, then one that is understood as it is."""
    small = [rect(0, 0, 100, 100, PAPER) + move(_lines(seed, 6, INK), -4, 4, 1.1) for seed in (1, 2, 3)]
    return picture(small, rect(0, 0, 100, 100, NIGHT) + _lines(9, 11, SAND, AMBER))


# the product


def _sweep(low: str, high: str) -> str:
    lights = fade("wall", [(0, high, 1), (0.62, low, 1), (1, high, 1)]) + blur("soft", 2.2)
    return f"<defs>{lights}</defs>" + rect(0, 0, 100, 100, "url(#wall)")


def _bottle(x: float, y: float, scale: float) -> str:
    """A bottle with a dropper cap that stands at (x, y)."""
    across = 'x1="0" y1="0" x2="1" y2="0"'
    glass = fade(
        "glass",
        [
            (0, "#8a5420", 1),
            (0.16, "#d98f3d", 1),
            (0.3, "#f4bd76", 1),
            (0.42, AMBER, 1),
            (0.8, EMBER, 1),
            (1, "#6d3f17", 1),
        ],
        across,
    )
    cap = fade("cap", [(0, NIGHT, 1), (0.25, "#6a5b50", 1), (0.5, INK, 1), (1, NIGHT, 1)], across)
    label = fade("label", [(0, SAND, 1), (0.25, "#fffaf0", 1), (0.7, PAPER, 1), (1, "#b9a88f", 1)], across)
    body = path(
        "M-17 0 C-19 0 -20 -1.5 -20 -3 L-20 -40 C-20 -47 -9 -46 -8 -53 "
        "L8 -53 C9 -46 20 -47 20 -40 L20 -3 C20 -1.5 19 0 17 0 Z",
        "url(#glass)",
    )
    top = rect(-9, -62, 18, 10, "url(#cap)", 'rx="1.6"') + path(
        "M-5 -62 L-4 -72 C-4 -76 4 -76 4 -72 L5 -62 Z", "url(#cap)"
    )
    ribs = "".join(line(f"M{a} -60.4 v7", NIGHT, 0.5, 'opacity="0.6"') for a in (-6, -3, 0, 3, 6))
    paper = (
        rect(-20, -33, 40, 22, "url(#label)")
        + line("M-9 -26 H9", INK, 1.5)
        + line("M-6 -21.5 H6 M-6 -18.5 H3", CLAY, 0.8)
        + disc(0, -14.6, 1.2, EMBER)
    )
    shine = line("M-14.5 -38 C-14 -42 -9 -43 -7 -46", "#fff3dd", 1.6, 'opacity="0.75"') + line(
        "M-15 -8 V-4", "#fff3dd", 1.6, 'opacity="0.6"'
    )
    return f"<defs>{glass}{cap}{label}</defs>" + move(body + top + ribs + paper + shine, x, y, scale)


def _from_above() -> str:
    rings = (
        disc(48, 48, 29, "#8a5420")
        + disc(48, 48, 27.4, EMBER)
        + disc(48, 48, 22, AMBER)
        + disc(48, 48, 14, NIGHT)
        + disc(48, 48, 12, INK)
        + disc(48, 48, 6, UMBER)
    )
    return rings + line("M26 40 A24 24 0 0 1 44 24.6", "#ffe6c2", 2.2) + line("M42 45 A7 7 0 0 1 47 41", CLAY, 1.4)


def _by_the_window() -> str:
    lights = (
        fade("room", [(0, "#7d6c5c", 1), (1, "#a08d78", 1)])
        + fade("top", [(0, "#f4ebdc", 1), (1, "#d8c8b1", 1)])
        + fade("side", [(0, "#a8967f", 1), (1, "#75664f", 1)])
        + blur("soft", 2.2)
        + blur("pane", 1)
    )
    panes = "".join(
        path(f"M{x} {y} l17 -7 l0 22 l-17 7 Z", "#ffe9c9", 'opacity="0.42"') for x in (8, 27, 46) for y in (14, 39)
    )
    leaf = "".join(
        move(path("M0 0 C6 -8 18 -9 26 0 C18 6 6 7 0 0 Z", "#4d4034", 'opacity="0.5"'), x, y, s, a)
        for x, y, s, a in ((96, 4, 1, 165), (92, 12, 1, 140), (98, 22, 1, 175), (90, 20, 0.9, 120), (99, 34, 0.9, 155))
    )
    stem = line("M102 40 C98 26 96 14 86 2", "#4d4034", 1.2, 'opacity="0.5"')
    block = path("M16 78 L84 78 L92 86 L8 86 Z", "url(#top)") + path("M8 86 L92 86 L92 104 L8 104 Z", "url(#side)")
    shadow = path("M46 82 L70 82 L98 79 L82 76 L56 78 Z", INK, 'opacity="0.5" filter="url(#soft)"')
    warm = oval(66, 82, 9, 1.6, AMBER, 'opacity="0.55" filter="url(#soft)"')
    twig = line("M22 82 C28 79 33 80 40 81", "#5b4a38", 0.9) + "".join(
        move(path("M0 0 C2 -3 6 -3 8 0 C6 2 2 2 0 0 Z", UMBER), x, y, 0.8, a)
        for x, y, a in ((26, 80, -50), (31, 79.6, -30), (29, 80.4, 40), (35, 80.2, -40))
    )
    return (
        f"<defs>{lights}</defs>"
        + rect(0, 0, 100, 100, "url(#room)")
        + f'<g filter="url(#pane)">{panes}{stem}{leaf}</g>'
        + block
        + shadow
        + warm
        + twig
        + _bottle(52, 82.6, 0.86)
    )


# the brand


def _quarter(x: float, y: float, size: float, corner: int, fill: str) -> str:
    """A quarter of a disc in a square; its corner at 0 top left, 1 top right, 2 bottom right, 3 bottom left."""
    return move(
        path(f"M0 0 H{size} A{size} {size} 0 0 1 0 {size} Z", fill),
        x + size * (corner in (1, 2)),
        y + size * (corner in (2, 3)),
        1,
        90 * corner,
    )


def _tile_suns() -> str:
    return (
        rect(0, 0, 100, 100, LINEN)
        + rect(0, 50, 50, 50, UMBER)
        + rect(50, 0, 50, 50, SAND)
        + disc(25, 25, 19, AMBER)
        + _quarter(50, 0, 50, 0, PAPER)
        + _quarter(50, 50, 50, 2, INK)
        + path("M0 75 A25 25 0 0 1 50 75 Z", GLOW)
    )


def _tile_leaves() -> str:
    found = rect(0, 0, 100, 100, INK)
    for x, y, a, b in ((0, 0, 0, AMBER), (50, 0, 1, SAND), (0, 50, 1, PAPER), (50, 50, 0, CLAY)):
        d = "M0 0 C30 0 50 20 50 50 C20 50 0 30 0 0 Z" if a == 0 else "M50 0 C50 30 30 50 0 50 C0 20 20 0 50 0 Z"
        found += move(path(d, b), x, y)
    return found


def _tile_arches() -> str:
    found = rect(0, 0, 100, 100, AMBER)
    for radius, fill in ((42, INK), (31, PAPER), (20, UMBER), (9, AMBER)):
        found += path(f"M{50 - radius} 100 V52 A{radius} {radius} 0 0 1 {50 + radius} 52 V100 Z", fill)
    return found


def _gardener() -> str:
    back = rect(0, 0, 100, 100, LINEN) + path("M4 100 V46 A42 42 0 0 1 88 46 V100 Z", GLOW) + disc(24, 26, 10, AMBER)
    tiles = (
        rect(82, 0, 18, 18, UMBER)
        + _quarter(82, 0, 18, 3, PAPER)
        + rect(82, 18, 18, 18, AMBER)
        + _quarter(82, 18, 18, 1, INK)
    )
    floor = rect(0, 90, 100, 10, INK)
    pot = path("M12 72 H38 L34 90 H16 Z", UMBER) + rect(10, 69, 30, 5, INK)
    stem = line("M25 70 V40", INK, 1.8)
    leaves = "".join(
        move(
            path(
                "M0 0 C0 -14 9 -20 20 -20 C20 -7 13 0 0 0 Z"
                if side > 0
                else "M0 0 C0 -14 -9 -20 -20 -20 C-20 -7 -13 0 0 0 Z",
                fill,
            ),
            25,
            y,
            size,
        )
        for y, side, size, fill in (
            (66, 1, 0.85, CLAY),
            (62, -1, 0.85, UMBER),
            (52, 1, 0.75, INK),
            (48, -1, 0.7, CLAY),
            (41, 1, 0.6, UMBER),
        )
    )
    legs = (
        path("M60 66 H72 L70 90 H62 Z", INK)
        + path("M70 66 H82 L84 90 H75 Z", UMBER)
        + path("M58 90 A6 6 0 0 1 70 90 Z M74 90 A6 6 0 0 1 86 90 Z", PAPER)
    )
    body = path("M58 68 V50 A13 13 0 0 1 84 50 V68 Z", PAPER) + path("M71 37 A13 13 0 0 1 84 50 V68 H71 Z", SAND)
    head = (
        disc(70, 27, 9, "#e6bd90")
        + path("M61 27 A9 9 0 0 1 79 27 L79 34 C76 32 75 28 74 25 C70 27 65 27 61 27 Z", INK)
        + disc(80, 31, 4.4, INK)
    )
    arm = line("M64 50 C58 56 54 56 48 53", "#e6bd90", 5) + line("M65 49 L60 54", PAPER, 6)
    can = (
        path("M38 44 H52 V58 H38 Z", AMBER)
        + path("M38 47 L29 40 L31 38 L39 43 Z", EMBER)
        + line("M41 44 A5 5 0 0 1 50 44", EMBER, 1.8)
    )
    drops = "".join(disc(x, y, 0.9, INK) for x, y in ((27.6, 43.4), (25.4, 41.6), (27, 47), (24, 45.4)))
    return back + tiles + floor + move(stem + leaves + pot, -6) + legs + body + arm + can + drops + head


# icons, drawn about (0, 0), 50 wide


def _icon(name: str, ink: str, width: float) -> str:
    shapes = {
        "camera": "M-22 -12 h10 l4 -7 h16 l4 7 h10 v28 h-44 Z M0 -6 a9 9 0 1 0 0.01 0 M15 -6 h2",
        "bag": "M-17 -9 h34 l3 28 h-40 Z M-8 -2 v-9 a8 8 0 0 1 16 0 v9",
        "mountain": "M-23 18 L-6 -14 L4 4 L9 -4 L23 18 Z M14 -17 a4.5 4.5 0 1 0 0.01 0 M-10.6 -5 l4.6 4 l4.4 -3",
        "bell": "M-17 12 c5 -5 4 -10 4 -15 a13 13 0 0 1 26 0 c0 5 -1 10 4 15 Z M-5 18 a5 5 0 0 0 10 0 M0 -16 v-5",
        "cup": "M-17 -8 h28 v14 a12 12 0 0 1 -12 12 h-4 a12 12 0 0 1 -12 -12 Z "
        "M11 -4 h4 a6 6 0 0 1 0 12 h-4 M-9 -15 q3 -3 0 -6 M1 -15 q3 -3 0 -6",
        "key": "M-8 -1 a9 9 0 1 1 0.01 0 M-2 -4 L18 16 M18 16 l-5 4 M12 10 l-5 4 M-8 -10.4 v0.6",
        "umbrella": "M-22 2 a22 22 0 0 1 44 0 q-5.5 -5 -11 0 q-5.5 -5 -11 0 q-5.5 -5 -11 0 q-5.5 -5 -11 0 Z "
        "M0 2 v14 a5 5 0 0 1 -10 0 M0 -20 v-3",
        "heart": "M0 19 C-14 9 -22 2 -22 -7 C-22 -19 -6 -21 0 -10 C6 -21 22 -19 22 -7 C22 2 14 9 0 19 Z",
        "leaf": "M-17 17 C-22 -10 -4 -20 19 -19 C20 6 8 22 -17 17 Z M-22 23 L6 -6 M-8 8 v-12 M-8 8 h12",
    }
    return line(shapes[name], ink, width)


def _flat(name: str) -> str:
    """The same things filled, for few pixels."""
    drawn = {
        "cup": path("M-19 -10 h30 v16 a13 13 0 0 1 -13 13 h-4 a13 13 0 0 1 -13 -13 Z", AMBER)
        + line("M11 -5 h4 a6 6 0 0 1 0 13 h-4", AMBER, 5)
        + path("M4 -10 h7 v16 a13 13 0 0 1 -13 13 C6 14 4 4 4 -10 Z", EMBER)
        + line("M-10 -16 q3 -3 0 -7 M1 -16 q3 -3 0 -7", UMBER, 3),
        "heart": path("M0 20 C-14 10 -23 2 -23 -8 C-23 -21 -6 -22 0 -11 C6 -22 23 -21 23 -8 C23 2 14 10 0 20 Z", AMBER)
        + path("M0 20 C10 8 14 -6 14 -17 C20 -17 23 -13 23 -8 C23 2 14 10 0 20 Z", EMBER)
        + line("M-16 -8 q1 -5 5 -5", PAPER, 3.4),
        "leaf": path("M-18 18 C-24 -10 -4 -21 20 -20 C21 6 8 24 -18 18 Z", UMBER)
        + path("M-18 18 L20 -20 C21 6 8 24 -18 18 Z", INK)
        + line("M-23 24 L10 -10", AMBER, 3),
        "umbrella": path("M-24 3 a24 24 0 0 1 48 0 q-6 -6 -12 0 q-6 -6 -12 0 q-6 -6 -12 0 q-6 -6 -12 0 Z", AMBER)
        + path("M0 -21 a24 24 0 0 1 24 24 q-6 -6 -12 0 C12 -10 8 -17 0 -21 Z", EMBER)
        + path("M0 -21 C-8 -17 -12 -8 -12 3 q6 -6 12 0 q6 -6 12 0 C12 -8 8 -17 0 -21 Z", GLOW)
        + line("M0 2 v15 a5 5 0 0 1 -10 0", INK, 3.6),
        "bell": path("M-20 13 c6 -6 5 -11 5 -17 a15 15 0 0 1 30 0 c0 6 -1 11 5 17 Z", AMBER)
        + path("M4 -18 a15 15 0 0 1 11 14 c0 6 -1 11 5 17 h-14 C8 4 8 -10 4 -18 Z", EMBER)
        + path("M-6 15 h12 a6 6 0 0 1 -12 0 Z", INK)
        + disc(0, -20, 3.2, INK),
        "camera": rect(-24, -12, 48, 31, UMBER, 'rx="5"')
        + path("M-10 -12 l4 -8 h12 l4 8 Z", UMBER)
        + rect(-24, -4, 48, 8, INK)
        + disc(0, 3, 12.5, PAPER)
        + disc(0, 3, 9, INK)
        + disc(0, 3, 5, AMBER)
        + disc(-2, 0.6, 1.8, PAPER)
        + rect(14, -9, 6, 3.6, AMBER),
        "mushroom": path("M-8 0 h16 l3 18 c0 5 -22 5 -22 0 Z", PAPER)
        + path("M3 0 h5 l3 18 c0 3 -6 4 -9 4 Z", SAND)
        + path("M-24 3 C-24 -26 24 -26 24 3 C14 8 -14 8 -24 3 Z", EMBER)
        + disc(-9, -8, 4.6, PAPER)
        + disc(7, -12, 3.6, PAPER)
        + disc(13, -1, 3, PAPER)
        + disc(-17, 0, 2.4, PAPER),
    }
    return drawn[name]


# fruit, flat with an outline or round and shaded


def _fruit(d: str, shaded: bool, stalk: str = "", light: str = GLOW, main: str = AMBER, dark: str = EMBER) -> str:
    if not shaded:
        return path(d, main) + line(d, INK, 3.4) + line(stalk, INK, 4)
    name = f"r{crc32((d + main).encode())}"
    stops = [(0, "#fff6e6", 1), (0.18, light, 1), (0.6, main, 1), (1, dark, 1)]
    ball = "<defs>" + glow(name, stops, HIGHLIGHT) + "</defs>"
    return ball + oval(52, 88, 28, 4, "#000", 'opacity="0.16"') + line(stalk, UMBER, 5) + path(d, f"url(#{name})")


def _apple(shaded: bool) -> str:
    leaf = path("M52 24 C56 12 68 8 76 12 C74 24 62 28 52 24 Z", UMBER)
    return (
        _fruit(
            "M50 30 C58 22 82 22 82 50 C82 72 68 90 58 88 C53 86 47 86 42 88 C32 90 18 72 18 50 C18 22 42 22 50 30 Z",
            shaded,
            "M50 30 Q49 20 54 13",
        )
        + leaf
    )


def _lemon(shaded: bool) -> str:
    return _fruit(
        "M8 52 C14 50 16 46 22 40 C36 24 64 24 78 40 C84 46 86 50 92 52 "
        "C86 56 84 60 78 66 C64 80 36 80 22 66 C16 60 14 56 8 52 Z",
        shaded,
    )


def _pear(shaded: bool) -> str:
    return _fruit(
        "M50 16 C62 18 61 36 68 48 C79 64 74 88 50 88 C26 88 21 64 32 48 C39 36 38 18 50 16 Z",
        shaded,
        "M50 17 Q50 9 57 6",
        LINEN,
        SAND,
        CLAY,
    )


def _cherries(shaded: bool) -> str:
    stalks = line("M34 58 C38 36 50 22 66 14 C64 30 64 44 66 54", UMBER if shaded else INK, 4)
    ring = "M{0} {1} a19 19 0 1 0 0.01 0 Z"
    return _fruit(ring.format(33, 50), shaded) + _fruit(ring.format(67, 52), shaded) + stalks


def _mushroom(shaded: bool) -> str:
    return move(_flat("mushroom"), 50, 54, 1.5)


def _ball() -> str:
    return _fruit("M50 16 A34 34 0 1 0 50.01 16 Z", True, "", LINEN, SAND, CLAY) + line(
        "M24 34 C44 44 60 66 62 82 M40 18 C60 26 78 44 82 58", INK, 3
    )


# a config


def _lines(seed: int, count: int, ink: str, chosen: str = "") -> str:
    """Keys and values as bars, some of them indented."""
    rng = np.random.default_rng(seed)
    found, indent = "", 0.0
    for i in range(count):
        y = 12 + i * (78 / count) + (78 / count - 4.4) / 2
        indent = 0 if i in (0, 1, 5, 9) else 8
        key, value = rng.uniform(12, 22), rng.uniform(12, 34)
        marked = bool(chosen) and i == 4
        found += rect(14 + indent, y, key, 4, ink, f'rx="2" opacity="{0.9 if indent == 0 else 0.55}"')
        found += disc(14 + indent + key + 3, y + 2, 0.9, ink, 'opacity="0.55"')
        if i not in (1, 5, 9):
            found += rect(
                14 + indent + key + 7,
                y,
                value,
                4,
                chosen if marked else ink,
                f'rx="2" opacity="{1 if marked else 0.32}"',
            )
    return found

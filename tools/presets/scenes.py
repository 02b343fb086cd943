"""Preset pictures of places: an ink landscape, looks made of hatching and of dabs."""

import math
from collections.abc import Callable

import numpy as np
from frame import (
    AMBER,
    CLAY,
    EMBER,
    GLOW,
    INK,
    LINEN,
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
    rect,
)  # fmt: skip
from PIL import Image

RICE = "#efe6d4"


def ink_landscape() -> Image.Image:
    """Three studies, then mountains in the mist."""
    return picture([_peak(), _bamboo(), _boat_study()], _mountains())


def style() -> Image.Image:
    """A look made of lines: three small things, then a lighthouse."""
    return picture([_hatched(_pear), _hatched(_cup), _hatched(_leaf)], _hatched(_lighthouse, 2.9))


def style_large() -> Image.Image:
    """A look made of dabs: three corners of a garden, then a coast."""
    return picture(
        [_dabs(_tree_colour, 1, 15), _dabs(_vase_colour, 2, 15), _dabs(_hill_colour, 3, 15)],
        _dabs(_coast_colour, 4, 40),
    )


def style_small_card() -> Image.Image:
    """The same look, done piece by piece."""
    whole = _dabs(_valley_colour, 5, 40)
    done = [(x, y) for y in range(4) for x in range(4)][:10]
    cut = "".join(rect(25 * x + 1, 25 * y + 1, 23, 23, "#000") for x, y in done)
    rest = "".join(
        rect(25 * x + 1, 25 * y + 1, 23, 23, LINEN) for y in range(4) for x in range(4) if (x, y) not in done
    )
    now = rect(51.6, 51.6, 21.8, 21.8, GLOW, f'stroke="{AMBER}" stroke-width="1.4"')
    tiles = (
        f'<clipPath id="tiles">{cut}</clipPath>'
        + rect(0, 0, 100, 100, PAPER)
        + f'<g clip-path="url(#tiles)">{whole}</g>'
        + rest
        + now
    )
    return picture([_dabs(_hill_colour, 6, 15), _dabs(_tree_colour, 7, 15), _dabs(_vase_colour, 8, 15)], tiles)


# ink


def _ridge(seed: int, base: float, height: float, rough: float = 0.55, peaks: float = 1.6) -> list[tuple[float, float]]:
    """The outline of a mountain range: a few bumps, then finer and finer ones."""
    rng = np.random.default_rng(seed)
    x = np.linspace(-4, 104, 260)
    y = np.zeros_like(x)
    amount, frequency = 1.0, peaks
    for _ in range(7):
        y += amount * np.abs(np.sin(math.pi * frequency * x / 100 + rng.uniform(0, math.pi))) ** 1.5
        amount, frequency = amount * rough * 0.8, frequency * 2.1
    y = (y - y.min()) / (y.max() - y.min())
    return [(float(a), base - height * float(b)) for a, b in zip(x, y, strict=True)]


def _wash(points: list[tuple[float, float]], name: str, dark: float, bottom: float) -> str:
    """Ink that is wet at the ridge and runs out downwards, with a drier edge."""
    top = min(y for _, y in points)
    where = f'gradientUnits="userSpaceOnUse" x1="0" y1="{top:.1f}" x2="0" y2="{bottom:.1f}"'
    shades = fade(name, [(0, INK, dark), (0.45, INK, dark * 0.5), (1, INK, 0)], where)
    d = "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points) + f" L104 {bottom} L-4 {bottom} Z"
    edge = "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    under = fade(name + "u", [(0, "#f3ebdb", 1), (0.7, "#f3ebdb", 1), (1, "#f3ebdb", 0)], where)
    return (
        f"<defs>{shades}{under}</defs>"
        + path(d, f"url(#{name}u)")
        + path(d, f"url(#{name})")
        + line(edge, INK, 0.5, f'opacity="{min(1, dark * 0.7):.2f}"')
    )


def _seal(x: float, y: float, side: float) -> str:
    strokes = f"M{x + side / 2} {y + side * 0.2} v{side * 0.52} M{x + side * 0.24} {y + side * 0.4} v{side * 0.36}"
    strokes += f" h{side * 0.52} v-{side * 0.36}"
    inside = line(strokes, RICE, side * 0.09)
    return rect(x, y, side, side, EMBER, f'rx="{side * 0.12:.2f}"') + inside


def _paper() -> str:
    light = glow("rice", [(0, "#f7f0e2", 1), (1, RICE, 1)], 'cx="0.5" cy="0.35" r="0.8"')
    return f"<defs>{light}{blur('mist', 3)}</defs>" + rect(0, 0, 100, 100, "url(#rice)")


def _brush(points: list[tuple[float, float]], width: Callable[[float], float], seed: int, opacity: float = 0.9) -> str:
    """A stroke whose width follows the hand: `width` at 0 to 1 along the points."""
    rng = np.random.default_rng(seed)
    left: list[str] = []
    right: list[str] = []
    for i, (x, y) in enumerate(points):
        nx, ny = points[min(i + 1, len(points) - 1)]
        px, py = points[max(i - 1, 0)]
        dx, dy = nx - px, ny - py
        length = math.hypot(dx, dy) or 1
        half = width(i / (len(points) - 1)) / 2 * rng.uniform(0.86, 1.1)
        left.append(f"{x - dy / length * half:.2f} {y + dx / length * half:.2f}")
        right.append(f"{x + dy / length * half:.2f} {y - dx / length * half:.2f}")
    return path("M" + " L".join(left + right[::-1]) + " Z", INK, f'opacity="{opacity}"')


def _curve(x0: float, y0: float, x1: float, y1: float, bend: float, count: int = 24) -> list[tuple[float, float]]:
    steps = [i / (count - 1) for i in range(count)]
    dx, dy = x1 - x0, y1 - y0
    return [
        (x0 + dx * t - dy * bend * math.sin(math.pi * t), y0 + dy * t + dx * bend * math.sin(math.pi * t))
        for t in steps
    ]


def _pine(x: float, y: float, size: float, seed: int) -> str:
    """A leaning trunk with clouds of needles."""
    trunk = _curve(x, y, x + 0.42 * size, y - size, 0.16)
    found = _brush(trunk, lambda t: size * (0.1 - 0.07 * t), seed)
    rng = np.random.default_rng(seed)
    for at, side, reach in ((0.42, -1, 0.3), (0.55, 1, 0.46), (0.72, -1, 0.36), (0.85, 1, 0.36), (1.0, 1, 0.06)):
        bx, by = trunk[round(at * (len(trunk) - 1))]
        ex, ey = bx + side * reach * size, by - 0.1 * size
        found += _brush(_curve(bx, by, ex, ey, -0.12 * side), lambda t: size * (0.035 - 0.02 * t), seed + 1)
        for _ in range(20):
            cx, cy = ex + rng.uniform(-0.2, 0.2) * size, ey - 0.02 * size + rng.uniform(-0.05, 0.03) * size
            for angle in rng.uniform(200, 340, 5):
                dx, dy = math.cos(math.radians(angle)) * 0.075 * size, math.sin(math.radians(angle)) * 0.075 * size
                found += line(
                    f"M{cx:.2f} {cy:.2f} l{dx:.2f} {dy:.2f}",
                    INK,
                    size * 0.011,
                    f'opacity="{rng.uniform(0.45, 0.95):.2f}"',
                )
    return found


def _boat(x: float, y: float, size: float) -> str:
    hull = path(
        f"M{x} {y} q{size * 0.5} {size * 0.2} {size} 0 q-{size * 0.12} {size * 0.26} -{size * 0.5} {size * 0.24} "
        f"q-{size * 0.36} 0 -{size * 0.5} -{size * 0.24} Z",
        INK,
    )
    roof = path(
        f"M{x + size * 0.3} {y + size * 0.06} q{size * 0.2} -{size * 0.3} {size * 0.42} 0 Z", INK, 'opacity="0.75"'
    )
    man = oval(x + size * 0.16, y - size * 0.12, size * 0.045, size * 0.11, INK) + path(
        f"M{x + size * 0.06} {y - size * 0.19} l{size * 0.1} -{size * 0.09} l{size * 0.1} {size * 0.09} Z", INK
    )
    pole = line(f"M{x + size * 0.04} {y - size * 0.36} l{size * 0.2} {size * 0.7}", INK, size * 0.018)
    water = "".join(
        line(f"M{x + a * size:.1f} {y + b * size:.1f} h{c * size:.1f}", INK, size * 0.016, 'opacity="0.4"')
        for a, b, c in ((-0.3, 0.3, 0.5), (0.5, 0.36, 0.7), (0.1, 0.46, 0.5))
    )
    return hull + roof + man + pole + water


def _mountains() -> str:
    sun = disc(71, 23, 8.5, AMBER, 'opacity="0.92"')
    mist = "".join(
        oval(x, y, rx, ry, "#f5eddd", f'opacity="{a}" filter="url(#mist)"')
        for x, y, rx, ry, a in ((30, 58, 40, 5, 0.9), (82, 66, 34, 5, 0.9), (20, 76, 34, 4, 0.85))
    )
    far = _wash(_ridge(11, 56, 26, 0.4, 1.1), "w1", 0.26, 62)
    middle = _wash(_ridge(5, 70, 40, 0.5, 1.3), "w2", 0.5, 74)
    near = _wash(_ridge(23, 84, 26, 0.55, 1.2), "w3", 0.72, 88)
    bank = _brush(_curve(-6, 99, 50, 97, -0.04), lambda t: 14 * (1 - t) ** 0.8 + 0.4, 3, 0.95)
    birds = "".join(
        line(f"M{x} {y} q1.2 -1.3 2 0 q0.9 -1.2 2 -0.2", INK, 0.45) for x, y in ((52, 20), (57, 24), (49, 26))
    )
    return (
        _paper()
        + sun
        + far
        + middle
        + mist
        + near
        + bank
        + _pine(12, 95, 36, 8)
        + _boat(60, 88, 13)
        + birds
        + _seal(90, 88, 5.5)
    )


def _peak() -> str:
    return (
        _paper()
        + _wash(_ridge(5, 62, 34, 0.5, 1.2), "p1", 0.3, 72)
        + _wash(_ridge(41, 92, 62, 0.5, 0.9), "p2", 0.85, 96)
        + _seal(80, 78, 12)
    )


def _bamboo() -> str:
    found = _paper()
    for x, opacity, width in ((34, 0.9, 6.5), (58, 0.42, 5)):
        for i in range(5):
            y = 104 - 23 * i
            found += _brush(
                _curve(x + 1.5 * i, y, x + 1.5 * i + 1, y - 21, 0.02, 8),
                lambda t, w=width: w * (1 + 0.35 * (2 * t - 1) ** 6),
                i,
                opacity,
            )
    for x, y, angle, size, opacity in (
        (42, 36, 20, 34, 0.95),
        (42, 37, 50, 30, 0.8),
        (41, 38, 82, 26, 0.9),
        (38, 62, 155, 30, 0.85),
        (38, 62, 125, 26, 0.6),
        (64, 58, 40, 26, 0.5),
        (64, 58, 70, 24, 0.42),
    ):
        d = (
            f"M0 0 C{size * 0.3} -{size * 0.14} {size * 0.7} -{size * 0.06} {size} {size * 0.03} "
            f"C{size * 0.6} {size * 0.12} {size * 0.2} {size * 0.1} 0 0 Z"
        )
        found += move(path(d, INK, f'opacity="{opacity}"'), x, y, 1, angle)
    return found + _seal(76, 78, 12)


def _boat_study() -> str:
    return (
        _paper()
        + _wash(_ridge(31, 40, 16, 0.4, 1.0), "b1", 0.35, 48)
        + disc(74, 20, 8, AMBER)
        + _boat(24, 66, 48)
        + _seal(80, 80, 12)
    )


# hatching


def _hatched(subject: Callable[[str, str, str], str], gap: float = 4.2) -> str:
    """`subject(light, middle, dark)` filled with lines that lie closer where it is darker."""
    made = ""
    for name, step, angle, colour in (
        ("h1", gap * 1.5, 38, CLAY),
        ("h2", gap, 38, UMBER),
        ("h3", gap * 0.62, -34, INK),
    ):
        made += (
            f'<pattern id="{name}" width="{step}" height="{step}" patternUnits="userSpaceOnUse" '
            f'patternTransform="rotate({angle})">'
            + rect(0, 0, step, step * (0.3 if name != "h3" else 0.55), colour) + "</pattern>"
        )  # fmt: skip
    return f"<defs>{made}</defs>" + subject("url(#h1)", "url(#h2)", "url(#h3)")


def _pear(light: str, middle: str, dark: str) -> str:
    shape = "M50 18 C60 20 60 36 66 46 C78 62 74 86 50 87 C26 86 22 62 34 46 C40 36 40 20 50 18 Z"
    shadow = path("M55 20 C60 26 60 36 66 46 C78 62 74 86 50 87 C64 78 66 60 57 46 C54 38 56 28 55 20 Z", dark)
    return (
        rect(0, 0, 100, 100, PAPER)
        + oval(60, 87, 32, 5, middle)
        + path(shape, LINEN)
        + path(shape, light)
        + shadow
        + line(shape, INK, 2.6)
        + line("M50 18 Q50 10 56 7", INK, 3.4)
    )


def _cup(light: str, middle: str, dark: str) -> str:
    shape = "M24 40 L74 40 C74 70 66 84 49 84 C32 84 24 70 24 40 Z"
    side = path("M58 40 L74 40 C74 70 66 84 49 84 C58 76 60 60 58 40 Z", dark)
    steam = line("M42 30 q-5 -6 0 -12 M56 30 q-5 -6 0 -12", CLAY, 2.4)
    return (
        rect(0, 0, 100, 100, LINEN)
        + oval(52, 86, 36, 4.6, middle)
        + line("M74 48 C92 46 90 70 69 69", INK, 4)
        + path(shape, PAPER)
        + path(shape, light)
        + side
        + line(shape, INK, 2.6)
        + steam
    )


def _leaf(light: str, middle: str, dark: str) -> str:
    shape = "M20 82 C14 40 44 16 84 16 C86 58 62 88 20 82 Z"
    veins = "".join(
        line(f"M{20 + 13 * i} {82 - 13.4 * i} l{a} {b}", INK, 1.8)
        for i, a, b in ((1, 2, -20), (1, 20, 2), (2, 3, -20), (2, 20, 0), (3, 4, -15), (3, 15, 0))
    )
    return (
        rect(0, 0, 100, 100, AMBER)
        + path(shape, PAPER)
        + path(shape, light)
        + path("M20 82 L84 16 C86 58 62 88 20 82 Z", dark)
        + line(shape, INK, 2.6)
        + line("M14 90 L84 16", INK, 2.4)
        + veins
    )


def _lighthouse(light: str, middle: str, dark: str) -> str:
    sky = rect(0, 0, 100, 62, PAPER) + rect(0, 0, 100, 40, light, 'opacity="0.75"')
    sun = disc(26, 26, 12, AMBER) + disc(26, 26, 12, "none", f'stroke="{INK}" stroke-width="1"')
    puff = "M58 20 C58 14 66 13 68 16 C71 10 80 12 80 18 C86 17 88 24 82 25 L62 25 C56 25 55 21 58 20 Z"
    cloud = move(path(puff, PAPER) + line(puff, INK, 1.2), -10, 4, 0.8)
    sea = rect(0, 62, 100, 38, LINEN) + rect(0, 62, 100, 38, middle) + line("M0 62 H100", INK, 1)
    waves = "".join(
        path(f"M{x} {y} q5 -3.4 10 0 q-5 1.6 -10 0 Z", PAPER, f'stroke="{INK}" stroke-width="0.7"')
        for x, y in ((6, 72), (26, 80), (10, 90), (40, 92), (36, 70))
    )
    rock = "M48 100 L52 82 L60 74 L70 77 L82 72 L92 80 L104 82 L104 100 Z"
    tower = "M64 75 L66.5 34 L77.5 34 L80 75 Z"
    bands = path("M65.6 50 L66.2 41 L77.8 41 L78.4 50 Z M64.6 66 L65.1 58 L78.9 58 L79.4 66 Z", AMBER)
    shade = path("M73 34 L77.5 34 L80 75 L74 75 Z", dark)
    top = (
        rect(65, 31, 14, 3.4, INK)
        + rect(68, 23.6, 8, 7.4, GLOW, f'stroke="{INK}" stroke-width="1"')
        + path("M66.4 23.8 L72 17.6 L77.6 23.8 Z", INK)
    )
    birds = "".join(
        line(f"M{x} {y} q2 -2.4 3.6 0 q1.6 -2.4 3.6 0", INK, 0.8) for x, y in ((40, 40), (48, 34), (34, 48))
    )
    return (
        sky
        + sun
        + cloud
        + sea
        + waves
        + path(rock, LINEN)
        + path(rock, dark)
        + line(rock, INK, 1.2)
        + path(tower, PAPER)
        + bands
        + shade
        + line(tower, INK, 1.2)
        + top
        + birds
    )


# dabs


def _dabs(colour: Callable[[float, float], tuple[str, float]], seed: int, rows: int) -> str:
    """Short strokes over the whole picture; `colour(x, y)` gives colour and direction in degrees."""
    rng = np.random.default_rng(seed)
    step = 100 / rows
    found = rect(0, 0, 100, 100, CLAY)
    for scale, share in ((1.5, 1.0), (1.0, 0.8)):
        for row in range(-1, rows + 2):
            for column in range(-1, rows + 2):
                if rng.random() > share:
                    continue
                x, y = (column + rng.uniform(0, 1)) * step, (row + rng.uniform(0, 1)) * step
                fill, angle = colour(min(max(x, 0), 100), min(max(y, 0), 100))
                size = step * scale * rng.uniform(0.8, 1.2)
                found += move(
                    oval(0, 0, size * 0.95, size * 0.42, _tint(fill, rng.normal(0, 0.05))),
                    x,
                    y,
                    1,
                    angle + rng.normal(0, 9),
                )
    return found


def _tint(colour: str, amount: float) -> str:
    goal = 255 if amount > 0 else 0
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(p + (goal - p) * min(abs(amount), 0.3)):02x}" for p in parts)


def _sky(x: float, y: float, sx: float, sy: float) -> tuple[str, float]:
    distance = math.hypot(x - sx, y - sy)
    around = math.degrees(math.atan2(y - sy, x - sx)) + 90
    if distance < 9:
        return GLOW, around
    return (AMBER if distance < 14 else "#e2b57c" if distance < 24 else SAND if distance < 40 else "#ab9a84"), around


def _coast_colour(x: float, y: float) -> tuple[str, float]:
    cliff = 100 if x < 52 else 36 + 56 * math.exp((52 - x) / 9) + 2 * math.sin(x / 3)
    if y > cliff:
        return (CLAY if y < cliff + 5 else UMBER if y < cliff + 14 else "#43372f" if y < cliff + 26 else INK), 60
    if y > 58:
        glitter = abs(x - 30) < 4 + (y - 58) * 0.22
        return (
            GLOW if glitter and int(y * 1.7) % 3 == 0 else EMBER if glitter else UMBER if int(y / 4) % 2 else "#6b5b4d"
        ), 0
    return _sky(x, y, 30, 40)


def _valley_colour(x: float, y: float) -> tuple[str, float]:
    far, near = 48 + 7 * math.sin(x / 13 + 1), 66 + 9 * math.sin(x / 17 + 3.4)
    if y > near:
        road = abs(x - 44 - 14 * math.sin((y - near) / 14)) < 2 + (y - near) * 0.16
        return (GLOW if road else INK if y > near + 16 else UMBER), 20
    if y > far:
        return (CLAY if y < far + 7 else "#75655a"), -14
    return _sky(x, y, 66, 26)


def _tree_colour(x: float, y: float) -> tuple[str, float]:
    if math.hypot((x - 50) / 1.15, y - 38) < 27:
        return (AMBER if x + y < 76 else EMBER), 40
    if abs(x - 50) < 4.5 and 55 < y < 84:
        return INK, 90
    return (UMBER if y > 80 else LINEN), 0


def _vase_colour(x: float, y: float) -> tuple[str, float]:
    for cx, cy in ((36, 28), (54, 20), (66, 36)):
        if math.hypot(x - cx, y - cy) < 10.5:
            return PAPER if math.hypot(x - cx, y - cy) > 4.5 else AMBER, math.degrees(math.atan2(y - cy, x - cx))
    if abs(x - 51) < 9 + 7 * math.sin((y - 52) / 11) and 52 < y < 86:
        return INK, 90
    if abs(x - 51) < 3 and y > 36:
        return UMBER, 90
    return (CLAY if y > 80 else SAND), 10


def _hill_colour(x: float, y: float) -> tuple[str, float]:
    if y > 66 + 8 * math.sin(x / 15):
        return INK, 16
    if y > 48 + 8 * math.sin(x / 12 + 2):
        return UMBER, -14
    return _sky(x, y, 64, 28)

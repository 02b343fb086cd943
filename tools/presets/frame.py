"""What all preset pictures share: palette, prints on a dark table, threads from a person's pictures to what is learned."""

import base64
import re
from collections.abc import Sequence
from io import BytesIO

import numpy as np
from PIL import Image
from resvg_py import svg_to_bytes

WIDTH, HEIGHT = 640, 400
SCALE = 4
"""Drawn this many times larger, then reduced."""
NIGHT, INK, UMBER, CLAY, SAND, LINEN, PAPER = (
    "#191512", "#2a2320", "#5c4e43", "#95836f", "#c9baa3", "#e4d9c7", "#f6f0e5",
)  # fmt: skip
AMBER, GLOW, EMBER = "#f0a048", "#f8cd95", "#bf7429"
SMALL, LARGE, TOP = 100, 332, 34
LEFT, RIGHT = 44, 264


def picture(small: Sequence[str], large: str) -> Image.Image:
    """Three prints of 100 x 100 units at the left, one of 100 x 100 units at the right, threads between them."""
    *small, large = [_own_names(content, i) for i, content in enumerate((*small, large))]
    places = [TOP + i * (LARGE - SMALL) / 2 for i in range(3)]
    tilts = (-2.2, 1.6, -1.2)
    parts = [_table(), _threads([y + SMALL / 2 for y in places])]
    parts += [_print(LEFT, y, SMALL, content, tilt, 5) for y, content, tilt in zip(places, small, tilts, strict=True)]
    parts.append(_print(RIGHT, TOP, LARGE, large, 0, 9))
    return render("".join(parts), WIDTH, HEIGHT)


def render(content: str, width: int, height: int, view: str | None = None, scale: int = SCALE) -> Image.Image:
    """SVG drawn at `scale` and reduced to `width` x `height` pixels."""
    box = view or f"0 0 {width} {height}"
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{box}" '
        f'width="{width * scale}" height="{height * scale}">{content}</svg>'
    )
    image = Image.open(BytesIO(bytes(svg_to_bytes(svg_string=svg)))).convert("RGB")
    return image.resize((width, height), Image.Resampling.LANCZOS)


def pixels(content: str, side: int = 64) -> str:
    """The same 100 x 100 units as the built-in base would have to draw them: `side` pixels wide, not smoothed."""
    return raster(np.asarray(render(content, side, side, "0 0 100 100", 8)))


def raster(array: np.ndarray) -> str:
    """An array of pixels, [height, width, 3], filling 100 x 100 units with hard edges."""
    side = Image.fromarray(array.astype(np.uint8))
    side = side.resize((side.width * 12, side.height * 12), Image.Resampling.NEAREST)
    buffer = BytesIO()
    side.save(buffer, "PNG")
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<image width="100" height="100" preserveAspectRatio="none" xlink:href="data:image/png;base64,{data}"/>'


def rect(x: float, y: float, width: float, height: float, fill: str, more: str = "") -> str:
    """A filled rectangle."""
    return f'<rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}" fill="{fill}" {more}/>'


def disc(x: float, y: float, radius: float, fill: str, more: str = "") -> str:
    """A filled circle."""
    return f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{radius:.2f}" fill="{fill}" {more}/>'


def oval(x: float, y: float, rx: float, ry: float, fill: str, more: str = "") -> str:
    """A filled ellipse."""
    return f'<ellipse cx="{x:.2f}" cy="{y:.2f}" rx="{rx:.2f}" ry="{ry:.2f}" fill="{fill}" {more}/>'


def path(d: str, fill: str, more: str = "") -> str:
    """A filled path."""
    return f'<path d="{d}" fill="{fill}" {more}/>'


def line(d: str, stroke: str, width: float, more: str = "") -> str:
    """A path drawn with a round pen."""
    pen = 'stroke-linecap="round" stroke-linejoin="round"'
    return f'<path d="{d}" fill="none" stroke="{stroke}" stroke-width="{width}" {pen} {more}/>'


def move(content: str, x: float = 0, y: float = 0, scale: float = 1, turn: float = 0) -> str:
    """Content turned and scaled about the origin, then moved."""
    return f'<g transform="translate({x:.2f} {y:.2f}) rotate({turn:.2f}) scale({scale:.3f})">{content}</g>'


def fade(name: str, stops: Sequence[tuple[float, str, float]], direction: str = 'x1="0" y1="0" x2="0" y2="1"') -> str:
    """A linear gradient: (offset, colour, opacity)."""
    inside = "".join(f'<stop offset="{o}" stop-color="{c}" stop-opacity="{a}"/>' for o, c, a in stops)
    return f'<linearGradient id="{name}" {direction}>{inside}</linearGradient>'


def glow(name: str, stops: Sequence[tuple[float, str, float]], place: str = 'cx="0.5" cy="0.5" r="0.5"') -> str:
    """A radial gradient: (offset, colour, opacity)."""
    inside = "".join(f'<stop offset="{o}" stop-color="{c}" stop-opacity="{a}"/>' for o, c, a in stops)
    return f'<radialGradient id="{name}" {place}>{inside}</radialGradient>'


def blur(name: str, amount: float) -> str:
    """A filter that softens."""
    area = 'x="-50%" y="-50%" width="200%" height="200%"'
    return f'<filter id="{name}" {area}><feGaussianBlur stdDeviation="{amount}"/></filter>'


def _own_names(content: str, number: int) -> str:
    """Gradients and the like are named for the whole SVG: give each print its own."""
    return re.sub(r'(\bid="|url\(#)(\w+)', rf"\1\2-{number}", content)


def _table() -> str:
    light = glow("table", [(0, "#2b2420", 1), (1, NIGHT, 1)], 'cx="0.62" cy="0.4" r="0.75"')
    return f"<defs>{light}{blur('drop', 7)}</defs>" + rect(0, 0, WIDTH, HEIGHT, "url(#table)")


def _threads(starts: Sequence[float]) -> str:
    """Three threads from each small print to the edge of the large one, evenly spaced there like a warp."""
    x0, x1, found = LEFT + SMALL + 8, RIGHT, []
    for i, start in enumerate(starts):
        for k in range(3):
            end = TOP + LARGE * (3 * i + k + 1) / 10
            middle = (x0 + x1) / 2
            y = start + (k - 1) * 5
            curve = f"M{x0} {y:.1f} C{middle} {y:.1f} {middle} {end:.1f} {x1} {end:.1f}"
            found.append(line(curve, AMBER, 1.3, f'opacity="{(0.45, 0.95, 0.45)[k]}"'))
            found.append(disc(x0, y, 1.8, AMBER, f'opacity="{(0.45, 0.95, 0.45)[k]}"'))
    return "".join(found)


def _print(x: float, y: float, side: float, content: str, tilt: float, border: float) -> str:
    inner = side - 2 * border
    shadow = rect(2, 6, side - 4, side - 4, "#000", 'opacity="0.55" filter="url(#drop)"')
    paper = rect(0, 0, side, side, PAPER, 'rx="2"')
    drawn = f'<svg x="{border}" y="{border}" width="{inner}" height="{inner}" viewBox="0 0 100 100">{content}</svg>'
    middle = side / 2
    return (
        f'<g transform="translate({x} {y}) rotate({tilt} {middle} {middle})">{shadow}{paper}{drawn}'
        + rect(border, border, inner, inner, "none", 'stroke="#000" stroke-opacity="0.18" stroke-width="0.8"')
        + "</g>"
    )

"""Preset pictures with somebody in them: avatars, two characters seen from three sides, a mascot."""

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
    fade,
    glow,
    line,
    move,
    oval,
    path,
    picture,
    pixels,
    rect,
)  # fmt: skip
from PIL import Image

SKIN, SHADE = "#f3dcc3", "#dcb896"
FACE = "M32 44 C31 60 39 71 50 77 C61 71 69 60 68 44 C68 30 60 23 50 23 C40 23 32 30 32 44 Z"
BANGS = (
    "M28 52 C24 26 37 11 51 11 C66 11 77 26 72 52 C71 46 69 41 66 36 C66 42 63 46 59 48 C60 43 60 39 58 35 "
    "C54 42 47 46 40 47 C43 43 44 40 43 36 C38 40 33 45 31 53 C30 55 28 54 28 52 Z"
)
SWEPT = (
    "M28 54 C23 28 35 11 52 11 C67 11 77 25 73 54 C72 46 71 41 69 36 C60 41 48 38 42 32 C41 40 35 46 31 54 "
    "C30 56 28 56 28 54 Z"
)


def anime_avatar() -> Image.Image:
    """One girl in three moods, and another whom the same hand might draw."""
    small = [
        _head(UMBER, SAND, BANGS, "open", "long", LINEN),
        _head(INK, CLAY, SWEPT, "smile", "short", SAND),
        _head(CLAY, LINEN, BANGS, "wink", "tails", UMBER),
    ]
    return picture(
        [_closer(head) for head in small], _head(INK, GLOW, BANGS, "open", "long", AMBER, clip=True, sun=True)
    )


def anime_avatar_large() -> Image.Image:
    """The same hand, by night."""
    small = [
        _head(SAND, UMBER, SWEPT, "open", "short", LINEN),
        _head(INK, SAND, BANGS, "smile", "tails", CLAY),
        _head(UMBER, LINEN, SWEPT, "wink", "long", INK),
    ]
    return picture([_closer(head) for head in small], _head(SAND, INK, SWEPT, "open", "hood", AMBER, sun=True))


def character() -> Image.Image:
    """A fox with a scarf: front, side and back, then on a hill by moonlight."""
    plain = rect(-20, -20, 140, 140, LINEN) + oval(50, 90, 24, 3, SAND)
    small = [move(plain + _fox(side), -8, -7, 1.16) for side in range(3)]
    return picture(small, _hill())


def character_large() -> Image.Image:
    """An explorer: front, side and back, then somewhere else."""
    plain = rect(-20, -20, 140, 140, SAND) + oval(50, 91, 24, 3, CLAY)
    small = [move(plain + _explorer(side), -8, -7, 1.16) for side in range(3)]
    return picture(small, _elsewhere())


def mascot() -> Image.Image:
    """A thimble with a face, as small as the built-in base draws."""
    small = [pixels(rect(0, 0, 100, 100, back) + _thimble(look)) for back, look in ((LINEN, 0), (SAND, 1), (UMBER, 2))]
    rays = "".join(
        move(path("M-5 -90 L5 -90 L1 0 L-1 0 Z", GLOW, 'opacity="0.35"'), 50, 56, 1, a) for a in range(0, 360, 24)
    )
    return picture(small, pixels(rect(0, 0, 100, 100, AMBER) + rays + _thimble(3)))


def _head(
    hair: str, back: str, bangs: str, mood: str, cut: str, wear: str, clip: bool = False, sun: bool = False
) -> str:
    dark = {INK: NIGHT, UMBER: INK, CLAY: UMBER, SAND: CLAY}[hair]
    light = {INK: UMBER, UMBER: CLAY, CLAY: SAND, SAND: LINEN}[hair]
    halo = disc(70, 34, 27, AMBER if back == INK else PAPER, 'opacity="0.9"') if sun else ""
    under = path("M26 40 C23 54 25 64 31 70 L69 70 C75 64 77 54 74 40 C72 18 28 18 26 40 Z", dark)
    behind = {
        "long": path("M25 40 C18 70 20 88 14 104 L86 104 C80 88 82 70 75 40 C72 18 28 18 25 40 Z", dark),
        "short": under,
        "tails": path("M27 40 C25 52 27 62 32 68 L68 68 C73 62 75 52 73 40 C70 18 30 18 27 40 Z", dark)
        + path("M27 36 C8 34 4 60 12 82 C17 74 25 66 27 52 Z M73 36 C92 34 96 60 88 82 C83 74 75 66 73 52 Z", hair),
        "hood": path(
            "M18 60 C12 26 32 3 50 3 C68 3 88 26 82 60 C86 76 84 90 90 104 L10 104 C16 90 14 76 18 60 Z", UMBER
        )
        + path("M25 58 C20 30 36 12 50 12 C64 12 80 30 75 58 C74 72 66 80 50 84 C34 80 26 72 25 58 Z", NIGHT)
        + under,
    }[cut]
    neck = path("M43 68 L57 68 L58 86 L42 86 Z", SHADE)
    body = path("M12 104 C15 88 32 85 42 82 C46 90 54 90 58 82 C68 85 85 88 88 104 Z", wear)
    collar = path(
        "M42 82 C44 93 50 96 50 98 C50 96 56 93 58 82 L64 84 C61 96 54 100 50 104 C46 100 39 96 36 84 Z", PAPER
    )
    face = f'<clipPath id="face"><path d="{FACE}"/></clipPath>' + path(FACE, SKIN)
    dim = move(path(bangs, SHADE), 1.5, 4.5) + path("M60 80 C69 68 70 54 68 44 L74 44 L74 80 Z", SHADE)
    shade = f'<g clip-path="url(#face)">{dim}</g>'
    shine = line("M37 24 C42 19 50 18 57 20", light, 2.4, 'opacity="0.9"') + line(
        "M61 22.5 L62.5 23.5", light, 2.4, 'opacity="0.9"'
    )
    locks = (
        path("M31 50 C27 64 32 78 27 94 C35 90 38 74 34.5 55 Z M69 50 C73 64 68 78 73 94 C65 90 62 74 65.5 55 Z", hair)
        if cut == "hood"
        else ""
    )
    pin = (line("M63 30 L70 34", AMBER, 2.6) + line("M62.4 34 L69 38.4", AMBER, 2.6)) if clip else ""
    cheeks = oval(38, 62, 3.6, 1.8, EMBER, 'opacity="0.28"') + oval(62, 62, 3.6, 1.8, EMBER, 'opacity="0.28"')
    inside = (
        behind + neck + body + collar + face + shade + cheeks + _eyes(mood) + locks + path(bangs, hair) + shine + pin
    )
    return rect(0, 0, 100, 100, back) + halo + f'<g transform="translate(0 3)">{inside}</g>'


def _closer(content: str) -> str:
    return move(content, -14, -12, 1.28)


def _eyes(mood: str) -> str:
    found = line("M37 43.5 Q41 41 45 43", INK, 1) + line("M55 43 Q59 41 63 43.5", INK, 1)
    for x in (41.5, 58.5):
        shut = mood == "smile" or (mood == "wink" and x > 50)
        if shut:
            found += line(f"M{x - 4.4} 55 Q{x} 49.5 {x + 4.4} 55", INK, 1.7)
            continue
        found += path(f"M{x - 5} 54 Q{x} 46 {x + 5} 54 Q{x + 4} 61 {x} 61 Q{x - 4} 61 {x - 5} 54 Z", PAPER)
        found += oval(x, 55, 3.5, 5.4, INK) + oval(x, 57.6, 2.7, 2.6, EMBER) + oval(x, 58.6, 1.7, 1.3, AMBER)
        found += disc(x - 1.2, 52.8, 1.35, PAPER) + disc(x + 1.4, 57.6, 0.6, PAPER)
        found += line(f"M{x - 5.2} 54.4 Q{x - 1} 46.4 {x + 5.2} 53.6", INK, 1.8)
    mouth = {
        "open": line("M47.5 68.4 Q50 70 52.5 68.4", EMBER, 1.1),
        "smile": path("M46.5 67 Q50 69 53.5 67 Q52.5 72 50 72 Q47.5 72 46.5 67 Z", EMBER),
        "wink": line("M47 67.6 Q50 71 53.4 67", EMBER, 1.2),
    }[mood]
    return found + mouth


def _fox(side: int) -> str:
    """0 front, 1 from the side, 2 from behind; feet at y = 90."""
    coat, fur, tip = UMBER, CLAY, PAPER
    legs = rect(42, 76, 6, 14, INK, 'rx="2"') + rect(52, 76, 6, 14, INK, 'rx="2"')
    body = path("M38 48 C36 60 32 70 30 80 C42 84 58 84 70 80 C68 70 64 60 62 48 Z", coat)
    ears = path("M33 30 L32 8 L47 20 Z M67 30 L68 8 L53 20 Z", fur)
    head = path("M30 32 C28 20 40 15 50 15 C60 15 72 20 70 32 C69 42 58 50 50 50 C42 50 31 42 30 32 Z", fur)
    scarf = path("M36 46 C42 52 58 52 64 46 L66 53 C58 60 42 60 34 53 Z", AMBER)
    tail = path("M64 78 C82 80 90 66 82 52 C80 64 74 68 64 70 Z", fur) + path(
        "M82 52 C87 60 86 68 82 73 C80 68 79 64 79 60 Z", tip
    )
    if side == 0:
        mask = path("M31 36 C38 36 44 40 50 46 C56 40 62 36 69 36 C67 44 57 50 50 50 C43 50 33 44 31 36 Z", tip)
        inner = path("M35.5 24 L35 14 L42 20 Z M64.5 24 L65 14 L58 20 Z", INK)
        eyes = oval(41.5, 33, 1.9, 2.6, NIGHT) + oval(58.5, 33, 1.9, 2.6, NIGHT)
        nose = oval(50, 44.5, 2.2, 1.6, NIGHT)
        return (
            tail
            + legs
            + body
            + ears
            + head
            + inner
            + mask
            + eyes
            + nose
            + scarf
            + path("M58 54 L66 54 L65 72 L58 70 Z", EMBER)
        )
    if side == 1:
        head = path(
            "M36 32 C34 18 46 14 54 15 C64 16 68 26 68 34 C66 46 54 50 46 48 C38 48 26 45 22 41 C27 39 34 38 36 32 Z",
            fur,
        )
        cheek = path("M22 41 C30 38 36 40 42 40 C46 45 44 48 46 48 C38 48 26 45 22 41 Z", tip)
        ears = path("M46 20 L48 4 L60 20 Z", fur) + path("M50 19 L50.4 10 L56 19 Z", INK)
        tail = path("M62 76 C84 82 94 66 88 50 C84 62 76 66 62 66 Z", fur) + path(
            "M88 50 C92 60 90 70 86 74 C83 68 84 62 85 57 Z", tip
        )
        end = path("M60 50 L78 56 L74 63 L60 57 Z", EMBER)
        return (
            tail
            + legs
            + body
            + end
            + ears
            + head
            + cheek
            + oval(44, 31, 1.8, 2.6, NIGHT)
            + oval(22.6, 41, 1.9, 1.5, NIGHT)
            + scarf
        )
    tail = path("M44 78 C34 92 62 98 74 84 C82 74 78 62 70 58 C74 70 66 74 56 74 Z", fur) + path(
        "M70 58 C79 63 82 74 75 82 C72 76 75 70 70 58 Z", tip
    )
    return (
        legs
        + body
        + line("M50 58 L50 76", INK, 1)
        + ears
        + head
        + scarf
        + path("M42 54 L36 54 L35 72 L42 70 Z", EMBER)
        + tail
    )


def _hill() -> str:
    sky = f"<defs>{fade('sky', [(0, '#1c1815', 1), (1, '#57483b', 1)])}{glow('moon', [(0, GLOW, 0.9), (1, GLOW, 0)])}</defs>"
    stars = "".join(disc(x, y, r, PAPER, f'opacity="{a}"') for x, y, r, a in (
        (12, 14, 0.6, 0.9), (25, 30, 0.4, 0.6), (37, 10, 0.5, 0.8), (46, 24, 0.35, 0.5), (8, 40, 0.4, 0.5),
        (92, 50, 0.5, 0.6), (58, 7, 0.4, 0.7), (90, 10, 0.5, 0.8), (18, 52, 0.35, 0.4), (30, 46, 0.3, 0.5),
    ))  # fmt: skip
    moon = disc(74, 28, 24, "url(#moon)") + disc(74, 28, 12.5, GLOW)
    far = path("M0 72 C16 58 26 66 40 60 C56 52 70 66 100 54 L100 100 L0 100 Z", "#453a31")
    near = path("M0 92 C24 72 52 72 100 90 L100 100 L0 100 Z", NIGHT)
    grass = "".join(
        line(f"M{x} {y} l{d} -4", NIGHT, 0.7)
        for x, y, d in ((20, 82, 1), (23, 81, -1), (66, 80, 1), (69, 81, 2), (80, 85, -1))
    )
    return sky + rect(0, 0, 100, 100, "url(#sky)") + stars + moon + far + near + grass + move(_fox(0), 13, 25, 0.6)


def _explorer(side: int) -> str:
    """0 front, 1 from the side, 2 from behind; feet at y = 90."""
    suit, dark = PAPER, LINEN
    legs = (
        rect(39, 68, 9, 21, suit, 'rx="4"')
        + rect(52, 68, 9, 21, dark, 'rx="4"')
        + rect(37.5, 84, 11.5, 6, UMBER, 'rx="3"')
        + rect(51, 84, 11.5, 6, UMBER, 'rx="3"')
    )
    arms = rect(27, 48, 9, 24, suit, 'rx="4.5" transform="rotate(8 31 48)"') + rect(
        64, 48, 9, 24, dark, 'rx="4.5" transform="rotate(-8 69 48)"'
    )
    body = rect(35, 44, 30, 30, suit, 'rx="9"') + path(
        "M53 44 L56 44 C61 44 65 48 65 53 L65 65 C65 70 61 74 56 74 L53 74 Z", dark
    )
    belt = rect(35, 62, 30, 4, AMBER)
    helmet = disc(50, 29, 20, suit) + path("M50 9 A20 20 0 0 1 50 49 C58 44 60 14 50 9 Z", dark)
    if side == 0:
        visor = rect(36, 19, 28, 20, INK, 'rx="10"') + path(
            "M40 25 C41 22 43 21 46 21", "none", f'stroke="{SAND}" stroke-width="1.6" stroke-linecap="round"'
        )
        badge = disc(43, 54, 2.6, AMBER)
        return legs + arms + body + belt + badge + helmet + visor
    if side == 1:
        pack = rect(58, 42, 15, 26, UMBER, 'rx="4"') + rect(61, 47, 9, 3, CLAY)
        arm = rect(44, 48, 10, 24, dark, 'rx="5" transform="rotate(6 49 48)"')
        visor = path("M31.5 22 L44 19 C48 24 48 34 44 39 L31.5 36 C29.5 31 29.5 27 31.5 22 Z", INK)
        return pack + legs + rect(38, 44, 24, 30, suit, 'rx="9"') + rect(38, 62, 24, 4, AMBER) + arm + helmet + visor
    pack = (
        rect(35, 42, 30, 28, UMBER, 'rx="5"')
        + rect(40, 48, 20, 3.4, CLAY, 'rx="1"')
        + rect(40, 55, 20, 3.4, CLAY, 'rx="1"')
        + disc(50, 64, 2.6, AMBER)
    )
    return legs + arms + body + helmet + pack


def _elsewhere() -> str:
    sky = f"<defs>{fade('dusk', [(0, '#211c18', 1), (1, '#6d5947', 1)])}{fade('ball', [(0, GLOW, 1), (1, EMBER, 1)])}</defs>"
    ring = "M-27 0 A27 5.6 0 0 {0} 27 0 A27 3.8 0 0 {1} -27 0 Z"
    back, front = (move(path(ring.format(*way), PAPER), 71, 28, 1, -18) for way in ((1, 0), (0, 1)))
    planet = back + disc(71, 28, 17, "url(#ball)") + front
    stars = "".join(
        disc(x, y, 0.5, PAPER, 'opacity="0.7"')
        for x, y in ((10, 12), (24, 22), (38, 9), (15, 40), (92, 62), (46, 28), (30, 55), (94, 8))
    )
    ridge = path("M0 70 L14 62 L24 66 L38 56 L52 66 L66 60 L82 68 L100 58 L100 100 L0 100 Z", "#4a3d33")
    ground = path("M0 84 C30 76 70 78 100 86 L100 100 L0 100 Z", INK)
    stones = oval(82, 91, 7, 2.4, UMBER) + oval(14, 93, 5, 1.8, UMBER)
    steps = "".join(oval(46 + 7 * i, 93 + (i % 2) * 2.4, 1.8, 0.8, NIGHT) for i in range(1, 5))
    return (
        sky
        + rect(0, 0, 100, 100, "url(#dusk)")
        + stars
        + planet
        + ridge
        + ground
        + stones
        + steps
        + move(_explorer(0), 5, 36, 0.6)
    )


def _thimble(look: int) -> str:
    feet = oval(41, 87, 7, 4, INK) + oval(59, 87, 7, 4, INK)
    arms = (
        line("M25 60 Q16 58 14 48", INK, 5) + line("M75 60 Q84 58 86 48", INK, 5)
        if look in (1, 3)
        else line("M25 58 Q16 62 18 72", INK, 5) + line("M75 58 Q84 62 82 72", INK, 5)
    )
    cup = path("M30 36 C30 12 70 12 70 36 L78 80 C70 88 30 88 22 80 Z", PAPER) + path(
        "M56 19 C66 22 70 28 70 36 L78 80 C74 84 66 86 58 86.5 Z", SAND
    )
    rim = path("M21 74 C36 81 64 81 79 74 L80 81 C64 90 36 90 20 81 Z", EMBER if look == 3 else CLAY)
    dots = "".join(disc(x, y, 1.9, CLAY) for y, row in ((27, (42, 50, 58)), (34, (38, 46, 54, 62))) for x in row)
    eyes = (
        (disc(40, 52, 4, INK) + disc(60, 52, 4, INK) + disc(38.8, 50.6, 1.3, PAPER) + disc(58.8, 50.6, 1.3, PAPER))
        if look != 2
        else line("M36 53 Q40 48 44 53", INK, 2.6) + line("M56 53 Q60 48 64 53", INK, 2.6)
    )
    mouth = (
        path("M44 60 Q50 63 56 60 Q55 69 50 69 Q45 69 44 60 Z", INK)
        if look in (1, 3)
        else line("M45 61 Q50 65 55 61", INK, 2.4)
    )
    return feet + arms + cup + dots + rim + eyes + mouth

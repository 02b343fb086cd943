"""What the small CLIP knows: emoji without flags, signs, letters and variants, with their names, keywords and categories."""

import json
import re
import sys
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "thimble"))

from concepts import NAMES

VARIATION_SELECTOR = "\ufe0f"
JOINER = "\u200d"
CATEGORIES: dict[str, tuple[str, ...]] = {
    "face": ("face-", "cat-face", "monkey-face"),
    "person": ("person", "hand", "body-parts"),
    "animal": ("animal-",),
    "plant": ("plant-",),
    "food": ("food-", "drink", "dishware"),
    "vehicle": ("transport-ground", "transport-water", "transport-air"),
    "place": ("place-", "hotel"),
    "sky": ("sky & weather",),
    "clothing": ("clothing",),
    "symbol": ("heart", "geometric", "emotion"),
    "object": (
        *("sport", "game", "event", "arts & crafts", "award-medal", "tool", "household", "office", "book-paper"),
        *("light & video", "computer", "mail", "musical-instrument", "money", "sound", "music", "other-object"),
        *("medical", "writing", "science", "phone", "lock"),
    ),
}
"""Category by the subcategories of emoji-datasource that begin so; emoji of no category are left out."""
KINDS: dict[str, str] = {
    "animal-mammal": "mammal",
    "animal-bird": "bird",
    "animal-marine": "sea animal",
    "animal-bug": "bug",
    "animal-reptile": "reptile",
    "plant-flower": "flower",
    "food-fruit": "fruit",
    "food-vegetable": "vegetable",
    "food-prepared": "meal",
    "food-asian": "meal",
    "food-sweet": "dessert",
    "drink": "drink",
    "place-building": "building",
    "place-religious": "building",
    "musical-instrument": "musical instrument",
    "tool": "tool",
    "heart": "heart",
    "sport": "sport",
    "book-paper": "paper",
    "face-smiling": "smiling face",
    "face-affection": "smiling face",
    "face-concerned": "sad face",
    "face-unwell": "sick face",
    "cat-face": "cat",
    "transport-water": "ship",
    "transport-air": "aircraft",
    "hand-fingers-open": "hand",
    "hand-fingers-partial": "hand",
    "hand-single-finger": "hand",
    "hand-fingers-closed": "hand",
    "hands": "hand",
}
"""A word between name and category, by subcategory."""
COMMON = 45
"""A keyword that more emoji have than this says little."""


@dataclass(frozen=True)
class Subject:
    """One emoji: what it is called, by whom, and what it belongs to."""

    emoji: str
    name: str
    """Of unicode-emoji-json, lower case, plain ASCII."""
    short: str | None
    """What captions of the demo data set call it, where that differs."""
    category: str
    kind: str | None
    keywords: tuple[str, ...]
    old_name: str
    """As Unicode calls it in capitals; some sets name their files so."""

    @cached_property
    def names(self) -> list[str]:
        """The name, and the short one."""
        return [self.name, *([self.short] if self.short else [])]

    @cached_property
    def codes(self) -> list[str]:
        """File stems to try, with and without variation selectors."""
        full = "-".join(f"{ord(c):04x}" for c in self.emoji)
        bare = "-".join(f"{ord(c):04x}" for c in self.emoji if c != VARIATION_SELECTOR)
        return [full, bare, f"{bare}-fe0f"]


def plain(text: str) -> str:
    """Lower case, no accents, words parted by single spaces."""
    text = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    return " ".join(re.sub(r"[^a-z0-9]+", " ", text).split())


def subjects(npm: Path) -> list[Subject]:
    """Every subject, in Unicode's order."""
    names = json.loads((npm / "unicode-emoji-json/data-by-emoji.json").read_text("utf-8"))
    keywords = json.loads((npm / "emojilib/dist/emoji-en-US.json").read_text("utf-8"))
    rows = json.loads((npm / "emoji-datasource-google/emoji.json").read_text("utf-8"))
    known = {_bare("".join(chr(int(code, 16)) for code in row["unified"].split("-"))): row for row in rows}
    found = []
    for emoji, row in names.items():
        more = known.get(_bare(emoji))
        if more is None or JOINER in emoji or row["group"] == "Flags":
            continue
        sub = more["subcategory"]
        category = next((c for c, begins in CATEGORIES.items() if sub.startswith(begins)), None)
        if category is None:
            continue
        name = plain(row["name"])
        short = plain(NAMES[emoji]) if emoji in NAMES else None
        words = dict.fromkeys(plain(word) for word in keywords.get(emoji, []))
        found.append(
            Subject(
                emoji,
                name,
                None if short == name else short,
                category,
                KINDS.get(sub),
                tuple(w for w in words if w and w != name and w != short),
                (more["name"] or row["name"]).lower(),
            )
        )
    return found


def truths(known: list[Subject]) -> dict[str, list[int]]:
    """Every phrase that captions use, and the subjects it is true of."""
    out: dict[str, list[int]] = {}
    for i, subject in enumerate(known):
        for phrase in {*subject.names, *subject.keywords, subject.category, subject.kind or subject.category}:
            out.setdefault(phrase, []).append(i)
    sure = {s.category for s in known} | {s.kind for s in known} | {n for s in known for n in s.names}
    return {phrase: rows for phrase, rows in out.items() if phrase in sure or len(rows) <= COMMON}


def _bare(emoji: str) -> str:
    return emoji.replace(VARIATION_SELECTOR, "")

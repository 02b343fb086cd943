"""Stored captions into the text of one step: trigger, prefix and suffix, tag dropout, shuffle, caption dropout."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from loraloom.spec.caption import CaptionRules

if TYPE_CHECKING:
    import numpy as np

PLACEHOLDER = "[trigger]"
MAX_POSSIBLE = 64
"""More texts than this for one picture are not worth caching one by one."""


def render(captions: tuple[str, ...], rules: CaptionRules, rng: np.random.Generator | None) -> str:
    """The text that the model sees. With `rng` None nothing is drawn: first alternative, no dropout, no shuffle.

    `captions` are the alternatives as stored; without `wildcard_lines` the first one counts.
    """
    texts = alternatives(captions, rules)
    if rng is None:
        return texts[0]
    text = texts[int(rng.integers(len(texts)))]
    if _tags_vary(text, rules):
        text = _draw_tags(text, rules, rng)
    if rules.caption_dropout > 0 and rng.random() < rules.caption_dropout:
        return ""
    return text


def alternatives(captions: tuple[str, ...], rules: CaptionRules) -> list[str]:
    """The texts one is drawn from, with trigger, prefix and suffix in place; at least one, each once, in order."""
    chosen = captions if rules.wildcard_lines else captions[:1]
    return list(dict.fromkeys(_dress(caption, rules) for caption in chosen or ("",)))


def possible(captions: tuple[str, ...], rules: CaptionRules) -> tuple[str, ...] | None:
    """Every text `render` can give for this picture, the plain one first; None when they are too many to cache."""
    texts = alternatives(captions, rules)
    if rules.caption_dropout >= 1:
        return tuple(dict.fromkeys((texts[0], "")))
    if any(_tags_vary(text, rules) for text in texts) or len(texts) >= MAX_POSSIBLE:
        return None
    if rules.caption_dropout > 0:
        texts = [*texts, ""]
    return tuple(dict.fromkeys(texts))


def is_static(rules: CaptionRules, captions: tuple[str, ...]) -> bool:
    """Whether the text is the same at every step, so that its embedding is computed once."""
    texts = possible(captions, rules)
    return texts is not None and len(texts) == 1


def with_trigger(text: str, rules: CaptionRules) -> str:
    """`text` with the trigger word where `[trigger]` stands; without a trigger word no hole is left."""
    if PLACEHOLDER not in text:
        return text
    return text.replace(PLACEHOLDER, rules.trigger) if rules.trigger else _tidy(text.replace(PLACEHOLDER, ""), rules)


def _dress(caption: str, rules: CaptionRules) -> str:
    """Trigger, then prefix, then the caption, then suffix; the trigger goes in front only where it is missing."""
    held = PLACEHOLDER in caption or PLACEHOLDER in rules.prefix or PLACEHOLDER in rules.suffix
    text = " ".join(part for part in (rules.prefix.strip(), caption.strip(), rules.suffix.strip()) if part)
    if held:
        return with_trigger(text, rules)
    if not rules.trigger or _mentions(text, rules.trigger):
        return text
    return _join([rules.trigger, text], rules) if text else rules.trigger


def _mentions(text: str, trigger: str) -> bool:
    """Whether the trigger stands in `text` as a word of its own ("sks" does not stand in "asks")."""
    before = r"(?<![A-Za-z0-9_])" if re.match(r"[A-Za-z0-9_]", trigger) else ""
    after = r"(?![A-Za-z0-9_])" if re.search(r"[A-Za-z0-9_]$", trigger) else ""
    return re.search(before + re.escape(trigger) + after, text, re.IGNORECASE) is not None


def _tidy(text: str, rules: CaptionRules) -> str:
    """Without the holes that an empty trigger leaves: doubled blanks, empty tags."""
    if rules.separator in text:
        return _join([" ".join(tag.split()) for tag in _tags(text, rules)], rules)
    return " ".join(text.split())


def _tags(text: str, rules: CaptionRules) -> list[str]:
    return [tag for tag in (part.strip() for part in text.split(rules.separator)) if tag]


def _join(tags: list[str], rules: CaptionRules) -> str:
    separator = rules.separator if rules.separator[-1].isspace() else rules.separator + " "
    return separator.join(tags)


def _droppable(tags: list[str], rules: CaptionRules) -> list[bool]:
    """Which tags dropout may take: not the kept ones, and never the trigger."""
    trigger = rules.trigger
    return [i >= rules.keep_tokens and not (trigger and _mentions(tag, trigger)) for i, tag in enumerate(tags)]


def _tags_vary(text: str, rules: CaptionRules) -> bool:
    if not rules.shuffle and rules.tag_dropout == 0:
        return False
    tags = _tags(text, rules)
    shuffles = rules.shuffle and len(set(tags[rules.keep_tokens :])) > 1
    return shuffles or (rules.tag_dropout > 0 and any(_droppable(tags, rules)))


def _draw_tags(text: str, rules: CaptionRules, rng: np.random.Generator) -> str:
    tags = _tags(text, rules)
    kept, free = tags[: rules.keep_tokens], tags[rules.keep_tokens :]
    if rules.tag_dropout > 0:
        may_go = _droppable(tags, rules)[rules.keep_tokens :]
        drawn = rng.random(len(free)) < rules.tag_dropout
        free = [tag for tag, gone, may in zip(free, drawn, may_go, strict=True) if not (gone and may)]
    if rules.shuffle:
        free = [free[int(i)] for i in rng.permutation(len(free))]
    return _join(kept + free, rules)

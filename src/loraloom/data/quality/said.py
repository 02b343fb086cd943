"""Findings about the captions: missing, equal, too long, without the trigger word, with a tag that says nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from loraloom.data.captions import PLACEHOLDER, alternatives
from loraloom.data.edits import same, tags_of
from loraloom.data.quality.report import Finding, Looked
from loraloom.data.quality.weigh import finding
from loraloom.spec.caption import CaptionRules

Count = Callable[[str], int]
"""Tokens of a text."""

_FULL_WIDTH = re.compile("[，、]")
_FEW = 5
"""Captions below which a tag in all of them says nothing."""


def said(images: Sequence[Looked], trigger: str, limit: int | None, tokens: Count | None) -> Iterator[Finding]:
    """What the captions of `images` show. `limit` is how many of `tokens` the text encoder reads."""
    total = len(images)
    captioned = [(image.id, caption) for image in images if (caption := (image.caption or "").strip())]
    if len(captioned) < total:
        held = {name for name, _ in captioned}
        yield finding("no_caption", [image.id for image in images if image.id not in held], total, {})
    yield from _equal(captioned, total)
    if limit is not None and tokens is not None:
        yield from _long(captioned, trigger, limit, tokens, total)
    if trigger:
        without = [name for name, caption in captioned if _lacks(caption, trigger)]
        if without:
            yield finding("trigger_missing", without, total, {"trigger": trigger})
    yield from _everywhere(captioned, trigger, total)
    wide = [name for name, caption in captioned if _FULL_WIDTH.search(caption)]
    if wide:
        yield finding("full_width_commas", wide, total, {})


def _equal(captioned: Sequence[tuple[str, str]], total: int) -> Iterator[Finding]:
    """Captions that at least three pictures share, and a tenth of the set."""
    groups: dict[str, list[str]] = {}
    for name, caption in captioned:
        groups.setdefault(same(caption), []).append(name)
    shared = sorted((group for group in groups.values() if len(group) >= max(3, total / 10)), key=len, reverse=True)
    if shared:
        ids = [name for group in shared for name in group]
        caption = next(caption for name, caption in captioned if name == shared[0][0])
        shown = caption if len(caption) <= 60 else caption[:59] + "…"
        yield finding("same_caption", ids, total, {"most": len(shared[0]), "caption": shown}, shared)


def _long(
    captioned: Sequence[tuple[str, str]], trigger: str, limit: int, tokens: Count, total: int
) -> Iterator[Finding]:
    """Counted as the model will see them, with the trigger word in front where it is missing."""
    rules = CaptionRules(trigger=trigger, wildcard_lines=True)
    most: dict[str, int] = {}
    for name, caption in captioned:
        texts = alternatives(tuple(caption.splitlines()), rules)
        # A token is a byte at least: most captions need no counting.
        most[name] = max((tokens(text) for text in texts if len(text.encode()) > limit), default=0)
    over = [name for name, count in most.items() if count > limit]
    if over:
        cut = max(most[name] for name in over) - limit
        yield finding("long_caption", over, total, {"limit": limit, "cut": cut})


def _lacks(caption: str, trigger: str) -> bool:
    """Whether the trainer would put the trigger word in front of one of the caption's lines."""
    lines = tuple(line for line in caption.splitlines() if PLACEHOLDER not in line)
    plain = CaptionRules(wildcard_lines=True)
    return bool(lines) and alternatives(lines, plain.model_copy(update={"trigger": trigger})) != alternatives(
        lines, plain
    )


def _everywhere(captioned: Sequence[tuple[str, str]], trigger: str, total: int) -> Iterator[Finding]:
    if len(captioned) < _FEW:
        return
    written: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for _, caption in captioned:
        tags = {same(tag): tag for line in caption.splitlines() for tag in tags_of(line)}
        counts.update(tags.keys())
        written |= tags
    always = [tag for tag, count in counts.items() if count == len(captioned) and tag != same(trigger)]
    if always and len(counts) > len(always):  # captions that are all equal are another finding
        names = ", ".join(written[tag] for tag in sorted(always))
        yield finding("tag_in_all", [name for name, _ in captioned], total, {"tags": names})

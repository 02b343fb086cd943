"""How a stored caption becomes the text that the model sees at one step."""

from __future__ import annotations

from loraloom.spec.knob import Group, knob


class CaptionRules(Group):
    """Rules applied to each caption, in this order: trigger, prefix and suffix, tag dropout, shuffle, caption dropout."""

    trigger: str = knob(
        "", "Word that calls the LoRA; it replaces `[trigger]` in captions and is put in front of those that lack it."
    )
    prefix: str = knob("", "Text put before every caption (after the trigger word).")
    suffix: str = knob("", "Text put after every caption.")
    separator: str = knob(",", "What separates tags when they are shuffled or dropped.", min_length=1)
    shuffle: bool = knob(
        False, "Shuffle tags at every step: the model leans less on their order; needs comma-separated tags."
    )
    keep_tokens: int = knob(0, "The first tags stay in place when shuffling and are never dropped.", "tags", ge=0)
    tag_dropout: float = knob(
        0.0, "Chance to leave out each tag at a step: more robust prompts, weaker single tags.", "0 to 1", ge=0, le=1
    )
    caption_dropout: float = knob(
        0.0,
        "Chance to train a picture without its caption: strengthens guidance, weakens the trigger.",
        "0 to 1",
        ge=0,
        le=1,
    )
    wildcard_lines: bool = knob(
        False, "Every line of a caption file is an alternative, one is drawn at each step; else the first line counts."
    )

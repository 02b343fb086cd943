"""Advice about pictures and captions: too small, far from what the base was made for, cut, without a word, unwatched."""

from __future__ import annotations

import math
from collections.abc import Callable

from loraloom.data.captions import PLACEHOLDER, alternatives
from loraloom.forecast.ladder import STEP
from loraloom.forecast.usual import own_resolution
from loraloom.models.shape import Shape
from loraloom.spec.dataset import Image, Plan
from loraloom.spec.forecast import Advice
from loraloom.spec.run import ImageRun

ROOM = 75
"""Tokens of a caption that CLIP's text encoders read: 77 without start and end."""
GROWN = 1.1
"""Enlarging by less than this shows no blur."""
SMALL_SHARE = 0.25
"""Share of pictures that are enlarged from which on the LoRA learns their blur."""
FAR = 1.6
"""Times the base's own resolution. SD 1.5 is trained at 768 (1.5 times) and SDXL at 768 (0.75) with good results; SD 1.5 at
1,024 doubles subjects, SDXL at 512 falls apart."""
PROMPTS = 2
LONGEST_PROMPT = 200


def cut_captions(plan: Plan, run: ImageRun, tokens: Callable[[str], int], room: int = ROOM) -> int:
    """Pictures with a caption, as it is trained on, of more than `room` tokens. About 0.3 ms for each long one."""
    texts = {image.captions: alternatives(image.captions, run.caption) for image in plan.images}
    long = {
        captions: any(len(text.encode()) > room and tokens(text) > room for text in some)  # a token is a byte at least
        for captions, some in texts.items()
    }
    return sum(long[image.captions] for image in plan.images)


def captions_cut(plan: Plan, cut: int, room: int) -> Advice | None:
    """`captions_cut`: the end of captions is not read."""
    if not cut:
        return None
    return Advice(
        code="captions_cut",
        message=f"{cut} of {len(plan.images)} pictures have captions longer than {room} tokens: the rest is not read.",
        hint="Put what matters first, or shorten them.",
        values={"cut": cut, "pictures": len(plan.images), "room": room},
    )


def pictures_small(run: ImageRun, plan: Plan, shape: Shape) -> Advice | None:
    """`pictures_small`: the resolution is above what many pictures have."""
    growth = sorted(_growth(image, plan.sizes[image.name]) for image in plan.images)
    small = sum(factor > GROWN for factor in growth)
    if small < SMALL_SHARE * len(growth):
        return None
    side = run.dataset.resolution
    allowed = math.ceil(SMALL_SHARE * len(growth)) - 1  # pictures that may stay enlarged
    wanted = growth[len(growth) - 1 - allowed]
    step = STEP if own_resolution(shape) > 2 * STEP else 8
    lower = int(side / wanted) // step * step
    useful = own_resolution(shape) // 2 <= lower < side
    return Advice(
        code="pictures_small",
        message=f"{small} of {len(growth)} pictures are enlarged to {side} pixels: the LoRA learns their blur.",
        hint=f"Set dataset.resolution to {lower}, or find larger ones." if useful else "Find larger ones.",
        mends={"dataset.resolution": lower} if useful else {},
        values={"small": small, "pictures": len(growth), "resolution": side, "lower": lower},
    )


def resolution_far(run: ImageRun, shape: Shape) -> Advice | None:
    """`resolution_far`: the base was made for another size."""
    side, own = run.dataset.resolution, own_resolution(shape)
    if 1 / FAR <= side / own <= FAR:
        return None
    what = "subjects come out doubled" if side > own else "it no longer draws well"
    return Advice(
        code="resolution_far",
        message=f"The base was made for {own} pixels; at {side} {what}.",
        hint=f"Set dataset.resolution to {own}.",
        mends={"dataset.resolution": own},
        values={"resolution": side, "own": own},
    )


def no_words(run: ImageRun, plan: Plan) -> Advice | None:
    """`no_words`: nothing will call the LoRA."""
    rules = run.caption
    if rules.trigger or rules.prefix or rules.suffix or any(any(image.captions) for image in plan.images):
        return None
    return Advice(
        code="no_words",
        message="No picture has a caption and there is no trigger word: the LoRA changes whatever is drawn.",
        hint="Set caption.trigger to a word of its own, or caption the pictures.",
        values={"pictures": len(plan.images)},
    )


def no_samples(run: ImageRun, plan: Plan) -> Advice | None:
    """`no_samples`: nothing to look at. Its prompts are captions of the data set."""
    if run.sample.prompts:
        return None
    captions = dict.fromkeys(image.captions[0] for image in plan.images if image.captions and image.captions[0].strip())
    short = [text for text in captions if len(text) <= LONGEST_PROMPT][:PROMPTS]
    trigger = run.caption.trigger
    called = [
        text if not trigger or trigger in text or PLACEHOLDER in text else f"{PLACEHOLDER}, {text}" for text in short
    ]
    prompts = called or ([PLACEHOLDER] if trigger else [])
    return Advice(
        code="no_samples",
        message="No prompts to draw: there is nothing to look at while it trains.",
        hint="Set sample.prompts to what you want to see.",
        mends={"sample.prompts": prompts} if prompts else {},
    )


def _growth(image: Image, size: tuple[int, int]) -> float:
    """By how much a picture, or what is cropped from it, is enlarged to cover `size`."""
    left_over = (1.0, 1.0) if image.crop is None else image.crop[2:]
    return max(size[0] / (image.width * left_over[0]), size[1] / (image.height * left_over[1]))

"""Advice about texts: cut, too few, longer than the model reads, the same on both sides, unwatched."""

from __future__ import annotations

import math
from collections.abc import Sequence

from loraloom.models.text_shape import TextShape
from loraloom.spec.example import TextPlan
from loraloom.spec.forecast import Advice
from loraloom.spec.text import TextRun

LOST = 0.02
"""Share of all tokens that may be cut away before it is said."""
FEW = 20
"""Examples: with fewer a LoRA learns how these were put, not what they have in common."""
WATCHED = 50
"""Examples from which on some can be held out without being missed."""
HELD = 0.1
PROMPTS = 2
LONGEST_PROMPT = 200


def texts_cut(run: TextRun, plan: TextPlan) -> Advice | None:
    """`texts_cut`: the ends of answers are not learned."""
    whole = plan.tokens + plan.cut_tokens
    if plan.cut_tokens <= LOST * whole:
        return None
    longer = run.dataset.max_length + 2 * plan.cut_tokens // max(
        1, plan.cut
    )  # most are cut by less than twice the mean
    mended = 1 << math.ceil(math.log2(longer))
    percent = round(100 * plan.cut_tokens / whole)
    return Advice(
        code="texts_cut",
        message=f"{plan.cut} texts are longer than {run.dataset.max_length} tokens: {percent} % of all tokens are cut away.",
        hint=f"Set dataset.max_length to {mended}, or split long texts.",
        mends={"dataset.max_length": mended},
        values={"cut": plan.cut, "length": run.dataset.max_length, "percent": percent, "longer": mended},
    )


def beyond_context(run: TextRun, plan: TextPlan, shape: TextShape) -> Advice | None:
    """`beyond_context`: texts longer than any that the model was made with."""
    longest = max(plan.lengths) // (2 if plan.preference else 1)
    if shape.context is None or longest <= shape.context:
        return None
    return Advice(
        code="beyond_context",
        message=f"The longest text has {longest} tokens; the base was made for {shape.context}.",
        hint=f"Set dataset.max_length to {shape.context}.",
        mends={"dataset.max_length": shape.context},
        values={"longest": longest, "context": shape.context},
    )


def few_texts(plan: TextPlan) -> Advice | None:
    """`few_texts`: too few to have anything in common."""
    if plan.examples >= FEW or len(plan.lengths) >= FEW:  # a document is many pieces
        return None
    return Advice(
        code="few_texts",
        message=f"{plan.examples} texts are few: the LoRA learns how these were put, hardly more.",
        hint="50 to some hundreds, each said differently, do far better.",
        values={"texts": plan.examples},
    )


def leaking(plan: TextPlan, leaks: int) -> Advice | None:
    """`texts_leak`: validation looks at what was learned."""
    if not leaks:
        return None
    return Advice(
        code="texts_leak",
        message=f"{leaks} of {plan.held_out} held-out texts say nearly what a trained one says: validation looks too good.",
        hint="Remove one of each, or hold both out.",
        values={"leaks": leaks, "held_out": plan.held_out},
    )


def nothing_held_out(run: TextRun, plan: TextPlan) -> Advice | None:
    """`nothing_held_out`: nobody will see where it begins to say texts by heart."""
    if plan.held_out or plan.examples < WATCHED:
        return None
    return Advice(
        code="nothing_held_out",
        message="No text is held out: nothing shows when the LoRA begins to learn them by heart.",
        hint=f"Set validation.share to {HELD:g}.",
        mends={"validation.share": HELD},
        values={"texts": plan.examples},
    )


def no_answers(run: TextRun, prompts: Sequence[str]) -> Advice | None:
    """`no_answers`: nothing to read. Its prompts are questions of the data set."""
    if run.sample.prompts:
        return None
    short = [text for text in dict.fromkeys(prompts) if text.strip() and len(text) <= LONGEST_PROMPT][:PROMPTS]
    return Advice(
        code="no_answers",
        message="No prompts to answer: there is nothing to read while it trains.",
        hint="Set sample.prompts to what you will ask.",
        mends={"sample.prompts": short} if short else {},
    )

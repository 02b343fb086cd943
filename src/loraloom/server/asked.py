"""From what a page asks to draw to what the process draws: ids become files, tags LoRAs, wildcards lines."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy.orm import Session

from loraloom.data.intake import clean
from loraloom.models.resolve import THIMBLE, BaseModel, resolve
from loraloom.server.context import Context
from loraloom.server.playing import DrawAsked, LoraAsked, PictureAsked
from loraloom.server.tried import Tried, mismatch, named, tried
from loraloom.spec import prompt as signs
from loraloom.spec.drawing import Drawing, LoraUse
from loraloom.spec.errors import LoomError
from loraloom.store.datasets import get_image
from loraloom.store.drawings import own_drawing, wildcards
from loraloom.store.tables import User

STRONGEST = 4.0
MOST_LORAS = 10


@dataclass(frozen=True)
class Resolved:
    """`asked` with nothing left to chance, `drawing` with paths of this machine, and what there is to say of both."""

    asked: DrawAsked
    drawing: Drawing
    base: BaseModel
    loras: tuple[Tried, ...]
    """In the order of `drawing.loras`."""
    warnings: tuple[str, ...] = ()


def picture_base(base_model: str) -> BaseModel:
    """The base that is called so, on this machine and for pictures. Raises LoomError `base_model_not_found`,
    `base_model_mismatch`, `base_model_unknown`, `pickle_refused`, `weights_unreadable`."""
    try:
        base = resolve(base_model)
    except (OSError, ValueError, RuntimeError) as error:  # no name that a file could have
        raise _no_base(base_model) from error
    except LoomError as error:
        raise (_no_base(base_model) if error.code in ("extra_missing", "file_not_found") else error) from error
    if base.family == "causal_lm":
        raise LoomError("base_model_mismatch", f"{base.name} is a language model.", "Draw with one for pictures.")
    return base


def resolved(context: Context, session: Session, user: User, asked: DrawAsked) -> Resolved:
    """What to draw. Raises LoomError: those of `picture_base` and `tried`, `drawing_not_found`, `image_not_found`,
    `not_allowed`, `request_invalid`."""
    base = picture_base(asked.base_model)
    if base.path is None:
        raise LoomError(
            "base_model_not_found",
            f"{base.name} has not been downloaded to this machine.",
            f"Run `hf download {base.hub_id}`.",
        )
    prompt, negative = (_chosen(session, clean(text), asked.seed) for text in (asked.prompt, asked.negative_prompt))
    loras = [(tried(context.home, session, context.blobs, one), one) for one in asked.loras]
    for lora, _ in loras:
        if (why := mismatch(lora, base)) is not None:
            raise LoomError("lora_mismatch", why, "Choose the base that it was trained on.")
    tagged, warnings = _tagged(context.home, session, prompt, base)
    merged = _merged([*loras, *tagged])
    exact = asked.model_copy(
        update={
            "prompt": signs.without_lora_tags(prompt),
            "negative_prompt": negative,
            "loras": [one for _, one in merged],
        }
    )
    try:
        drawing = Drawing(
            base_model=THIMBLE if asked.base_model == THIMBLE else str(base.path.absolute()),
            loras=tuple(
                LoraUse(path=str(lora.path), strength=one.strength, blocks=_finite(one.blocks)) for lora, one in merged
            ),
            picture=str(_picture(context, session, user, asked.picture)) if asked.picture is not None else None,
            **exact.model_dump(exclude={"base_model", "loras", "picture"}),
        )
    except ValidationError as error:
        fault = error.errors()[0]
        says = f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}, once wildcards and tags took their place."
        raise LoomError("request_invalid", says, "Ask for less at once.") from error
    return Resolved(exact, drawing, base, tuple(lora for lora, _ in merged), tuple(warnings))


def _no_base(name: str) -> LoomError:
    says = f"There is no base model {clean(name)[:100]!r}."
    return LoomError("base_model_not_found", says, "Choose one of the list of base models.")


def _chosen(session: Session, prompt: str, seed: int) -> str:
    """`prompt` with a line for each wildcard; lines may name further ones."""
    lines: dict[str, list[str]] = {}
    names = {tag.name for tag in signs.wildcards(prompt)}
    while new := names - lines.keys():
        found = wildcards(session, new)
        lines |= {name: list(found.get(name, ())) for name in new}
        names = {tag.name for some in found.values() for line in some for tag in signs.wildcards(line)}
    return signs.choose(prompt, lines, seed)


def _tagged(
    home: Path, session: Session, prompt: str, base: BaseModel
) -> tuple[list[tuple[Tried, LoraAsked]], list[str]]:
    """The LoRAs of the tags in `prompt`, and what could not be used of them."""
    found: list[tuple[Tried, LoraAsked]] = []
    warnings: list[str] = []
    tags = signs.lora_tags(prompt)
    known = named(home, session, [tag.name for tag in tags], base)
    for tag in tags:
        lora = known[tag.name]
        if lora is None:
            warnings.append(f"There is no LoRA {tag.name!r}; the picture is drawn without it.")
        elif (why := mismatch(lora, base)) is not None:
            warnings.append(f"{why} The picture is drawn without it.")
        else:
            strength = max(-STRONGEST, min(STRONGEST, tag.strength))
            found.append((lora, LoraAsked(lora=lora.id, run=None, step=None, strength=strength)))
    return found, warnings


def _merged(loras: Iterable[tuple[Tried, LoraAsked]]) -> list[tuple[Tried, LoraAsked]]:
    """Each file once: a LoRA that is asked for twice is as strong as both together."""
    found: dict[Path, tuple[Tried, LoraAsked]] = {}
    for lora, one in loras:
        exact = one.model_copy(update={"step": lora.step})
        if lora.path in found:
            before = found[lora.path][1]
            strength = max(-STRONGEST, min(STRONGEST, before.strength + one.strength))
            exact = before.model_copy(update={"strength": strength, "blocks": one.blocks | before.blocks})
        found[lora.path] = (lora, exact)
    if len(found) > MOST_LORAS:
        raise LoomError("request_invalid", f"{len(found)} LoRAs are too many.", f"Use {MOST_LORAS} at most.")
    return list(found.values())


def _finite(blocks: dict[str, float]) -> dict[str, float]:
    for name, factor in blocks.items():
        if not math.isfinite(factor):
            raise LoomError("request_invalid", f"The factor of {clean(name)!r} is no number.", "Give one such as 0.5.")
    return blocks


def _picture(context: Context, session: Session, user: User, asked: PictureAsked) -> Path:
    if asked.kind == "drawing":
        key = own_drawing(session, asked.id, user).blob
    else:
        key = get_image(session, asked.id).blob
    if not context.blobs.has(key):
        raise LoomError("image_not_found", "The file of this picture is gone.", "Choose another one.")
    return context.blobs.path(key)

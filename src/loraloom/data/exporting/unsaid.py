"""What a format cannot say of these pictures, told before or after an export."""

from __future__ import annotations

from collections.abc import Sequence

from loraloom.data.exporting.naming import folders_of
from loraloom.data.exporting.picture import Format, Picture
from loraloom.data.exporting.write import SAYS_CROPS


def unsaid(pictures: Sequence[Picture], form: Format) -> list[str]:
    """A sentence for each thing that is lost or told otherwise."""
    says: list[str] = []
    cut = sum(picture.crop is not None for picture in pictures)
    if cut and form not in SAYS_CROPS:
        says.append(f"{_pictures(cut)} with a crop: this format has none, so they are cut unless you say otherwise.")
    repeated = sum(picture.repeats != 1 for picture in pictures)
    if repeated and form == "lora-scripts":
        says.append(f"{_pictures(repeated)} with repeats: this format has none, they count once.")
    nested = sum(len(folders_of(picture.name)) > (form == "kohya") for picture in pictures)
    if nested and form in ("kohya", "lora-scripts"):
        kept = "the innermost one is kept" if form == "kohya" else "all lie in one"
        says.append(f"{_pictures(nested)} in folders: {kept}.")
    return says


def _pictures(count: int) -> str:
    return f"{count:,} picture{'' if count == 1 else 's'}"

"""Finds out from names and metadata what a base model predicts: the noise (epsilon) or the velocity (v)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from loraloom.spec.run import Family

Prediction = Literal["epsilon", "v_prediction"]
_V_NAMES = re.compile(
    r"(?:^|[^a-z])v[-_ ]?(?:pred|parameteri[sz]ation)|768[-_]?v(?![a-z0-9])|v2[-_.]?[01]?[-_]768|-v-ema", re.I
)
_EPSILON_NAMES = re.compile(
    r"(?:^|[^a-z])eps(?:ilon)?(?:[-_. ]?pred|[^a-z]|$)|v2[-_.]?[01]?[-_]512|512[-_]base|2-1-base|2-base", re.I
)


def prediction_from_metadata(metadata: Mapping[str, str]) -> Prediction | None:
    """What the header's `modelspec.prediction_type` (modelspec 1.0: `epsilon` or `v`) says; None if it is silent."""
    said = metadata.get("modelspec.prediction_type", "").lower()
    if said in ("v", "v_prediction", "v-prediction", "velocity"):
        return "v_prediction"
    return "epsilon" if said == "epsilon" else None


def prediction_from_name(name: str) -> Prediction | None:
    """What a file or model name suggests: `v2-1_768-ema-pruned` is v, `512-base-ema` epsilon; None if nothing."""
    if _V_NAMES.search(name):
        return "v_prediction"
    return "epsilon" if _EPSILON_NAMES.search(name) else None


def find_prediction(
    family: Family, name: str, metadata: Mapping[str, str], marked_v: bool
) -> tuple[Prediction | None, tuple[str, ...]]:
    """(prediction, warnings) of a single file. `marked_v`: it holds the empty tensor `v_pred`, as newer SDXL files do.

    None means that only the weights can tell: SD2 with 512 and with 768 pixels have the same keys and shapes.
    """
    known = prediction_from_metadata(metadata) or ("v_prediction" if marked_v else None)
    if known:
        return known, ()
    hinted = prediction_from_name(name)
    if hinted:
        usual = "v_prediction" if family == "sd2" else "epsilon"
        note = f"{name} is taken to predict {_WORDS[hinted]}, because its name says so; set loss.prediction if it does not."
        return hinted, () if hinted == usual else (note,)
    if family == "sd2":
        return None, (
            f"Nothing in {name} says whether it predicts velocity (768 px) or noise (512 px base); "
            "it is measured from the weights. Set loss.prediction to be sure.",
        )
    return "epsilon", ()


_WORDS: dict[Prediction, str] = {"epsilon": "noise", "v_prediction": "velocity"}

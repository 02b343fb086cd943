"""Families of well-known hub ids, so that a plan can be made before anything is downloaded."""

from __future__ import annotations

import re

from loraloom.spec.run import Family

_KNOWN: dict[str, Family] = {
    "stable-diffusion-v1-5/stable-diffusion-v1-5": "sd1",
    "runwayml/stable-diffusion-v1-5": "sd1",
    "compvis/stable-diffusion-v1-4": "sd1",
    "lykon/dreamshaper-8": "sd1",
    "stabilityai/stable-diffusion-2": "sd2",
    "stabilityai/stable-diffusion-2-base": "sd2",
    "stabilityai/stable-diffusion-2-1": "sd2",
    "stabilityai/stable-diffusion-2-1-base": "sd2",
    "stabilityai/stable-diffusion-xl-base-1.0": "sdxl",
    "stabilityai/sdxl-turbo": "sdxl",
}
_PATTERNS: tuple[tuple[re.Pattern[str], Family], ...] = (
    (re.compile(r"sd[-_]?xl|stable-diffusion-xl|(?:^|[-_/.])xl(?:[-_.]|$)|illustrious|pony|animagine", re.I), "sdxl"),
    (re.compile(r"stable-diffusion-v?1[-_.]\d|(?:^|[-_/])sd[-_]?v?1[-_.]?\d", re.I), "sd1"),
    (re.compile(r"stable-diffusion-v?2(?:[-_.]\d)?(?:-base)?$|(?:^|[-_/])sd[-_]?v?2[-_.]?\d", re.I), "sd2"),
)


def known_hub_id(hub_id: str) -> Family | None:
    """Family of `hub_id` by the table, then by its name; None if neither tells."""
    known = _KNOWN.get(hub_id.lower())
    if known or re.search(r"inpaint|refiner|turbo3|controlnet|upscaler|depth|lora", hub_id, re.I):
        return known
    return next((family for pattern, family in _PATTERNS if pattern.search(hub_id)), None)

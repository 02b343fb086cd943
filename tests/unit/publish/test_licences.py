"""Licences of bases, and how the hub takes them."""

from __future__ import annotations

from pathlib import Path

from loraloom.models.resolve import BaseModel
from loraloom.publish.licences import HUB, base_licence, base_sentence, front

FILE = BaseModel("dream", Path("/x/dream.safetensors"), None, "sd1", "single_file", "epsilon", 512)


def test_known_bases() -> None:
    known = {
        "thimble": "apache-2.0",
        "smollm2": "apache-2.0",
        "stable-diffusion-v1-5/stable-diffusion-v1-5": "creativeml-openrail-m",
        "stabilityai/stable-diffusion-xl-base-1.0": "openrail++",
        "stabilityai/stable-diffusion-2-1": "openrail++",
    }
    assert {name: base_licence(name) for name in known} == known
    assert set(known.values()) <= HUB


def test_what_is_not_known_is_said_to_be_unknown() -> None:
    assert base_licence("/x/dream.safetensors", FILE) is None
    said = base_sentence("/x/dream.safetensors", "sd1", FILE)
    assert "not known" in said and "`creativeml-openrail-m`" in said and "/x/" not in said
    assert "look where it came from" in base_sentence("a/b", "flux")


def test_the_front_matter_takes_no_other_names() -> None:
    assert front("CC0-1.0") == {"license": "cc0-1.0"}
    assert front("Ask me: first!") == {"license": "other", "license_name": "ask-me-first"}
    assert front("问我") == {"license": "other", "license_name": "other"}
    assert front(" ") == {}

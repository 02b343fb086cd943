"""Labels become file names that every system takes; the data home follows its variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from loraloom.data.home import cache, home, runs
from loraloom.data.names import printable, safe_component, safe_stem


@pytest.mark.parametrize(
    ("label", "stem"),
    [
        ("my lora", "my lora"),
        ("Müller & Söhne v1.5", "Müller & Söhne v1.5"),
        ("猫咪", "猫咪"),
        ("u\u0308ber", "über"),
        ("../../etc/passwd", "etc-passwd"),
        ("a/b\\c:d*e", "a-b-c-d-e"),
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("COM¹", "_COM¹"),
        ("console", "console"),
        ("name. . ", "name"),
        (".hidden", "hidden"),
        ("--rm", "rm"),
        ("a\x00b\nc\u202ed", "abcd"),
        ("", "unnamed"),
        ("...", "unnamed"),
        ("\udcff", "unnamed"),
    ],
)
def test_safe_stem(label: str, stem: str) -> None:
    assert safe_stem(label) == stem
    assert safe_stem(stem) == stem


def test_long_labels_are_cut_between_letters() -> None:
    for label in ("x" * 500, "猫" * 500, "e\u0301x\u0323\u0302" * 100, "a " * 300):
        stem = safe_stem(label)
        assert len(stem.encode()) <= 120
        assert safe_stem(stem) == stem


def test_components_keep_extension_and_partner() -> None:
    assert safe_component("a b.png") == "a b.png"
    assert safe_component("10_cat") == "10_cat"
    picture, caption = safe_component("what?.png"), safe_component("what?.txt")
    assert picture.removesuffix(".png") == caption.removesuffix(".txt") != "what?"
    assert safe_component("what?.png") != safe_component("what*.png")


def test_printable() -> None:
    assert printable("猫 ü.png") == "猫 ü.png"
    assert printable("a\x1b[2J\n\udcff") == "a\\x1b[2J\\n\\udcff"


def test_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LORALOOM_HOME", str(tmp_path / "somewhere else"))
    assert home() == tmp_path / "somewhere else"
    assert (cache().parent, runs().parent) == (home(), home())
    assert not home().exists()
    for value in ("", None):
        monkeypatch.delenv("LORALOOM_HOME") if value is None else monkeypatch.setenv("LORALOOM_HOME", value)
        assert home() == Path.home() / ".loraloom"

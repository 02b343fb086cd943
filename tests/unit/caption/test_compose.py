"""Template, what is there already, trigger word: together and in that order."""

from __future__ import annotations

import pytest

from loraloom.data.compose import compose, fill
from loraloom.spec.captioning import ClipJob
from loraloom.spec.errors import LoomError


def job(**settings: str) -> ClipJob:
    return ClipJob(labels=("x",), **settings)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("template", "groups", "expected"),
    [
        ("{caption}", {}, "cat, red"),
        ("a photo of {labels}, {trigger}", {}, "a photo of cat, red, [trigger]"),
        ("{trigger}, {caption}.", {}, "[trigger], cat, red."),
        ("{subjects} in {styles} style", {"subjects": ["cat"], "styles": ["ink"]}, "cat in ink style"),
        ("{subjects}, {styles}, {lighting}", {"subjects": ["cat"], "styles": [], "lighting": ["fog"]}, "cat, fog"),
        ("一张{labels}的照片，{trigger}", {}, "一张cat, red的照片，[trigger]"),
        ("{ caption }", {}, "cat, red"),
    ],
)
def test_templates_are_filled_without_holes(template: str, groups: dict[str, list[str]], expected: str) -> None:
    assert fill(template, "cat, red", groups) == expected


def test_a_single_tag_that_is_there_is_not_added_again() -> None:
    assert compose("a photo, Cat", "cat", job(existing="append")) is None
    assert compose("a photo, cat", "cat.", job(existing="prepend")) is None


def test_nothing_found_is_nothing_whatever_the_template() -> None:
    assert fill("a photo of {caption}, {trigger}", "") == ""


def test_an_unknown_field_is_named_with_those_there_are() -> None:
    with pytest.raises(LoomError, match=r"\{stile\}") as raised:
        fill("{stile}", "cat", {"styles": ["ink"]})
    assert "{styles}" in raised.value.hint


@pytest.mark.parametrize(
    ("existing", "how", "expected"),
    [
        (None, "keep", "cat, red"),
        ("", "keep", "cat, red"),
        ("a dog", "keep", None),
        ("a dog", "replace", "cat, red"),
        ("a dog", "append", "a dog, cat, red"),
        ("a dog", "prepend", "cat, red, a dog"),
        ("A dog runs.", "append", "A dog runs. cat, red"),
        ("一只狗。", "append", "一只狗。 cat, red"),
        ("Red，dog", "append", "Red，dog, cat"),
        ("cat, red, x", "append", None),
        ("cat, red", "replace", None),
        ("one dog\nthe dog", "append", "one dog, cat, red\nthe dog, cat, red"),
    ],
)
def test_what_is_there(existing: str | None, how: str, expected: str | None) -> None:
    assert compose(existing, "cat, red", job(existing=how)) == expected


@pytest.mark.parametrize("how", ["keep", "append", "prepend", "replace"])
def test_nothing_made_leaves_it_as_it_is(how: str) -> None:
    assert compose("a dog", " ", job(existing=how, trigger="sks")) is None


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ("cat", "sks, cat"),
        ("a [trigger] cat", "a sks cat"),
        ("[trigger], cat, [trigger]", "sks, cat"),
        ("SKS cat", "SKS cat"),
        ("[trigger], a sks cat", "a sks cat"),
        ("tasks", "sks, tasks"),
        ("一只猫", "sks, 一只猫"),
    ],
)
def test_the_trigger_word_is_there_once(made: str, expected: str) -> None:
    assert compose(None, made, job(trigger="sks")) == expected


def test_without_a_trigger_word_its_place_stays_for_the_training() -> None:
    assert compose(None, "[trigger], cat", job()) == "[trigger], cat"


@pytest.mark.parametrize("how", ["append", "prepend", "replace"])
@pytest.mark.parametrize("existing", ["sks, a dog", "a dog, sks", "a dog", "", "a dog\nthe [trigger] dog"])
def test_twice_changes_nothing(how: str, existing: str) -> None:
    asked = job(existing=how, trigger="sks")
    once = compose(existing, "cat, [trigger], red", asked) or existing
    for line in once.splitlines():
        assert line.count("sks") == 1 and "cat" in line and "red" in line
    assert compose(once, "cat, [trigger], red", asked) is None

"""The label sets that come with Loom, and a person's own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from loraloom.data import label_sets
from loraloom.spec.errors import LoomError

HAN = re.compile(r"[\u4e00-\u9fff]")


def test_every_set_is_there_in_both_languages() -> None:
    groups = ("lighting", "mediums", "styles", "subjects")
    assert label_sets.names() == tuple(f"{g}.{language}" for language in ("en", "zh") for g in groups)


@pytest.mark.parametrize("group", ["subjects", "styles", "mediums", "lighting"])
def test_languages_say_the_same_line_by_line(group: str) -> None:
    english, chinese = label_sets.read(group), label_sets.read(f"{group}.zh")
    assert (english.language, chinese.language, english.group) == ("en", "zh", group)
    assert len(english.labels) == len(chinese.labels) >= 40
    assert english.labels == chinese.english == english.english
    assert not any(HAN.search(label) for label in english.labels)
    assert all(HAN.search(label) for label in chinese.labels)
    assert len(english.prompts) >= 3 and chinese.english_prompts == english.prompts
    assert all(HAN.search(prompt.replace("{}", "")) or prompt == "{}" for prompt in chinese.prompts)
    assert dict(zip(english.labels, chinese.labels, strict=True)).get("cat", "猫") == "猫"


def test_own_sets(tmp_path: Path) -> None:
    (tmp_path / "poses.yaml").write_text("title: Poses\nprompts: ['a person {}']\nlabels: [standing, 坐着]\n", "utf-8")
    (tmp_path / "colours.txt").write_text("\ufeffred\n\nblue\nred\n", "utf-8")
    poses, colours = label_sets.read_file(tmp_path / "poses.yaml"), label_sets.read_file(tmp_path / "colours.txt")
    assert (poses.group, poses.labels, poses.prompts) == ("poses", ("standing", "坐着"), ("a person {}",))
    assert (colours.group, colours.labels) == ("colours", ("red", "blue"))


@pytest.mark.parametrize("content", ["", "labels: []", "labels: [a]\nprompts: [no place]", "labels: {a: b}", "[: :"])
def test_what_is_no_set_is_said(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.yaml").write_text(content, "utf-8")
    with pytest.raises(LoomError, match=r"x\.yaml"):
        label_sets.read_file(tmp_path / "x.yaml")


def test_names_that_are_not_there() -> None:
    with pytest.raises(LoomError, match="moods") as raised:
        label_sets.read("moods")
    assert "styles.zh" in raised.value.hint
    with pytest.raises(LoomError, match="nowhere"):
        label_sets.read_file(Path("nowhere.yaml"))

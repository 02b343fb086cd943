"""What a CLIP is asked: groups of labels, the words that stand for each, and the sentences around them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from loraloom.data import label_sets
from loraloom.spec.captioning import ClipJob

HAN = re.compile(r"[\u3400-\u9fff]")
ENGLISH = ("a photo of a {}", "a picture of a {}", "a drawing of a {}", "{}")
CHINESE = ("一张{}的照片", "一幅{}的画", "{}的图片", "{}")


@dataclass(frozen=True)
class Group:
    """Labels among which the model decides. `sentences` has the texts of each label, whose embeddings are averaged."""

    name: str
    labels: tuple[str, ...]
    sentences: tuple[tuple[str, ...], ...]


def groups_of(job: ClipJob, reads_chinese: bool) -> list[Group]:
    """The groups of `job` in its order: own labels, own groups, label sets. A Chinese set is asked in English where the
    model `reads_chinese` not; its captions are Chinese all the same. Raises LoomError `not_found`."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}

    def add(name: str, labels: Iterable[str], asked: Iterable[str], prompts: tuple[str, ...]) -> None:
        group = found.setdefault(name, {})
        for label, words in zip(labels, asked, strict=True):
            if label.strip():
                group.setdefault(label.strip(), _sentences(words.strip(), job.prompts or prompts))

    add("labels", job.labels, job.labels, ())
    for name, labels in job.groups.items():
        add(name, labels, labels, ())
    for name in job.label_sets:
        chosen = label_sets.read(name)
        if reads_chinese or chosen.language != "zh":
            add(chosen.group, chosen.labels, chosen.labels, chosen.prompts)
        else:
            add(chosen.group, chosen.labels, chosen.english, chosen.english_prompts)
    return [Group(name, tuple(group), tuple(group.values())) for name, group in found.items() if group]


def group_names(job: ClipJob) -> list[str]:
    """What the groups are called in a template. Raises LoomError `not_found`."""
    return list(dict.fromkeys([*job.groups, *(label_sets.read(name).group for name in job.label_sets)]))


def _sentences(words: str, prompts: tuple[str, ...]) -> tuple[str, ...]:
    prompts = prompts or (CHINESE if HAN.search(words) else ENGLISH)
    return tuple(prompt.replace("{}", words) for prompt in prompts)

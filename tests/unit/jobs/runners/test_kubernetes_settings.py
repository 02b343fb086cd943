"""The operator's settings of Kubernetes: which GPU, which priority, and what is wrong with them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from loraloom.jobs.runners.kubernetes import GpuClass, Settings
from loraloom.spec.errors import LoomError

GB = 1 << 30
BASE: dict[str, Any] = {"image": "loraloom:1", "server_url": "http://loraloom:7860"}
CLASSES = [{"name": "a100", "memory_bytes": "80GiB"}, {"name": "l4", "memory_bytes": 24 * GB}]


@pytest.mark.parametrize(
    ("needs", "name"), [(1, "l4"), (24 * GB, "l4"), (24 * GB + 1, "a100"), (80 * GB, "a100"), (None, "a100")]
)
def test_the_smallest_gpu_that_holds_it(needs: int | None, name: str) -> None:
    found = Settings.of(BASE | {"classes": CLASSES}).class_for(needs)
    assert found and found.name == name


def test_no_gpu_when_none_is_needed() -> None:
    assert Settings.of(BASE | {"classes": CLASSES}).class_for(0) is None
    assert Settings.of(BASE).class_for(None) is None


@pytest.mark.parametrize(("classes", "words"), [(CLASSES, "a100) has 80.0 GB"), ([], "no GPUs of the cluster")])
def test_no_gpu_is_large_enough(classes: list[Any], words: str) -> None:
    with pytest.raises(LoomError) as found:
        Settings.of(BASE | {"classes": classes}).class_for(81 * GB)
    assert found.value.code == "no_such_device"
    assert "81.0 GB" in found.value.message
    assert words in found.value.message


@pytest.mark.parametrize(("priority", "name"), [(-5, None), (0, "normal"), (9, "normal"), (10, "high"), (99, "high")])
def test_the_class_of_the_highest_threshold_that_is_reached(priority: int, name: str | None) -> None:
    assert Settings.of(BASE | {"priority_classes": {10: "high", 0: "normal"}}).priority_class(priority) == name


def test_numbers_of_yaml_become_quantities() -> None:
    found = Settings.of(BASE | {"cpu": 2, "classes": [CLASSES[0] | {"cpu": 1.5}]})
    assert (found.cpu, found.classes[0].cpu) == ("2", "1.5")


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"imagge": "x"}, "imagge"),
        ({"server_url": "loraloom:7860"}, "server_url"),
        ({"cpu": True}, "cpu"),
        ({"memory": "16 GB"}, "memory"),
        ({"namespace": "My Space"}, "namespace"),
        ({"run_as_user": 0}, "run_as_user"),
        ({"command": []}, "command"),
        ({"classes": [CLASSES[0], CLASSES[0]]}, "classes"),
        ({"classes": [CLASSES[0] | {"count": 0}]}, "classes.0.count"),
        ({"classes": [CLASSES[0] | {"node_selector": {"gpu": True}}]}, "classes.0.node_selector.gpu"),
    ],
)
def test_every_fault_is_named(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(LoomError) as found:
        Settings.of(BASE | changes)
    assert found.value.code == "config_invalid"
    assert [problem.key for problem in found.value.problems] == [key]
    assert key in found.value.message


def test_the_page_names_every_setting_and_its_example_loads() -> None:
    page = (Path(__file__).parents[4] / "docs" / "kubernetes.md").read_text("utf-8")
    lines = page.split("| setting |")[1].split("\n\n")[0].splitlines()[2:]
    assert set(re.findall(r"`(\w+)`", " ".join(line.split("|")[1] for line in lines))) == set(Settings.model_fields)
    of_a_class = page.split("A class has ")[1].split("A run that")[0]
    assert set(GpuClass.model_fields) <= set(re.findall(r"`(\w+)`", of_a_class))
    example = Settings.of(yaml.safe_load(page.split("```yaml\n")[1].split("```")[0]))
    assert [one.name for one in example.classes] == ["l4", "a100"]

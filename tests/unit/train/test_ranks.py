"""Who computes what of a step, and what several processes tell each other."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch

from loraloom.spec.errors import LoomError
from loraloom.spec.run import Training
from loraloom.train.device import device_of
from loraloom.train.ranks import Ranks

SCRIPT = """
import json, sys
from pathlib import Path
import torch
from torch import nn
from loraloom.train.ranks import Ranks

number, place = int(sys.argv[1]), Path(sys.argv[2])

class Silent:
    def look(self):
        pass

    def why(self):
        return RuntimeError("nobody says why")

ranks = Ranks(number, 3, place, torch.device("cpu"), Silent() if number == 0 else None)
parameters = [nn.Parameter(torch.full((2,), float(number))), nn.Parameter(torch.zeros(3)), nn.Parameter(torch.zeros(1))]
ranks.begin_alike(parameters)
said = {"weights": parameters[0].tolist()}
said["gathered"] = sorted(ranks.gather({f"key {number}": {"x": torch.tensor([number])}}))
parameters[0].grad = torch.full((2,), number + 1.0)
if number == 1:
    parameters[1].grad = torch.ones(3)
said["loss"] = ranks.add_up(parameters, torch.tensor(0.5 * number), None)
said["grads"] = [None if p.grad is None else p.grad.tolist() for p in parameters]
for parameter in parameters:
    parameter.grad = None
for failure in (MemoryError("out of memory"), ValueError("a picture is torn")):
    try:
        ranks.add_up(parameters, torch.tensor(0.0), failure if number == 2 else None)
    except Exception as error:
        said[type(failure).__name__] = [type(error).__name__, str(error)]
if number == 0:
    for step in (7, 8):
        ranks.say(step)
    ranks.dismiss()
else:
    said["heard"] = [ranks.hear() for _ in range(3)]
ranks.close()
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each of three real processes found."""
    place = tmp_path_factory.mktemp("place with ü")
    started = [
        subprocess.Popen([sys.executable, "-c", SCRIPT, str(number), str(place)], stdout=subprocess.PIPE)
        for number in range(3)
    ]
    try:
        return [json.loads(process.communicate(timeout=120)[0]) for process in started]
    finally:
        for process in started:
            process.kill()


def test_weights_and_what_was_made_are_the_same_everywhere(said: list[dict[str, Any]]) -> None:
    assert [one["weights"] for one in said] == [[0, 0]] * 3
    assert [one["gathered"] for one in said] == [["key 0", "key 1", "key 2"]] * 3
    assert [one.get("heard") for one in said] == [None, [7, 8, None], [7, 8, None]]


def test_gradients_are_summed_and_a_missing_one_stays_missing(said: list[dict[str, Any]]) -> None:
    assert [one["grads"] for one in said] == [[[6, 6], [1, 1, 1], None]] * 3
    assert [one["loss"] for one in said] == [1.5] * 3


def test_one_that_fails_leaves_nobody_waiting(said: list[dict[str, Any]]) -> None:
    assert [one["MemoryError"] for one in said] == [
        ["MemoryError", "out of memory in another process"],
        ["Left", ""],
        ["MemoryError", "out of memory"],
    ]
    assert [one["ValueError"] for one in said] == [
        ["RuntimeError", "nobody says why"],
        ["Left", ""],
        ["ValueError", "a picture is torn"],
    ]


@pytest.mark.parametrize("count", [1, 2, 3, 8])
@pytest.mark.parametrize("pieces", [1, 2, 5, 16, 48])
def test_each_piece_is_computed_once_and_all_do_alike(count: int, pieces: int) -> None:
    ranks = [Ranks(number, count) for number in range(count)]
    done = [[piece for piece in range(pieces) if one.takes(piece)] for one in ranks]
    assert sorted(piece for some in done for piece in some) == list(range(pieces))
    amounts = Counter(len(some) for some in done)
    assert max(amounts) - min(amounts) <= 1


def test_a_failure_of_one_process_is_raised_as_it_is() -> None:
    failure = ValueError("torn")
    with pytest.raises(ValueError, match="torn"):
        Ranks().add_up([], torch.tensor(1.0), failure)
    assert Ranks().add_up([], torch.tensor(1.5), None) == 1.5


@pytest.mark.parametrize(
    ("processes", "micro", "batch", "size"),
    [(1, None, 5, 5), (1, 2, 5, 2), (2, None, 5, 3), (2, 4, 5, 3), (2, 1, 5, 1), (4, None, 2, 1), (1, 9, 5, 9)],
)
def test_parts_are_no_larger_than_a_share(processes: int, micro: int | None, batch: int, size: int) -> None:
    training = Training(steps=1, processes=processes, micro_batch=micro)
    assert min(training.at_once(batch), batch) == min(size, batch)


def test_each_process_has_a_device_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    assert device_of(cpu, 3, 4) == cpu
    assert device_of(torch.device("mps"), 0, 1) == torch.device("mps")
    with pytest.raises(LoomError, match="may use 1 mps device"):
        device_of(torch.device("mps"), 0, 2)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    assert [device_of(torch.device("cuda", 1), number, 3).index for number in range(3)] == [1, 2, 3]
    assert device_of(torch.device("cuda"), 1, 2) == torch.device("cuda", 1)
    with pytest.raises(LoomError) as caught:
        device_of(torch.device("cuda", 1), 0, 4)
    assert caught.value.code == "device_unavailable" and "may use 3 cuda devices" in caught.value.message


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS")
def test_memory_is_divided_among_processes(tmp_path: Path) -> None:
    script = (
        "import resource, psutil; from loraloom.child.limits import limit_memory; limit_memory(4); "
        "print(resource.getrlimit(resource.RLIMIT_AS)[0] - psutil.Process().memory_info().vms)"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], env={"LORALOOM_RUN_MEMORY": "4000000000"}, capture_output=True, check=True
    )
    assert abs(int(found.stdout) - 1_000_000_000) < 50_000_000

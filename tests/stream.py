"""Tiny runs for a cluster that may be half away: few different configs, asked for by several users, again until it is heard."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx2

from tests.audit import hash_of
from tests.e2e.served import Served

CONFIGS: Sequence[dict[str, Any]] = tuple(
    {
        "name": f"tiny {seed}",
        "preset": "quick-look",
        "lora": {"rank": rank, "targets": "attention"},
        "training": {"steps": steps, "batch_size": 1, "threads": 1, "device": "cpu", "seed": seed},
        "checkpoints": {"every_steps": 2},
        "sample": {"prompts": [], "every_steps": None},
    }
    for seed, rank, steps in ((1, 4, 10), (2, 2, 14), (3, 8, 20))
)
"""Seconds of training each, on the built-in base."""
PRIORITIES = (-5, 0, 0, 5)


class Asker:
    """Asks a server for runs as several users. `names`: run id -> index of its config."""

    def __init__(self, address: str, tokens: Mapping[str, str], seed: int) -> None:
        self._clients = {
            name: httpx2.Client(base_url=address, timeout=10, headers={"Authorization": f"Bearer {token}"})
            for name, token in tokens.items()
        }
        self._random = random.Random(seed)
        self.users = list(tokens)
        self._dataset: str | None = None

    def call(self, user: str, method: str, path: str, body: Any = None, seconds: float = 120) -> Any:
        """The JSON that comes back; tried again while nobody answers. Raises AssertionError for a refusal."""
        until = time.monotonic() + seconds
        while True:
            try:
                answer = self._clients[user].request(method, path, json=body)
                if answer.status_code < 500:
                    assert answer.status_code < 300, f"{path}: {answer.status_code} {answer.text}"
                    return answer.json()
                told = answer.text
            except httpx2.HTTPError as error:
                told = str(error)
            assert time.monotonic() < until, f"{path}: {told}"
            time.sleep(0.5)

    def dataset(self) -> str:
        """Id of the packaged pictures as a data set."""
        if self._dataset is None:
            self._dataset = self.call(self.users[0], "POST", "/api/datasets/sample")["id"]
        assert self._dataset is not None
        return self._dataset

    def ask(self, user: str | None = None, config: int | None = None, priority: int | None = None) -> str:
        """Queue a run, chosen at random where nothing is said; its id. When the answer is lost, it may be there twice."""
        user = user or self._random.choice(self.users)
        number = self._random.randrange(len(CONFIGS)) if config is None else config
        body = {
            "dataset": self.dataset(),
            "config": CONFIGS[number],
            "priority": self._random.choice(PRIORITIES) if priority is None else priority,
        }
        return self.call(user, "POST", "/api/runs", body)["id"]

    def close(self) -> None:
        """Let the connections go."""
        for client in self._clients.values():
            client.close()


def undisturbed(root: Path, configs: Sequence[int]) -> dict[str, str]:
    """Name of each config -> SHA-256 of the LoRA that this machine trains of it by itself: one process, SQLite, no worker."""
    server = Served(root / "undisturbed", "--no-warm").start()
    found: dict[str, str] = {}
    try:
        dataset = server.sample_dataset()
        for number in configs:
            config = CONFIGS[number]
            run = server.post("/api/runs", {"dataset": dataset, "config": config})["id"]
            done = server.wait_for(run, "finished", "failed", seconds=600)
            assert done["state"] == "finished", done
            (file,) = (server.home / "runs" / run / "lora").glob("*.safetensors")
            found[config["name"]] = hash_of(file)
    finally:
        server.stop()
    return found

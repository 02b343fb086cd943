"""Progress bars: one a stage, with loss, time left and memory beside the training bar."""

from __future__ import annotations

from typing import IO, Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn

from loraloom.cli.progress import sentence, step_words
from loraloom.spec.event import Event, StageProgressed, StageStarted, StepLogged


class Bars:
    """A live block of bars under the lines that stay."""

    def __init__(self, stream: IO[str]) -> None:
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("{task.description:<9}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[words]}", style="dim"),
            console=Console(file=stream),
            refresh_per_second=4,  # the cores belong to the training
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def say(self, text: str) -> None:
        """A line above the bars that stays."""
        self._progress.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def show(self, event: Event) -> None:
        """Move the bars as `event` says."""
        payload: Any = event.payload
        if isinstance(payload, StageStarted):
            self._stage(payload.stage, payload.total)
        elif isinstance(payload, StepLogged):
            self._move("training", payload.step, payload.total_steps, step_words(payload))
        elif isinstance(payload, StageProgressed):
            self._move(payload.stage, payload.done, payload.total)
        elif line := sentence(payload):
            self.say(line)

    def _stage(self, stage: str, total: int) -> TaskID:
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(stage, total=total or None, words="")
        elif total:
            self._progress.update(self._tasks[stage], total=total)
        return self._tasks[stage]

    def _move(self, stage: str, done: int, total: int, words: str | None = None) -> None:
        task = self._stage(stage, total)
        self._progress.update(task, completed=done, total=total or None)
        if words is not None:
            self._progress.update(task, words=words)

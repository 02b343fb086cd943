"""The process that the playground draws with: given what it needs, asked, told that something newer is wanted, ended.

For a server it is shut in. What it draws with lies in `data` of its folder, which it can read and not change: hard links,
made when they are asked for, under names that stand for one content each.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from loraloom.jobs.spoken_process import Sight, SpokenProcess, seen_as
from loraloom.models.resolve import THIMBLE
from loraloom.spec.drawing import NEWER, DrawAsk, Drawing, DrawLine, DrawStart
from loraloom.spec.errors import LoomError

COMMAND = (sys.executable, "-P", "-m", "loraloom.generate.playground")
"""-P: no module comes from the folder it is started in."""
MAX_BYTES = 128 * 2**20
"""Of a picture that is read back: 2048 x 2048 pixels that do not compress are 13 MB."""
CHECKPOINT = ("adapter.safetensors", "optimizer.safetensors", "state.json")
"""Files of a checkpoint: the optimizer's hold the run's average, which is what it would export."""
KEPT = 64
"""Files brought in that stay there; older ones go."""


class DrawProcess:
    """One process with the bases it has loaded. `ask` is for one thread at a time; `newer` and `end` are for any."""

    def __init__(
        self,
        start: DrawStart,
        bases: Sequence[Path] = (),
        device: str | None = None,
        room: Path | None = None,
        gentle: bool = False,
    ) -> None:
        """`device` (`cpu`, `cuda:0`) shuts it into the sandbox of the server's children where there is one, where it sees
        no bases but `bases` and the built-in one. `room` is where its folder is made: on the disk of the LoRAs their
        links take no room. `gentle` lets other programs go first. Raises LoomError `child_died`."""
        self.start = start
        self._bases = frozenset(bases)
        if room is not None:
            room.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="loraloom-draw-", dir=room))
        self._data, self._out = folder / "data", folder / "out"
        self._data.mkdir()
        self._out.mkdir()
        sight = Sight(device, tuple(bases)) if device is not None else None
        self._child = SpokenProcess(
            COMMAND,
            start.model_copy(update={"device": seen_as(device, start.device)}).model_dump_json(),
            DrawLine.model_validate_json,
            "drawing",
            sight=sight,
            folder=folder,
            gentle=gentle,
        )
        self._numbers = itertools.count(1)
        self._last = ""

    def ready(self) -> Iterator[DrawLine]:
        """What it says until it is ready. Raises LoomError when it cannot be."""
        yield from self._child.heard("ready")

    def sees(self, base_model: str) -> bool:
        """Whether it can load this base (`thimble` or a path)."""
        return not self._child.shut_in or base_model == THIMBLE or Path(base_model) in self._bases

    def ask(self, drawing: Drawing) -> Iterator[DrawLine]:
        """Draw; paths in `drawing` are this process's own. Ends with `done`, after which `picture` has it, or `newer`.
        Raises LoomError: `file_not_found` for what is gone, the process's own, or why it died."""
        loras = tuple(use.model_copy(update={"path": self._bring(Path(use.path))}) for use in drawing.loras)
        varied = self._bring(Path(drawing.picture)) if drawing.picture is not None else None
        number = str(next(self._numbers))
        shown = drawing.model_copy(update={"loras": loras, "picture": varied})
        self._last = f"{number}.png"
        ask = DrawAsk(id=number, drawing=shown, out=str(self._child.inside / "out" / self._last))
        self._child.tell(ask.model_dump_json())
        yield from self._child.heard("done", "newer")

    def picture(self) -> bytes:
        """The PNG that was drawn last, once. Raises LoomError `child_died` when there is none."""
        file = self._out / self._last
        try:
            with open(
                os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)), "rb"
            ) as png:
                data = png.read(MAX_BYTES)
            file.unlink()
        except OSError as error:
            raise LoomError("child_died", "The drawing process wrote no picture.", "Draw again.") from error
        return data

    def newer(self) -> None:
        """The picture that is being drawn ends where it is."""
        self._child.tell(NEWER)

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._child.alive

    def end(self) -> None:
        """End it. What it was drawing ends in a LoomError."""
        self._child.end()

    def _bring(self, path: Path) -> str:
        """What the process calls `path` (a file, or a checkpoint of a run), which is shown to it now."""
        try:
            files = _files(path)
            marks = [(file.stat().st_mtime_ns, file.stat().st_size) for file in files.values()]
            key = hashlib.sha256(repr((str(path), marks)).encode("utf-8", "surrogatepass")).hexdigest()[:16]
            place, name = self._data / key, path.name if path.is_file() else f"checkpoints/{path.name}"
            if place.is_dir():
                os.utime(place)  # the youngest stay
            else:
                self._make_room()
                for inner, file in files.items():
                    _link(file, place / inner)
        except OSError as error:
            raise LoomError("file_not_found", f"{path.name} is gone.", "It may have been deleted.") from error
        return str(self._child.inside / "data" / key / name)

    def _make_room(self) -> None:
        there = sorted(self._data.iterdir(), key=lambda place: place.stat().st_mtime_ns)
        for place in there[: len(there) - KEPT + 1]:
            shutil.rmtree(place, ignore_errors=True)


def _files(path: Path) -> dict[str, Path]:
    """What has to be there for `path`, by its place: of a checkpoint its files, laid out as in its run's folder."""
    if path.is_file():
        return {path.name: path}
    found = {f"checkpoints/{path.name}/{name}": path / name for name in CHECKPOINT}
    return found | {"run.yaml": path.parents[1] / "run.yaml"}


def _link(file: Path, place: Path) -> None:
    """Make `place` the same file, or a copy. A link that a run's child put there is not followed."""
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(file, place, follow_symlinks=False)
    except (OSError, NotImplementedError):
        shutil.copyfile(file, place, follow_symlinks=False)
    if place.is_symlink():
        place.unlink()
        raise FileNotFoundError(file)

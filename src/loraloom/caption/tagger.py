"""WD14-style taggers: `model.onnx` with an input [N, H, W, 3] of BGR floats 0 to 255, and `selected_tags.csv` with
tag_id, name, category, count, a row for each number of the output."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loraloom.caption.engine import Label, Made, Picture, Warned, in_order, read_all
from loraloom.caption.hub import find_model, name_of
from loraloom.spec.captioning import TaggerJob
from loraloom.spec.errors import LoomError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

MODEL, TAGS = "model.onnx", "selected_tags.csv"
GENERAL, CHARACTER, RATING = 0, 4, 9
GROUPS = {CHARACTER: "character", RATING: "rating"}
_FACE = re.compile(r"[^\w\s]*\w?[^\w\s]*_[^\w\s]*\w?[^\w\s]*|\|+_\|+", re.ASCII)
KNOWN = "such as SmilingWolf/wd-vit-tagger-v3"


@dataclass(frozen=True)
class Tag:
    """A row of selected_tags.csv: the name as it is written in captions, and its category."""

    name: str
    category: int
    blocked: bool


@dataclass
class Tagger:
    """A loaded tagger."""

    job: TaggerJob
    model: str
    session: Any
    tags: list[Tag]
    side: int
    fixed: int | None = None
    """Pictures the model takes at once, where it takes no other number."""
    warnings: Sequence[Warned] = ()

    @property
    def batch_size(self) -> int:
        """As the job says."""
        return self.job.batch_size

    def caption(self, pictures: Sequence[Picture]) -> Iterator[tuple[int, Made]]:
        """Tags above their thresholds."""
        places, squares, failed = read_all(pictures, lambda image: square(image, self.side))
        count = self.fixed or max(1, len(squares))
        parts = [squares[start : start + count] for start in range(0, len(squares), count)]
        yield from in_order(places, [self._made(row) for part in parts for row in self._run(part)], failed)

    def _run(self, squares: list[NDArray[np.float32]]) -> NDArray[np.float32]:
        """[pictures, tags]. Raises LoomError `caption_model_unusable`."""
        import numpy as np

        filled = squares + squares[-1:] * ((self.fixed or 0) - len(squares))
        try:
            (chances, *_) = self.session.run(None, {self.session.get_inputs()[0].name: np.stack(filled)})
        except Exception as error:
            text = f"{self.model} cannot be run: {' '.join(str(error).split())[:300]}"
            raise LoomError("caption_model_unusable", text, f"Give a WD14-style tagger, {KNOWN}.") from error
        return chances[: len(squares)]

    def _made(self, chances: NDArray[np.float32]) -> Made:
        job = self.job
        needed = {GENERAL: job.general_threshold, CHARACTER: job.character_threshold, RATING: 2.0}
        found = [
            (place, tag, float(p))
            for place, (tag, p) in enumerate(zip(self.tags, chances, strict=True))
            if not tag.blocked and p >= needed.get(tag.category, job.general_threshold)
        ]
        if job.order == "probability":
            found.sort(key=lambda item: (-item[2], item[0]))
        elif job.order == "alphabet":
            found.sort(key=lambda item: item[1].name)
        if job.characters_first:
            found.sort(key=lambda item: item[1].category != CHARACTER)
        found = [*found[: job.max_tags], *self._rating(chances)]
        labels = tuple(Label(tag.name, p, GROUPS.get(tag.category, "general")) for _, tag, p in found)
        return Made(", ".join(label.label for label in labels), labels)

    def _rating(self, chances: NDArray[np.float32]) -> list[tuple[int, Tag, float]]:
        """The likeliest rating, when it is wanted and likely enough."""
        rated = [
            (float(chances[i]), i) for i, tag in enumerate(self.tags) if tag.category == RATING and not tag.blocked
        ]
        if not rated or self.job.rating_threshold is None or max(rated)[0] < self.job.rating_threshold:
            return []
        p, place = max(rated)
        return [(place, self.tags[place], p)]


def square(image: Image, side: int) -> NDArray[np.float32]:
    """[side, side, 3]: BGR 0 to 255, padded with white to a square, then resized."""
    import numpy as np
    from PIL import Image as Pillow

    longest = max(image.size)
    ground = Pillow.new("RGB", (longest, longest), "white")
    ground.paste(image, ((longest - image.width) // 2, (longest - image.height) // 2))
    if longest != side:
        ground = ground.resize((side, side), Pillow.Resampling.BICUBIC)
    return np.ascontiguousarray(np.asarray(ground, dtype=np.float32)[:, :, ::-1])


def load_tagger(job: TaggerJob) -> Tagger:
    """Raises LoomError: see `engines.load`."""
    if job.model is None:
        hint = f"Give a folder with {MODEL} and {TAGS}, or a hub id {KNOWN}: --model ..."
        raise LoomError("caption_model_not_found", "The tagger needs a model.", hint)
    folder, name = find_model(job.model, (MODEL, TAGS)), name_of(job.model)
    for file in (MODEL, TAGS):
        if not (folder / file).is_file():
            raise LoomError("caption_model_unusable", f"{name} has no {file}.", f"Give a WD14-style tagger, {KNOWN}.")
    tags = read_tags(folder / TAGS, job)
    session = _session(folder / MODEL, name, job.device)
    shape, outputs = session.get_inputs()[0].shape, session.get_outputs()[0].shape
    if len(shape) != 4 or shape[3] != 3 or not isinstance(shape[1], int) or shape[1] != shape[2]:
        text = f"The input of {name} is {shape}, not [pictures, side, side, 3]."
        raise LoomError("caption_model_unusable", text, f"Give a WD14-style tagger, {KNOWN}.")
    if isinstance(outputs[-1], int) and outputs[-1] != len(tags):
        text = f"{name} gives {outputs[-1]} numbers, but {TAGS} has {len(tags)} tags."
        raise LoomError("caption_model_unusable", text, "Take both files from the same model.")
    fixed = shape[0] if isinstance(shape[0], int) and shape[0] > 0 else None
    return Tagger(job, name, session, tags, shape[1], fixed)


def read_tags(file: Path, job: TaggerJob) -> list[Tag]:
    """The rows of selected_tags.csv, in order. Raises LoomError `caption_model_unusable`."""
    try:
        rows = list(csv.DictReader(StringIO(file.read_text("utf-8-sig"))))
        pairs = [(row["name"], int(row["category"])) for row in rows]
    except (OSError, UnicodeDecodeError, KeyError, TypeError, ValueError, csv.Error) as error:
        text = f"{file.name} cannot be read; it needs the columns name and category."
        raise LoomError("caption_model_unusable", text, "Take it from the model's own folder.") from error
    blocked = {_plain(tag) for tag in job.blocked}
    return [Tag(written(name, job.underscores), category, _plain(name) in blocked) for name, category in pairs]


def written(tag: str, underscores: bool) -> str:
    """`long_hair` as `long hair`; faces such as `^_^` and `o_o` stay as they are."""
    return tag if underscores or _FACE.fullmatch(tag) else tag.replace("_", " ")


def _plain(tag: str) -> str:
    return tag.strip().casefold().replace(" ", "_")


def _session(file: Path, name: str, device: str) -> Any:
    import onnxruntime

    have = onnxruntime.get_available_providers()
    if device.startswith("cuda") and "CUDAExecutionProvider" not in have:
        text = "This onnxruntime computes on the CPU only."
        raise LoomError("device_unavailable", text, "Use --device cpu, or pip install onnxruntime-gpu in its place.")
    options: Any = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    providers: list[Any] = ["CPUExecutionProvider"]
    if device.startswith(("auto", "cuda")) and "CUDAExecutionProvider" in have:
        providers.insert(0, ("CUDAExecutionProvider", {"device_id": device.partition(":")[2] or "0"}))
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=providers)
    except Exception as error:
        why = " ".join(str(error).split())[:300]
        raise LoomError("caption_model_unusable", f"{name} cannot be loaded: {why}", "Download it again.") from error

"""Fits LoRAs to a base, and keeps those that were lately on it: a file is read once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import nn

from loraloom.generate.playground.reading import LoraFile, files_of, read_lora
from loraloom.generate.playground.swap import Fitted, FittedLayer, plain
from loraloom.generate.playground.terms import term_for
from loraloom.models.layout import Component
from loraloom.spec.errors import LoomError

Layers = dict[str, nn.Linear | nn.Conv2d]


class Wardrobe:
    """The LoRAs of one base. Those longest unused go when their tensors take more than `bytes_at_most`; the files are
    looked at each time, so that one that was written anew is read anew."""

    def __init__(self, components: Mapping[Component, nn.Module], bytes_at_most: int) -> None:
        self._layers: Layers = {}
        self._order: list[str] = []
        for component, model in components.items():
            for path, module in model.named_modules():
                if isinstance(module, nn.Linear | nn.Conv2d):
                    self._order.append(f"{component}.{path}")
                    self._layers[plain(self._order[-1])] = module
        self._bytes = bytes_at_most
        self._kept: dict[str, Fitted] = {}

    def fit(self, path: Path) -> Fitted:
        """The LoRA at `path` for this base. Raises LoomError of `read_lora`, and `lora_mismatch` when no layer fits."""
        key = _key(path)
        found = self._kept.pop(key, None)
        if found is None:
            found = fit(read_lora(path, self._order), self._layers, key)
        self._kept[key] = found  # the latest at the end
        while len(self._kept) > 1 and sum(lora.size for lora in self._kept.values()) > self._bytes:
            self._kept.pop(next(iter(self._kept)))
        return found


def _key(path: Path) -> str:
    """The LoRA at `path` as it is now: a file that was written anew is another one."""
    found = [str(path)]
    for file in files_of(path):
        try:
            state = file.stat()
        except OSError as error:
            raise LoomError("file_not_found", f"There is no file {file}.", "Check the path.") from error
        found.append(f"{state.st_mtime_ns}:{state.st_size}")
    return "|".join(found)


def fit(file: LoraFile, layers: Mapping[str, nn.Linear | nn.Conv2d], key: str) -> Fitted:
    """The layers of `file` that the base has, at the same sizes. Raises LoomError `lora_mismatch` when there is none."""
    found: list[FittedLayer] = []
    for layer in file.layers:
        name = plain(f"{layer.component}.{layer.path}")
        module = layers.get(name)
        if module is None:
            continue
        try:
            term = term_for(module, layer.tensors, layer.alpha, layer.rank)
        except (ValueError, KeyError, RuntimeError):
            continue
        found.append(FittedLayer(name, module, term))
    left = len(file.layers) + file.foreign - len(found)
    if not found:
        raise LoomError(
            "lora_mismatch",
            f"{file.name} does not fit this base: none of its {left} layers is there.",
            "`loraloom inspect` says which family it is for; draw with a base of that.",
        )
    warnings = (f"{left} of the {left + len(found)} layers of {file.name} do not fit this base.",) if left else ()
    return Fitted(key, tuple(found), warnings)

"""A folder that programs load LoRAs from: the file with its picture and sidecar, under a name that is free."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from loraloom.publish.bundle import Bundle
from loraloom.publish.hashes import sha256_of
from loraloom.publish.targets.target import Put
from loraloom.publish.writing import refusal
from loraloom.spec.errors import LoomError

MOST = 10_000


@dataclass(frozen=True)
class FolderTarget:
    """`folder` must be there. Files are named after the LoRA; where a name is taken, after its version too (`-v2`)."""

    folder: Path

    def put(self, bundle: Bundle) -> Put:
        """Copy weights, preview and sidecar beside each other; the weights appear last, so that no program sees half of it.

        Raises LoomError `not_writable`, `disk_full`, and `lora_mismatch` for a language model, which these programs do not
        load.
        """
        if bundle.subject.kind == "texts":
            says = "WebUI, Forge and ComfyUI load LoRAs for pictures; this one is for a language model."
            raise LoomError("lora_mismatch", says, "Publish it as a zip, or to the hub.")
        check(self.folder)
        kept = [*(name for name in (bundle.preview, bundle.sidecar) if name), *bundle.weights]
        stems = (bundle.stem, *(f"{bundle.stem}-v{number}" for number in range(max(2, bundle.version), MOST)))
        for stem in stems:
            named = {name: _renamed(name, bundle.stem, stem) for name in kept}
            if not any(os.path.lexists(self.folder / name) for name in _family(stem, named.values())) and (
                put := self._place(bundle.folder, named)
            ):
                return put
        raise LoomError("not_writable", f"{self.folder} is full of LoRAs called {bundle.label}.", "Rename the LoRA.")

    def _place(self, source: Path, named: dict[str, str]) -> Put | None:
        """None when somebody took one of the names meanwhile; nothing is left then."""
        with ExitStack() as undo:
            parts: dict[str, Path] = {}
            try:
                for name, target in named.items():
                    part = self.folder / f".{target}.{secrets.token_hex(4)}.part"
                    undo.callback(part.unlink, missing_ok=True)
                    shutil.copyfile(source / name, part)
                    parts[target] = part
                with ExitStack() as back:
                    for target, part in parts.items():
                        if not _appear(part, self.folder / target):
                            return None
                        back.callback((self.folder / target).unlink, missing_ok=True)
                    back.pop_all()
            except OSError as error:
                raise refusal(self.folder, error) from error
            return Put({name: sha256_of(self.folder / name) for name in parts}, str(self.folder))

    def take(self, put: Put) -> None:
        """Delete the files that are still as they were put; what somebody changed stays. Raises LoomError `not_writable`."""
        try:
            for name, digest in put.files.items():
                file = self.folder / Path(name).name
                if file.is_file() and not file.is_symlink() and sha256_of(file) == digest:
                    file.unlink()
        except OSError as error:
            raise refusal(self.folder, error) from error


def check(folder: Path) -> None:
    """Raises LoomError `file_not_found`, `not_writable` unless files can be put into `folder`."""
    if not folder.is_dir():
        raise LoomError("file_not_found", f"There is no folder {folder}.", "Make it first, or name another one.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise LoomError("not_writable", f"{folder} cannot be written.", "Check the folder's permissions.")


def _renamed(name: str, old: str, new: str) -> str:
    return new + name.removeprefix(old) if name.startswith(old) else f"{new}-{name}"


def _family(stem: str, names: Iterable[str]) -> set[str]:
    """All names that would show beside the LoRA: a picture or sidecar of another file with this stem is a conflict too."""
    return {f"{stem}.safetensors", f"{stem}.png", f"{stem}.json", *names}


def _appear(part: Path, target: Path) -> bool:
    """Give `part` the name `target`, unless somebody has it."""
    try:
        os.link(part, target)
        return True
    except FileExistsError:
        return False
    except OSError:  # no hard links on this disk: the name is reserved first
        pass
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return False
    with suppress(FileNotFoundError):
        part.replace(target)
    return True

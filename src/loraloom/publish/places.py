"""Finds the folders from which programs on this machine load LoRAs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from loraloom.data.home import home
from loraloom.spec.publication import Place

WEBUI, COMFYUI = "LORALOOM_WEBUI", "LORALOOM_COMFYUI"
"""Variables that name a program's folder, or the folder of its LoRAs itself; several with the system's path separator."""
INSIDE = {
    "webui": ("models/Lora", "models/lora"),
    "forge": ("models/Lora", "models/lora"),
    "comfyui": ("models/loras",),
}
NAMES = {
    "stable-diffusion-webui": "webui",
    "automatic1111": "webui",
    "sd-webui": "webui",
    "stable-diffusion-webui-forge": "forge",
    "stable-diffusion-webui-reforge": "forge",
    "sd-webui-forge-classic": "forge",
    "webui_forge": "forge",
    "forge": "forge",
    "comfyui": "comfyui",
    "comfyui_windows_portable": "comfyui",
}
"""How people call the folders of these programs, in small letters."""


def places(environment: Mapping[str, str] | None = None, roots: tuple[Path, ...] | None = None) -> list[Place]:
    """LoRA folders that are there: those the environment names first, then usual places in `roots` (by default the home
    folder and what lies beside Loom's data home and the current folder). Each folder once."""
    environment = os.environ if environment is None else environment
    found: dict[Path, Place] = {}
    for program, path in (*_named(environment), *_usual(_roots() if roots is None else roots)):
        real = path.resolve()
        found.setdefault(real, Place(program=program, path=str(path), writable=os.access(path, os.W_OK)))
    return list(found.values())


def _named(environment: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    for variable, program in ((WEBUI, "webui"), (COMFYUI, "comfyui")):
        for part in environment.get(variable, "").split(os.pathsep):
            if not part.strip():
                continue
            folder = Path(part.strip()).expanduser().absolute()
            inner = _inside(folder, program)
            if inner is not None:
                yield _which(folder, program), inner
            elif folder.is_dir() and folder.name.lower() in ("lora", "loras"):
                yield _which(folder.parent.parent, program), folder


def _which(folder: Path, program: str) -> str:
    """Forge is told from the WebUI by its name alone."""
    return "forge" if program == "webui" and "forge" in folder.name.lower() else program


def _usual(roots: tuple[Path, ...]) -> Iterator[tuple[str, Path]]:
    for root in dict.fromkeys(roots):
        try:
            inner = sorted(entry for entry in root.iterdir() if entry.name.lower() in NAMES)
        except OSError:
            continue
        for folder in inner:
            program = NAMES[folder.name.lower()]
            deeper = (folder, folder / "ComfyUI") if program == "comfyui" else (folder, folder / "webui")
            lying = next((found for each in deeper if (found := _inside(each, program)) is not None), None)
            if lying is not None:
                yield program, lying


def _inside(folder: Path, program: str) -> Path | None:
    return next((folder / name for name in INSIDE[program] if (folder / name).is_dir()), None)


def _roots() -> tuple[Path, ...]:
    mine, here, data = Path.home(), Path.cwd(), home()
    return (mine, mine / "Documents", mine / "ai", mine / "AI", data.parent, here, here.parent)

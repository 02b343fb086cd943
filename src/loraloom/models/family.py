"""Tells what a file or folder of weights is: base or LoRA, family, layout. Reads headers and configs, never tensors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from loraloom.models.diffusers_folder import detect_folder
from loraloom.models.foreign import name_foreign, odd_input
from loraloom.models.gguf_file import architecture, is_gguf
from loraloom.models.header import Header, read_header
from loraloom.models.lora_file import is_lora, read_lora_family
from loraloom.models.prediction import Prediction, find_prediction
from loraloom.spec.errors import LoomError
from loraloom.spec.lora import Kind
from loraloom.spec.run import NATIVE_RESOLUTION, Family, ImageFamily

UNET = "model.diffusion_model."
NOT_TEXT = frozenset(("flux", "sd1", "sd3", "sdxl", "aura", "ltxv", "hunyuan_video", "wan", "clip", "whisper"))
"""Architectures that GGUF files name and that are no language models."""
FAMILY_NAMES: dict[Family, str] = {
    "sd1": "Stable Diffusion 1.x",
    "sd2": "Stable Diffusion 2.x",
    "sdxl": "Stable Diffusion XL",
    "causal_lm": "a language model",
}


@dataclass(frozen=True)
class Detected:
    """What `detect` found. `refusal` says why Loom cannot train on it; empty if it can."""

    kind: Kind
    family: Family | None
    layout: str
    """original, diffusers, transformers, gguf (bases), kohya, diffusers, peft (LoRAs), unknown."""
    name: str
    """What it is, in words: `Stable Diffusion XL`, `FLUX.1`, `a VAE`."""
    prediction: Prediction | None = None
    resolution: int | None = None
    refusal: str = ""
    variant: str | None = None
    """`fp16` if a diffusers folder has its weights only under that variant."""
    warnings: tuple[str, ...] = ()


def detect(path: Path) -> Detected:
    """Say what lies at `path` (file or folder).

    Raises LoomError `file_not_found`, `pickle_refused`, `weights_unreadable`. What is recognised but cannot be trained
    (FLUX, refiner, inpainting, ...) is returned with a `refusal`.
    """
    if path.is_dir():
        return _folder(path)
    if is_gguf(path):
        return _gguf(path)
    header = read_header(path)
    return detect_header(header, path.stem)


def detect_header(header: Header, name: str) -> Detected:
    """`detect` for a single file whose header is already read; `name` is its stem, a hint at the prediction type."""
    if is_lora(header.tensors):
        family, layout = read_lora_family(header)
        return Detected("lora", family, layout, f"a LoRA for {FAMILY_NAMES[family]}" if family else "a LoRA")
    family = _family(header)
    if family is None:
        what = _refiner(header) or name_foreign(header.tensors)
        return Detected(
            "base_model" if what else "unknown", None, "unknown", what or "unknown weights", refusal=_refusal(what)
        )
    conv_in = header.shape(f"{UNET}input_blocks.0.0.weight") or (0, 4)
    prediction, warnings = find_prediction(family, name, header.metadata, "v_pred" in header.tensors)
    special = odd_input(conv_in[1])
    if special or "edm_mean" in header.tensors:
        what = "Playground 2.5" if "edm_mean" in header.tensors else f"{special} ({FAMILY_NAMES[family]})"
        return Detected("base_model", family, "original", what, refusal=_refusal(what))
    missing = _missing_parts(header, family)
    refusal = f"It has no {' and no '.join(missing)}: it is not a whole model." if missing else ""
    return Detected(
        "base_model",
        family,
        "original",
        FAMILY_NAMES[family],
        prediction,
        _resolution(header, family, prediction),
        refusal,
        warnings=warnings,
    )


def require_base(found: Detected, label: str) -> Family:
    """The family of a base Loom can train on. Raises LoomError `base_model_unknown` that says what it is otherwise."""
    if found.kind == "lora":
        raise LoomError(
            "base_model_unknown", f"{label} is {found.name}, not a base model.", "Name the model it was trained on."
        )
    if found.refusal or found.family is None:
        raise LoomError(
            "base_model_unknown",
            f"{label} is {found.name}." if found.kind != "unknown" else f"{label} is not a model Loom knows.",
            found.refusal
            or "Loom trains on Stable Diffusion 1.x, 2.x and XL, as a diffusers folder or one .safetensors file, and on "
            "language models, as a transformers folder or a .gguf file.",
        )
    return found.family


def _folder(path: Path) -> Detected:
    found = detect_folder(path)
    if found.family is None:
        kind: Kind = "lora" if found.layout == "peft" else "base_model" if found.name else "unknown"
        return Detected(kind, None, found.layout, found.name or "a folder without a model", refusal=found.refusal)
    name = found.name or FAMILY_NAMES[found.family]
    return Detected(
        "base_model", found.family, found.layout, name, found.prediction, found.resolution, found.refusal, found.variant
    )


def _gguf(path: Path) -> Detected:
    kind = architecture(path)
    if kind in NOT_TEXT:
        return Detected("base_model", None, "gguf", f"{kind} in a GGUF file", refusal=_refusal(kind))
    return Detected("base_model", "causal_lm", "gguf", f"a language model ({kind or 'GGUF'})")


def _family(header: Header) -> ImageFamily | None:
    """By structure, never by width: SDXL embeds sizes (`label_emb`), SD2 has linear projections and an OpenCLIP encoder."""
    keys = header.tensors
    proj = next((keys[k].shape for k in keys if k.startswith(UNET) and k.endswith(".1.proj_in.weight")), None)
    if proj is None:
        return None
    if f"{UNET}label_emb.0.0.weight" in keys:
        return None if _refiner(header) else "sdxl"
    return "sd2" if len(proj) == 2 else "sd1"


def _refiner(header: Header) -> str | None:
    starts = {key.split(".model.")[0] for key in header.tensors if key.startswith("conditioner.embedders.")}
    return "the SDXL refiner" if starts == {"conditioner.embedders.0"} else None


def _missing_parts(header: Header, family: ImageFamily) -> list[str]:
    text = {
        "sd1": {"text encoder": ("cond_stage_model.transformer.",)},
        "sd2": {"text encoder": ("cond_stage_model.model.",)},
        "sdxl": {
            "first text encoder": ("conditioner.embedders.0.transformer.",),
            "second text encoder": ("conditioner.embedders.1.model.",),
        },
    }
    parts: dict[str, tuple[str, ...]] = {**text[family], "VAE": ("first_stage_model.decoder.", "vae.decoder.")}
    return [name for name, starts in parts.items() if not any(key.startswith(starts) for key in header.tensors)]


def _resolution(header: Header, family: ImageFamily, prediction: Prediction | None) -> int:
    said = header.metadata.get("modelspec.resolution", "").lower().split("x")[0]
    if said.isdecimal() and 32 <= int(said) <= 4096:
        return int(said)
    return 512 if family == "sd2" and prediction == "epsilon" else NATIVE_RESOLUTION[family]


def _refusal(what: str | None) -> str:
    return f"Loom cannot train on {what} yet; it knows Stable Diffusion 1.x, 2.x and XL." if what else ""

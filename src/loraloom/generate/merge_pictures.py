"""`python -m loraloom.generate.merge_pictures REQUEST.json`: base and LoRA as one checkpoint in the original layout."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loraloom.generate.once import once
from loraloom.models.header import read_header
from loraloom.models.resolve import BaseModel, resolve
from loraloom.spec.errors import LoomError
from loraloom.spec.merged import MergePicturesRequest, MergeResult

if TYPE_CHECKING:
    from torch import Tensor

    from loraloom.generate.parts import Parts
    from loraloom.generate.playground.swap import Fitted

ALLOWED = {"F32": 1e-3, "F16": 3e-2, "BF16": 1e-1}
"""Largest difference of predictions by number format, as a share of the largest: rounding of the sum of two weights."""
ARCHITECTURES = {"sd1": "stable-diffusion-v1", "sd2": "stable-diffusion-v2", "sdxl": "stable-diffusion-xl-v1-base"}
SIDE = 8


def merge(request: MergePicturesRequest) -> MergeResult:
    """Write the merged model, read it back and compare. Raises LoomError of `resolve`, `load_parts` and reading a LoRA;
    `base_model_unknown`, `lora_not_reproduced`, `not_writable`, `disk_full`."""
    import torch

    from loraloom.generate.original import refuse_own_words
    from loraloom.generate.parts import load_parts
    from loraloom.generate.quiet import quiet

    quiet()
    began = time.monotonic()
    base = resolve(request.base)
    family: Any = base.family
    if family not in ARCHITECTURES:
        raise LoomError("base_model_mismatch", f"{base.name} draws nothing.", "Name the base of this LoRA.")
    parts = load_parts(base, family, torch.float32)
    refuse_own_words(parts)
    lora = _fit(parts, Path(request.lora))
    expected = _predicted(parts, (lora, request.strength))
    work_in(lora, request.strength)
    out = Path(request.out)
    beside = out.with_name(f".{out.name}.{os.getpid()}.part.safetensors")
    try:
        dtype = _write(base, parts, beside, request.title or base.name)
        difference = _compare(beside, parts, expected, dtype)
        beside.replace(out)
    except OSError as error:
        code = "disk_full" if error.errno == 28 else "not_writable"
        raise LoomError(code, f"{out.name} cannot be written: {error.strerror}.", "Choose another folder.") from error
    finally:
        beside.unlink(missing_ok=True)
    return MergeResult(folder=str(out), dtype=dtype, difference=difference, seconds=round(time.monotonic() - began, 3))


def _fit(parts: Parts, file: Path) -> Fitted:
    from loraloom.generate.playground.fitting import Wardrobe

    components: Any = {"unet": parts.unet, **parts.text_encoders}
    lora = Wardrobe(components, 1 << 40).fit(file)
    if lora.warnings:
        raise LoomError("lora_mismatch", lora.warnings[0], "Name the base that it was trained on.")
    return lora


def work_in(lora: Fitted, strength: float) -> None:
    """Add `strength` times the LoRA to the weights that it is fitted to; biases too where it has some."""
    import torch

    from loraloom.generate.playground.deltas import low_rank
    from loraloom.generate.playground.terms import Whole

    with torch.no_grad():
        for layer in lora.layers:
            module: Any = layer.module
            term, weight = layer.term, module.weight
            if isinstance(term, Whole):
                if term.weight is not None:
                    weight += strength * term.weight
                if term.bias is not None:
                    both = term.bias * strength + (0 if module.bias is None else module.bias)
                    module.bias = torch.nn.Parameter(both, requires_grad=False)
                continue
            change = low_rank(term.down, term.up, term.mid).reshape(weight.shape)
            if term.gain is not None:
                change = change + weight * term.gain.reshape(-1, *(1,) * (weight.dim() - 1))
            weight += strength * change


def _write(base: BaseModel, parts: Parts, out: Path, title: str) -> str:
    """Returns the number format of the UNet, by safetensors' names."""
    from loraloom.generate.original import text_weights, unet_weights, whole

    assert base.path is not None
    if base.layout != "single_file":
        kept = _format_of(next((base.path / "unet").glob("*.safetensors")))
        return _save(whole(parts), {}, kept, out, _header(parts, title, {}))
    header = read_header(base.path)
    changed = unet_weights(parts) | text_weights(parts, header.tensors)
    known = {name: tensor for name, tensor in changed.items() if name in header.tensors}
    lost = [name for name in changed if name not in header.tensors and name.endswith(".bias") and "in_proj" not in name]
    if lost:
        raise LoomError("lora_mismatch", f"{base.name} has no place for {lost[0]}.", "Publish the LoRA itself.")
    formats = {name: header.tensors[name].dtype for name in known}
    unet = next(dtype for name, dtype in formats.items() if name.startswith("model.diffusion_model."))
    _save(known, formats, unet, out, _header(parts, title, header.metadata), base.path)
    return unet


def _save(
    tensors: dict[str, Tensor],
    formats: dict[str, str],
    usual: str,
    out: Path,
    metadata: dict[str, str],
    source: Path | None = None,
) -> str:
    """Write `tensors`, each in its format (`usual` for the others), over those of the file `source`, which go along."""
    from safetensors.torch import load_file, save_file

    whole = load_file(source) if source is not None else {}
    dtypes = _dtypes()
    for name, tensor in tensors.items():
        dtype = dtypes[formats.get(name, usual)] if tensor.is_floating_point() else tensor.dtype
        shape = whole[name].shape if name in whole else tensor.shape
        whole[name] = tensor.detach().to(dtype).reshape(shape).contiguous().clone()
    save_file(whole, out, metadata)
    return usual


def _header(parts: Parts, title: str, known: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in known.items() if name not in ("modelspec.hash_sha256", "sshs_model_hash")}
    predicts = "v" if parts.prediction == "v_prediction" else "epsilon"
    said = {"modelspec.sai_model_spec": "1.0.1", "modelspec.architecture": ARCHITECTURES[parts.family]}
    return {"format": "pt", **said, "modelspec.prediction_type": predicts, **kept, "modelspec.title": title}


def _format_of(file: Path) -> str:
    formats = {info.dtype for info in read_header(file).tensors.values()}
    return next((name for name in ("F16", "BF16") if name in formats), "F32")


def _dtypes() -> dict[str, Any]:
    import torch

    return {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def _compare(file: Path, parts: Parts, expected: list[Tensor], dtype: str) -> float:
    """The largest difference as a share. Raises LoomError `lora_not_reproduced`."""
    import torch

    from loraloom.generate.parts import load_parts

    found = _predicted(load_parts(resolve(str(file)), parts.family, torch.float32), None)
    shares = [float((a - b).abs().max() / b.abs().max().clamp_min(1e-6)) for a, b in zip(found, expected, strict=True)]
    if not max(shares) <= ALLOWED.get(dtype, 0.1):
        raise LoomError(
            "lora_not_reproduced",
            f"The merged model differs from base and LoRA by {max(shares):.2g} of what it predicts.",
            "Please report this.",
        )
    return max(shares)


def _predicted(parts: Parts, use: tuple[Fitted, float] | None) -> list[Tensor]:
    """What text encoders and UNet answer to made-up inputs, with the LoRA on or without."""
    import torch

    from loraloom.generate.playground.swap import Swap, Use

    swap = Swap()
    swap.put_on([Use(use[0], use[1], {})] if use is not None else [])
    made = torch.Generator().manual_seed(0)
    answers: list[Tensor] = []
    with torch.inference_mode():
        for encoder in parts.text_encoders.values():
            module: Any = encoder
            ids = torch.randint(0, 40000, (1, 77), generator=made)
            ids[0, -1] = 49407
            answers += list(module(ids, output_hidden_states=True).hidden_states[-2:])
        config = parts.unet.config
        text = torch.randn(1, 77, config.cross_attention_dim, generator=made)
        noise = torch.randn(1, config.in_channels, SIDE, SIDE, generator=made)
        more: dict[str, Any] = {}
        if parts.family == "sdxl":
            pooled = config.projection_class_embeddings_input_dim - 6 * config.addition_time_embed_dim
            sizes = torch.tensor([[512.0, 512, 0, 0, 512, 512]])
            more = {"added_cond_kwargs": {"text_embeds": torch.randn(1, pooled, generator=made), "time_ids": sizes}}
        answers.append(parts.unet(noise, torch.tensor([500]), text, **more).sample)
    swap.put_on([])
    return answers


def main(arguments: list[str]) -> int:
    """Exit code 0 when something was merged, 1 when not (the answer says why), 2 for wrong usage."""
    return once(
        arguments, "loraloom.generate.merge_pictures", MergePicturesRequest, MergeResult, merge, "Nothing was merged"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

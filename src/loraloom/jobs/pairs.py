"""Pairs of card, driver and packages that are known not to work, each with a sentence and what to do.

Sources: NVIDIA, "CUDA Minor Version Compatibility", table 1 (drivers); PyTorch, RELEASE.md, "CUDA support matrix" (cards).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import BaseModel, ConfigDict

INDEX = "Choose the build for your card at pytorch.org/get-started."
LEAST_DRIVER = {11: 450, 12: 525, 13: 580}
"""CUDA's major version and the first driver that runs it."""


class BadPair(BaseModel):
    """Something that will not work: a stable code, a sentence, and what to do."""

    model_config = ConfigDict(frozen=True)

    code: str
    message: str
    hint: str


def problems(
    cards: Mapping[str, str],
    driver: str | None,
    torch_cuda: str | None,
    versions: Mapping[str, str | None],
    driven: bool = False,
) -> Iterator[BadPair]:
    """What is wrong. `cards`: name -> compute capability (`8.9`); `torch_cuda`: the CUDA of the torch build, or None;
    `driven`: whether NVIDIA's driver is there, even where no card can be asked."""
    if versions.get("torch") is None:
        yield BadPair(code="torch_missing", message="torch is not installed.", hint="Install LoRA Loom again.")
        return
    if driven and not cards:
        message = "There is an NVIDIA driver, but its cards cannot be asked."
        yield BadPair(code="nvml_missing", message=message, hint="Install the extra: pip install 'loraloom[gpu]'.")
    if torch_cuda is None:
        if driven or cards:
            message = f"torch {versions['torch']} was built without CUDA: the NVIDIA card is not used."
            yield BadPair(code="torch_without_cuda", message=message, hint=INDEX)
        return
    if not cards:
        return
    built = _numbers(torch_cuda)
    least = LEAST_DRIVER.get(built[0])
    if driver is not None and least is not None and _numbers(driver)[0] < least:
        message = f"The driver {driver} is too old for CUDA {torch_cuda}, which torch was built with."
        yield BadPair(code="driver_too_old", message=message, hint=f"Install driver {least} or newer. {INDEX}")
    for name, capability in cards.items():
        if (why := _missing(_numbers(capability), built)) is not None:
            message = (
                f"torch was built with CUDA {torch_cuda}, without code for {name} (compute capability {capability})."
            )
            yield BadPair(code="card_not_in_torch", message=message, hint=f"{why} {INDEX}")
    if versions.get("bitsandbytes") is None:
        message = "bitsandbytes is not installed: the optimizer cannot keep its state in 8 bits."
        yield BadPair(code="no_8bit", message=message, hint="Install the extra: pip install 'loraloom[gpu]'.")


def _missing(capability: tuple[int, ...], built: tuple[int, ...]) -> str | None:
    """Why wheels built with CUDA `built` have no code for a card; None when they have."""
    if capability >= (10, 0) and built < (12, 8):
        return "It needs a torch built with CUDA 12.8 or newer."
    if capability < (7, 5) and built >= (13,):
        return "It needs a torch built with CUDA 12.6, the last for this card."
    if capability < (7, 0) and built >= (12, 8):
        return "It needs a torch built with CUDA 12.6, the last for this card."
    return None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit()) or (0,)

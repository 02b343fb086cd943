"""`loraloom machine`: what this machine has for training, and what is known not to work on it."""

from __future__ import annotations

from typing import Annotated

import typer

from loraloom.cli.show import note, print_json


def machine(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Show devices, their free memory and what uses it, fast dtypes, disk, versions, and pairs that will not work."""
    from loraloom.data.home import home
    from loraloom.jobs.hardware import look

    place = home()
    place.mkdir(parents=True, exist_ok=True)
    found = look(place)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    for device in found.devices:
        capability = f", compute capability {device.capability}" if device.capability else ""
        print(f"{device.id}  {device.name}{capability}")
        print(
            f"    memory {_gb(device.memory_free)} free of {_gb(device.memory_total)}; fast: {', '.join(device.dtypes)}"
        )
        for user in device.used_by:
            held = "?" if user.memory is None else _gb(user.memory)
            print(f"    {held} used by {user.name} ({user.pid})")
    print(f"{found.cores} cores, disk {_gb(found.disk_free)} free of {_gb(found.disk_total)}")
    installed = [f"{name} {version or '(not installed)'}" for name, version in found.versions.items()]
    print(f"{found.system}, Python {found.python}; {', '.join(installed)}")
    if found.driver or found.torch_cuda:
        print(f"driver {found.driver or 'unknown'}, torch built with CUDA {found.torch_cuda or '(none)'}")
    for problem in found.problems:
        note(f"{problem.message} {problem.hint}")


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB"

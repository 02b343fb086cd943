"""How runs go to a Kubernetes cluster, as the operator writes it down."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ByteSize, ConfigDict, Field, ValidationError, field_validator

from loraloom.spec.errors import LoomError, Problem


def _text(value: Any) -> Any:
    """YAML reads `cpu: 2` as a number; the API wants text."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Quantity = Annotated[str, BeforeValidator(_text), Field(pattern=r"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", max_length=253)]
Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$", max_length=63)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Toleration(_Frozen):
    """Lets a pod onto nodes that are tainted, as Kubernetes writes it."""

    key: str = ""
    operator: Literal["Exists", "Equal"] = "Equal"
    value: str = ""
    effect: Literal["", "NoSchedule", "PreferNoSchedule", "NoExecute"] = ""


class GpuClass(_Frozen):
    """Nodes with one kind of GPU."""

    name: Label
    memory_bytes: ByteSize
    """Memory of one GPU, as a number or like `24GiB`."""
    resource: str = "nvidia.com/gpu"
    """What the device plugin calls it; a slice of a card has a name of its own."""
    count: int = Field(1, ge=1)
    """GPUs that a run is given."""
    node_selector: dict[str, str] = {}
    tolerations: tuple[Toleration, ...] = ()
    cpu: Quantity | None = None
    memory: Quantity | None = None
    """Instead of `Settings.cpu` and `Settings.memory`."""


class Settings(_Frozen):
    """Quantities (`cpu`, `memory`, `disk`) are written as Kubernetes does: `2`, `500m`, `16Gi`."""

    image: str = Field(min_length=1)
    """The image of the worker, with a tag or a digest."""
    server_url: str = Field(pattern=r"^https?://")
    """Where pods reach this server."""
    namespace: Name = "loraloom"
    instance: Label = "loraloom"
    """Tells servers that share a namespace apart."""
    command: tuple[str, ...] = Field(("loraloom", "worker"), min_length=1)
    classes: tuple[GpuClass, ...] = ()
    """No classes: every run is given a CPU alone."""
    most_jobs: int = Field(8, ge=1, le=1000)
    """Jobs at once for each class, those that wait for a GPU among them: give as many as there are GPUs, and a few more."""
    cpu: Quantity = "2"
    memory: Quantity = "16Gi"
    """Asked for and limit at once: a pod that stays below is the last to be evicted."""
    disk: Quantity = "50Gi"
    """The most that data, base, checkpoints and temporary files of one run take on the node."""
    shared_memory: Quantity = "1Gi"
    service_account: Name = "default"
    image_pull_secrets: tuple[Name, ...] = ()
    run_as_user: int = Field(10001, ge=1)
    priority_classes: dict[int, Name] = {}
    """Lowest priority of a run -> name of a PriorityClass. A run below all of them is given none."""
    kueue_queue: Name | Literal[""] = ""
    """Name of Kueue's LocalQueue. Jobs are created suspended then, and Kueue lets them go."""
    env: dict[str, str] = {}
    """More variables for the worker, such as a proxy."""
    grace_seconds: int = Field(60, ge=1)
    """What a pod is given to write its last checkpoint when it must go."""
    ttl_seconds_after_finished: int = Field(3600, ge=0)
    active_deadline_seconds: int | None = Field(None, ge=1)
    """The longest that a run may take once it has a node; None: no limit."""
    node_lost_seconds: int = Field(60, ge=0)
    """How long a node may be silent before its run is given to another."""
    image_patience_seconds: int = Field(300, ge=0)
    """How long an image that cannot be pulled is tried again before the run fails."""
    kubeconfig: Path | None = None
    """None: the service account of the pod that the server runs in, or the usual place (KUBECONFIG, ~/.kube/config)."""
    context: str | None = None

    @field_validator("classes")
    @classmethod
    def _differ(cls, classes: tuple[GpuClass, ...]) -> tuple[GpuClass, ...]:
        if len({one.name for one in classes}) < len(classes):
            raise ValueError("two classes have the same name")
        return classes

    @classmethod
    def of(cls, content: dict[str, Any]) -> Settings:
        """`content` of the operator's file. Raises LoomError `config_invalid` with every fault."""
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            problems = tuple(
                Problem(key=".".join(map(str, fault["loc"])), value=fault["input"], message=fault["msg"])
                for fault in error.errors()
            )
            text = "; ".join(f"{problem.key}: {problem.message}" for problem in problems)
            raise LoomError(
                "config_invalid", f"The settings of Kubernetes are wrong: {text}.", "See docs/kubernetes.md.", problems
            ) from None

    def class_for(self, needs_bytes: int | None, cards: int = 1) -> GpuClass | None:
        """The smallest class with `cards` GPUs whose memory holds `needs_bytes`; the largest when nobody knows (None); None
        for a run that needs no GPU (0), or when there are no classes and nobody knows. Raises LoomError `no_such_device`."""
        if needs_bytes == 0 or (needs_bytes is None and not self.classes):
            return None
        enough = [one for one in self.classes if one.count >= cards]
        if self.classes and not enough:
            text = f"The run needs {cards} GPUs together, and no class of the cluster gives so many."
            raise LoomError("no_such_device", text, "Lower training.processes, or add a class with that `count`.")
        by_size = sorted(enough, key=lambda one: (one.memory_bytes, one.count))
        if needs_bytes is None:
            return by_size[-1]
        for one in by_size:
            if one.memory_bytes >= needs_bytes:
                return one
        needed = f"The run needs {_size(needs_bytes)} of GPU memory"
        if not by_size:
            text = f"{needed}, and no GPUs of the cluster are set up."
            raise LoomError("no_such_device", text, "Add them to `classes`, or train on a CPU.")
        largest = by_size[-1]
        text = f"{needed}, and the largest GPU of the cluster ({largest.name}) has {_size(largest.memory_bytes)}."
        hint = "Lower training.batch_size, dataset.resolution or lora.rank, or turn on training.gradient_checkpointing."
        raise LoomError("no_such_device", text, hint)

    def priority_class(self, priority: int) -> str | None:
        """The class of the highest threshold that `priority` reaches."""
        reached = [threshold for threshold in self.priority_classes if threshold <= priority]
        return self.priority_classes[max(reached)] if reached else None


def _size(count: int) -> str:
    """In GB of 2^30, as memory of cards is given everywhere else."""
    return f"{count / (1 << 30):.1f} GB"

"""What every pod of the chart must hold to: pod security "restricted", resources said, references that lead somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Object = dict[str, Any]
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
"""Kinds of volumes that pod security "restricted" allows (kubernetes.io/docs/concepts/security/pod-security-standards)."""


def pods(objects: list[Object]) -> Iterator[tuple[str, Object]]:
    """Every pod, with the name of what makes it and with its metadata."""
    for one in objects:
        where = f"{one['kind']} {one['metadata']['name']}"
        if one["kind"] == "Pod":
            yield where, one
        elif one["kind"] in ("Deployment", "StatefulSet", "Job"):
            claims = [claim["metadata"]["name"] for claim in one["spec"].get("volumeClaimTemplates", ())]
            yield where, {**one["spec"]["template"], "claims": claims}


def containers(pod: Object) -> list[Object]:
    """All containers of a pod, those that come first too."""
    return [*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"]]


def security_faults(pod: Object) -> Iterator[str]:
    """Breaches of "restricted" (v1.34), and of what this project asks beyond it."""
    spec = pod["spec"]
    own = spec.get("securityContext", {})
    if not own.get("runAsNonRoot") or not own.get("runAsUser"):
        yield "runs as root or as whoever the image says"
    if own.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
        yield "has no seccomp profile"
    if any(spec.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")):
        yield "shares something with its host"
    for volume in spec.get("volumes", ()):
        if not set(volume) - {"name"} <= VOLUMES:
            yield f"volume {volume['name']} is of a kind that is not allowed"
    for container in containers(pod):
        security = container.get("securityContext", {})
        if security.get("allowPrivilegeEscalation") is not False or security.get("privileged"):
            yield f"{container['name']} may gain privileges"
        if security.get("capabilities") != {"drop": ["ALL"]}:
            yield f"{container['name']} keeps capabilities"
        if not security.get("readOnlyRootFilesystem"):
            yield f"{container['name']} may write into its image"
        if security.get("runAsUser") == 0 or security.get("runAsNonRoot") is False:
            yield f"{container['name']} runs as root"


def container_faults(pod: Object) -> Iterator[str]:
    """Missing resources, images without a version, names of variables, mounts and ports that do not fit."""
    volumes = {volume["name"] for volume in pod["spec"].get("volumes", ())}
    for container in containers(pod):
        name = container["name"]
        resources = container.get("resources", {})
        if not {"cpu", "memory"} <= set(resources.get("requests", {})) or "memory" not in resources.get("limits", {}):
            yield f"{name} does not say what it needs"
        for key, asked in resources.get("requests", {}).items():
            if "/" in key and resources.get("limits", {}).get(key) != asked:
                yield f"{name} must have the same limit of {key} as it requests"
        image = container["image"].rpartition("/")[2]
        if ":" not in image or image.endswith(":latest"):
            yield f"{name} has an image without a version: {image}"
        variables = [variable["name"] for variable in container.get("env", ())]
        for twice in {one for one in variables if variables.count(one) > 1}:
            yield f"{name} sets {twice} twice"
        ports = {port["name"] for port in container.get("ports", ())}
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            port = container.get(probe, {}).get("httpGet", {}).get("port")
            if port is not None and port not in ports:
                yield f"{name}: the {probe} asks port {port}, which it has not"
    made = volumes | set(pod.get("claims", ()))
    for container in containers(pod):
        for mount in container.get("volumeMounts", ()):
            if mount["name"] not in made:
                yield f"{container['name']} mounts {mount['name']}, which is not there"


def references(pod: Object) -> Iterator[tuple[str, str, str | None]]:
    """(kind, name, key) of everything that the pod needs to be there."""
    spec = pod["spec"]
    if spec.get("serviceAccountName"):
        yield "ServiceAccount", spec["serviceAccountName"], None
    for volume in spec.get("volumes", ()):
        if "secret" in volume:
            for item in volume["secret"].get("items", ({"key": None},)):
                yield "Secret", volume["secret"]["secretName"], item["key"]
        if "configMap" in volume:
            yield "ConfigMap", volume["configMap"]["name"], None
        if "persistentVolumeClaim" in volume:
            yield "PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"], None
    for container in containers(pod):
        for variable in container.get("env", ()):
            source = variable.get("valueFrom", {}).get("secretKeyRef")
            if source:
                yield "Secret", source["name"], source["key"]

"""Which pods may talk to which by the chart's network policies: a small reading of networking.k8s.io/v1."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Object = dict[str, Any]
NAME = "kubernetes.io/metadata.name"


@dataclass(frozen=True)
class Peer:
    """A pod, or an address outside the cluster (`address` is set, and no policy is about it)."""

    namespace: str = ""
    labels: dict[str, str] = field(default_factory=dict[str, str])
    ports: dict[str, int] = field(default_factory=dict[str, int])
    address: str = ""


def may(policies: list[Object], source: Peer, target: Peer, port: int) -> bool:
    """Whether `source` may open a TCP connection to `port` of `target`."""
    out = [one for one in policies if _about(one, source) and "Egress" in one["spec"]["policyTypes"]]
    into = [one for one in policies if _about(one, target) and "Ingress" in one["spec"]["policyTypes"]]
    return (not out or any(_opens(one, "egress", "to", target, target, port) for one in out)) and (
        not into or any(_opens(one, "ingress", "from", source, target, port) for one in into)
    )


def _about(policy: Object, peer: Peer) -> bool:
    same = policy["metadata"].get("namespace") == peer.namespace
    return not peer.address and same and _selects(policy["spec"]["podSelector"], peer.labels)


def _opens(policy: Object, way: str, end: str, other: Peer, target: Peer, port: int) -> bool:
    for rule in policy["spec"].get(way, ()):
        ports = rule.get("ports")
        if ports is not None and not any(_is_port(one, target, port) for one in ports):
            continue
        peers = rule.get(end)
        if not peers or any(_is_peer(one, other, policy["metadata"]["namespace"]) for one in peers):
            return True
    return False


def _is_port(said: Object, target: Peer, port: int) -> bool:
    wanted = said.get("port")
    number = target.ports.get(wanted) if isinstance(wanted, str) else wanted
    return said.get("protocol", "TCP") == "TCP" and number == port


def _is_peer(said: Object, peer: Peer, here: str) -> bool:
    if "ipBlock" in said:
        from ipaddress import ip_address, ip_network

        if not peer.address:  # a pod has an address too, but who says which: take it as outside the exceptions
            return True
        address, block = ip_address(peer.address), said["ipBlock"]
        inside = address in ip_network(block["cidr"])
        return inside and not any(address in ip_network(one) for one in block.get("except", ()))
    if peer.address:
        return False
    spaces = said.get("namespaceSelector")
    if spaces is None and peer.namespace != here:
        return False
    if spaces is not None and not _selects(spaces, {NAME: peer.namespace}):
        return False
    return _selects(said.get("podSelector", {}), peer.labels)


def _selects(selector: Object, labels: dict[str, str]) -> bool:
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    for one in selector.get("matchExpressions", ()):
        if one["operator"] != "In":
            raise ValueError(f"{one['operator']} is not known here")
        if labels.get(one["key"]) not in one["values"]:
            return False
    return True

"""Warnings about the pods of a template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from k8slab.emulator.registry.warnings.values import address_warnings
from k8slab.kube.objects import Obj, dig
from k8slab.kube.quantities import parse_quantity

_NODE_LABELS: Mapping[str, str] = {
    "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
    "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
    "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
    "app.kubernetes.io/created-by": "deprecated since v1.9",
    "scheduler.alpha.kubernetes.io/preferAvoidPods": "deprecated since v1.22; use Taints and Tolerations instead",
}
_ANNOTATIONS: Mapping[str, str] = {
    "scheduler.alpha.kubernetes.io/critical-pod": 'non-functional in v1.16+; use the "priorityClassName" field instead',
    "security.alpha.kubernetes.io/sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
    "security.alpha.kubernetes.io/unsafe-sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
}
_VOLUMES: Mapping[str, str] = {
    "photonPersistentDisk": "deprecated in v1.11, non-functional in v1.16+",
    "gitRepo": "deprecated in v1.11, and disabled by default in v1.33+",
    "scaleIO": "deprecated in v1.16, non-functional in v1.22+",
    "flocker": "deprecated in v1.22, non-functional in v1.25+",
    "storageos": "deprecated in v1.22, non-functional in v1.25+",
    "quobyte": "deprecated in v1.22, non-functional in v1.25+",
    "glusterfs": "deprecated in v1.25, non-functional in v1.26+",
    "cephfs": "deprecated in v1.28, non-functional in v1.31+",
    "rbd": "deprecated in v1.28, non-functional in v1.31+",
}
_SECCOMP = "seccomp.security.alpha.kubernetes.io/pod"
_BYTES = ("memory", "ephemeral-storage")
_TERMS = "requiredDuringSchedulingIgnoredDuringExecution"
_WEIGHTED = "preferredDuringSchedulingIgnoredDuringExecution"
_NO_SELECTOR = "a null labelSelector results in matching no pod"


def pod_warnings(template: Obj, path: str = "") -> Iterator[str]:
    """Yield what is to say of a pod, or of the template at ``path`` (with a final dot)."""
    spec, meta = template.get("spec") or {}, template.get("metadata") or {}
    yield from _selectors(spec, f"{path}spec")
    annotations = meta.get("annotations") or {}
    yield from (
        f"{path}metadata.annotations[{key}]: {text}" for key, text in _ANNOTATIONS.items() if key in annotations
    )
    yield from _volumes(spec, f"{path}spec.volumes")
    yield from _repeated(spec.get("hostAliases"), "ip", f"{path}spec.hostAliases", "duplicate ip")
    yield from _pull_secrets(spec.get("imagePullSecrets") or [], f"{path}spec.imagePullSecrets")
    if _SECCOMP in annotations and dig(spec, "securityContext", "seccompProfile") is None:
        text = 'non-functional in v1.27+; use the "seccompProfile" field instead'
        yield f"{path}metadata.annotations[{_SECCOMP}]: {text}"
    for where, container in _containers(spec, f"{path}spec"):
        yield from _fractions(container, where)
        yield from _hidden(container.get("env") or [], f"{where}.env")
    yield from _ports(spec, f"{path}spec")
    if (spec.get("terminationGracePeriodSeconds") or 0) < 0:
        detail = "must be >= 0; negative values are invalid and will be treated as 1"
        yield f"{path}spec.terminationGracePeriodSeconds: {detail}"
    for kind in ("podAffinity", "podAntiAffinity"):
        yield from _affinity(dig(spec, "affinity", kind, default={}), f"{path}spec.affinity.{kind}")
    for index, address in enumerate(dig(spec, "dnsConfig", "nameservers", default=[])):
        yield from address_warnings(address, f"{path}spec.dnsConfig.nameservers[{index}]")
    for index, alias in enumerate(spec.get("hostAliases") or []):
        yield from address_warnings(str(alias.get("ip", "")), f"{path}spec.hostAliases[{index}].ip")


def _containers(spec: Obj, path: str) -> Iterator[tuple[str, Obj]]:
    for field in ("initContainers", "containers", "ephemeralContainers"):
        for index, container in enumerate(spec.get(field) or []):
            yield f"{path}.{field}[{index}]", container


def _selectors(spec: Obj, path: str) -> Iterator[str]:
    for key in spec.get("nodeSelector") or {}:
        if key in _NODE_LABELS:
            yield f"{path}.nodeSelector[{key}]: {_NODE_LABELS[key]}"
    for index, spread in enumerate(spec.get("topologySpreadConstraints") or []):
        where, key = f"{path}.topologySpreadConstraints[{index}]", spread.get("topologyKey", "")
        if key in _NODE_LABELS:
            yield f"{where}.topologyKey: {key} is {_NODE_LABELS[key]}"
        if spread.get("labelSelector") is None:
            yield f"{where}.labelSelector: {_NO_SELECTOR}"


def _affinity(affinity: Obj, path: str) -> Iterator[str]:
    for index, term in enumerate(affinity.get(_TERMS) or []):
        if term.get("labelSelector") is None:
            yield f"{path}.{_TERMS}[{index}].labelSelector: {_NO_SELECTOR}"
    for index, term in enumerate(affinity.get(_WEIGHTED) or []):
        if dig(term, "podAffinityTerm", "labelSelector") is None:
            yield f"{path}.{_WEIGHTED}[{index}].podAffinityTerm.labelSelector: {_NO_SELECTOR}"


def _volumes(spec: Obj, path: str) -> Iterator[str]:
    for index, volume in enumerate(spec.get("volumes") or []):
        for source, text in _VOLUMES.items():
            if volume.get(source) is not None:
                yield f"{path}[{index}].{source}: {text}"
    for volume in spec.get("volumes") or []:
        if any(not source for source in dig(volume, "projected", "sources", default=[])):
            yield f'volume "{volume.get("name", "")}" (Projected) has no sources provided'


def _repeated(entries: list[Obj] | None, field: str, path: str, text: str) -> Iterator[str]:
    seen: set[Any] = set()
    for index, entry in enumerate(entries or []):
        value = entry.get(field, "")
        if value in seen:
            yield f'{path}[{index}].{field}: {text} "{value}"'
        seen.add(value)


def _pull_secrets(secrets: list[Obj], path: str) -> Iterator[str]:
    yield from _repeated(secrets, "name", path, "duplicate name")
    for index, secret in enumerate(secrets):
        if not secret.get("name"):
            yield f'{path}[{index}].name: invalid empty name ""'


def _fractions(container: Obj, path: str) -> Iterator[str]:
    for name in _BYTES:
        for field in ("limits", "requests"):
            value = dig(container, "resources", field, name)
            if value is not None and parse_quantity(value) % 1:
                where = f"{path}.resources.{field}[{name}]"
                yield f'{where}: fractional byte value "{value}" is invalid, must be an integer'


def _hidden(env: list[Obj], path: str) -> Iterator[str]:
    seen: set[str] = set()
    for index, entry in enumerate(env):
        name, value = entry.get("name", ""), entry.get("value", "")
        reference = f"$({name})"
        # A value that builds on the previous one is what the repetition is for.
        builds_on = reference in value and value != reference and not entry.get("valueFrom")
        if name in seen and not builds_on:
            yield f'{path}[{index}]: hides previous definition of "{name}", which may be dropped when using apply'
        seen.add(name)


def _ports(spec: Obj, path: str) -> Iterator[str]:
    known: dict[tuple[Any, Any], list[tuple[str, Obj]]] = {}
    for where, port in _all_ports(spec, path):
        others = known.setdefault((port.get("containerPort"), port.get("protocol")), [])
        for other_place, other in others:
            text = _clash(port, other)
            if text:
                yield f"{where}: {text} port definition with {other_place}"
        others.append((where, port))
    names: dict[str, str] = {}
    for where, port in _all_ports(spec, path):
        name = port.get("name", "")
        if name in names:
            first = names[name]
            yield (
                f'{where}: duplicate port name "{name}" with {first}, '
                f"services and probes that select ports by name will use {first}"
            )
        elif name:
            names[name] = where


def _all_ports(spec: Obj, path: str) -> Iterator[tuple[str, Obj]]:
    for where, container in _containers(spec, path):
        for index, port in enumerate(container.get("ports") or []):
            yield f"{where}.ports[{index}]", port


def _clash(one: Obj, other: Obj) -> str:
    ips = one.get("hostIP", ""), other.get("hostIP", "")
    ports = one.get("hostPort", 0), other.get("hostPort", 0)
    if ips[0] == ips[1] and ports[0] == ports[1]:
        return "duplicate"
    if not all(ports):
        return "overlapping"
    return "dangerously ambiguous" if ports[0] == ports[1] and bool(ips[0]) != bool(ips[1]) else ""

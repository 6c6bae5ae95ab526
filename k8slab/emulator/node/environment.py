"""The environment of a container (k8s.io/kubernetes/pkg/kubelet: makeEnvironmentVariables)."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from decimal import ROUND_CEILING, Decimal
from typing import Protocol

from k8slab.emulator.node.node_object import capacity
from k8slab.kube.objects import Obj, annotations_of, dig, labels_of, name_of, namespace_of
from k8slab.kube.quantities import parse_quantity

_REFERENCE = re.compile(r"\$(\$|\(([^)]*)\))")


class ConfigError(Exception):
    """A container cannot be configured: ``CreateContainerConfigError``."""


class ConfigSource(Protocol):
    """Where ConfigMaps and Secrets come from."""

    async def config_map(self, namespace: str, name: str) -> Obj | None:
        """Return a ConfigMap, or None."""
        ...

    async def secret(self, namespace: str, name: str) -> Obj | None:
        """Return a Secret, or None."""
        ...


def expand(text: str, values: Mapping[str, str]) -> str:
    """Replace ``$(NAME)``; an unknown name stays, ``$$`` is a dollar sign."""

    def replace(match: re.Match[str]) -> str:
        if match[1] == "$":
            return "$"
        return values.get(match[2], match[0])

    return _REFERENCE.sub(replace, text)


async def environment(pod: Obj, container: Obj, services: Iterable[Obj], source: ConfigSource) -> dict[str, str]:
    """Return the variables of a container; raises ``ConfigError`` in the kubelet's words."""
    values = service_variables(pod, services)
    for entry in container.get("envFrom") or []:
        values |= await _from_source(pod, entry, source)
    for entry in container.get("env") or []:
        value = await _value(pod, container, entry, source, values)
        if value is not None:
            values[entry["name"]] = value
    return values


def service_variables(pod: Obj, services: Iterable[Obj]) -> dict[str, str]:
    """Return ``NAME_SERVICE_HOST`` and the like for the Services of the namespace, and the API's own."""
    values: dict[str, str] = {}
    for service in services:
        is_api = (namespace_of(service), name_of(service)) == ("default", "kubernetes")
        wanted = dig(pod, "spec", "enableServiceLinks", default=True) and namespace_of(service) == namespace_of(pod)
        address = dig(service, "spec", "clusterIP", default="None")
        if (is_api or wanted) and address not in ("None", ""):
            values |= _links(name_of(service), address, dig(service, "spec", "ports", default=[]))
    return values


def _links(name: str, address: str, ports: list[Obj]) -> dict[str, str]:
    prefix = name.upper().replace("-", "_")
    if not ports:
        return {}
    first = ports[0]
    values = {f"{prefix}_SERVICE_HOST": address, f"{prefix}_SERVICE_PORT": str(first["port"])}
    values |= {
        f"{prefix}_SERVICE_PORT_{p['name'].upper().replace('-', '_')}": str(p["port"]) for p in ports if p.get("name")
    }
    values[f"{prefix}_PORT"] = f"{first.get('protocol', 'TCP').lower()}://{address}:{first['port']}"
    for port in ports:
        protocol = port.get("protocol", "TCP")
        key = f"{prefix}_PORT_{port['port']}_{protocol}"
        values |= {
            key: f"{protocol.lower()}://{address}:{port['port']}",
            f"{key}_PROTO": protocol.lower(),
            f"{key}_PORT": str(port["port"]),
            f"{key}_ADDR": address,
        }
    return values


async def _from_source(pod: Obj, entry: Obj, source: ConfigSource) -> dict[str, str]:
    field = "configMapRef" if entry.get("configMapRef") else "secretRef"
    reference = entry.get(field) or {}
    data = await _data(pod, field.removesuffix("Ref"), reference, source)
    return {entry.get("prefix", "") + key: value for key, value in (data or {}).items()}


async def _data(pod: Obj, kind: str, reference: Obj, source: ConfigSource) -> dict[str, str] | None:
    namespace, name = namespace_of(pod), str(reference.get("name", ""))
    found = await (
        source.config_map(namespace, name) if kind.startswith("configMap") else source.secret(namespace, name)
    )
    if found is None:
        if reference.get("optional"):
            return None
        word = "configmap" if kind.startswith("configMap") else "secret"
        raise ConfigError(f'{word} "{name}" not found')
    data: dict[str, str] = found.get("data") or {}
    if kind.startswith("configMap"):
        return data
    return {key: base64.b64decode(value).decode(errors="replace") for key, value in data.items()}


async def _value(pod: Obj, container: Obj, entry: Obj, source: ConfigSource, known: Mapping[str, str]) -> str | None:
    origin = entry.get("valueFrom")
    if not origin:
        return expand(str(entry.get("value", "")), known)
    if origin.get("fieldRef"):
        return field_value(pod, str(origin["fieldRef"].get("fieldPath", "")))
    if origin.get("resourceFieldRef"):
        return resource_value(container, origin["resourceFieldRef"])
    kind = "configMapKey" if origin.get("configMapKeyRef") else "secretKey"
    reference = origin.get(f"{kind}Ref") or {}
    data = await _data(pod, kind, reference, source)
    key = str(reference.get("key", ""))
    if data is not None and key in data:
        return data[key]
    if reference.get("optional"):
        return None
    word = "ConfigMap" if kind == "configMapKey" else "Secret"
    raise ConfigError(f"couldn't find key {key} in {word} {namespace_of(pod)}/{reference.get('name', '')}")


def field_value(pod: Obj, path: str) -> str:
    """Return a field of the pod as the downward API gives it; raises ``ConfigError`` for an unknown one."""
    match = re.fullmatch(r"metadata\.(labels|annotations)\['(.+)'\]", path)
    if match:
        return (labels_of if match[1] == "labels" else annotations_of)(pod).get(match[2], "")
    if path not in _FIELDS:
        raise ConfigError(f"unsupported fieldPath: {path}")
    return str(dig(pod, *_FIELDS[path], default=""))


_FIELDS = {
    "metadata.name": ("metadata", "name"),
    "metadata.namespace": ("metadata", "namespace"),
    "metadata.uid": ("metadata", "uid"),
    "spec.nodeName": ("spec", "nodeName"),
    "spec.serviceAccountName": ("spec", "serviceAccountName"),
    "status.podIP": ("status", "podIP"),
    "status.podIPs": ("status", "podIP"),
    "status.hostIP": ("status", "hostIP"),
    "status.hostIPs": ("status", "hostIP"),
}


def resource_value(container: Obj, reference: Obj) -> str:
    """Return a limit or request in units of the divisor, rounded up (k8s.io/kubernetes/pkg/api/v1/resource).

    A limit that is not set is what the node has. Raises ``ConfigError``.
    """
    kind, _, name = str(reference.get("resource", "")).partition(".")
    if kind not in ("limits", "requests"):
        raise ConfigError(f"unsupported container resource : {reference.get('resource', '')}")
    given = dig(container, "resources", kind, default={}).get(name)
    amount = given if given is not None else capacity().get(name, "0") if kind == "limits" else "0"
    divisor = parse_quantity(reference.get("divisor") or "1") or Decimal(1)
    return str(int((parse_quantity(amount) / divisor).to_integral_value(ROUND_CEILING)))

"""Rules of pods and pod templates (k8s.io/kubernetes/pkg/apis/core/validation)."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

from k8slab.emulator.registry.validation.names import (
    ENV_NAME,
    LABEL,
    SUBDOMAIN,
    check,
    check_labels,
    port_name_problems,
)  # fmt: skip
from k8slab.kube.objects import Obj, dig
from k8slab.kube.quantities import parse_quantity
from k8slab.kube.status import (
    DUPLICATE,
    FORBIDDEN,
    INVALID,
    NOT_FOUND,
    NOT_SUPPORTED,
    REQUIRED,
    FieldError,
    go_value,
)  # fmt: skip

_PORTS = "must be between 1 and 65535, inclusive"
_ENUMS = {
    "restartPolicy": ("Always", "Never", "OnFailure"),
    "dnsPolicy": ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
}
_PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc")


def one_of(path: str, value: Any, supported: Sequence[str]) -> Iterator[FieldError]:
    """Yield an error when a value is none of the supported ones."""
    if value not in supported:
        listed = ", ".join(f'"{entry}"' for entry in sorted(supported))
        yield FieldError(NOT_SUPPORTED, path, value, f"supported values: {listed}")


def validate_pod(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a pod."""
    yield from validate_pod_spec(obj.get("spec") or {}, "spec")


def validate_template(template: Obj, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with a pod template."""
    yield from check_labels(dig(template, "metadata", "labels", default={}), f"{path}.labels")
    yield from validate_pod_spec(template.get("spec") or {}, f"{path}.spec")


def validate_pod_spec(spec: Obj, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with a pod spec."""
    volumes = spec.get("volumes") or []
    yield from _names(volumes, f"{path}.volumes")
    known = {str(volume.get("name", "")) for volume in volumes}
    yield from _containers(spec, path, known)
    for field, supported in _ENUMS.items():
        if not spec.get(field):
            yield FieldError(REQUIRED, f"{path}.{field}")
        else:
            yield from one_of(f"{path}.{field}", spec[field], supported)
    yield from check_labels(spec.get("nodeSelector") or {}, f"{path}.nodeSelector")
    if spec.get("hostname"):
        yield from check(LABEL, f"{path}.hostname", spec["hostname"])
    if spec.get("subdomain"):
        yield from check(LABEL, f"{path}.subdomain", spec["subdomain"])
    grace = spec.get("terminationGracePeriodSeconds")
    if grace is not None and grace < 0:
        yield FieldError(INVALID, f"{path}.terminationGracePeriodSeconds", grace, "must be greater than or equal to 0")
    if spec.get("serviceAccountName"):
        yield from check(SUBDOMAIN, f"{path}.serviceAccountName", spec["serviceAccountName"])


def _names(entries: Sequence[Obj], path: str) -> Iterator[FieldError]:
    seen: set[str] = set()
    for index, entry in enumerate(entries):
        name = str(entry.get("name", ""))
        if not name:
            yield FieldError(REQUIRED, f"{path}[{index}].name")
            continue
        yield from check(LABEL, f"{path}[{index}].name", name)
        if name in seen:
            yield FieldError(DUPLICATE, f"{path}[{index}].name", name)
        seen.add(name)


def _containers(spec: Obj, path: str, volumes: set[str]) -> Iterator[FieldError]:
    containers = spec.get("containers") or []
    if not containers:
        yield FieldError(REQUIRED, f"{path}.containers")
    yield from _names(containers, f"{path}.containers")
    yield from _names(spec.get("initContainers") or [], f"{path}.initContainers")
    for field in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(field) or []):
            yield from _container(container, f"{path}.{field}[{index}]", volumes)


def _container(container: Obj, path: str, volumes: set[str]) -> Iterator[FieldError]:
    image = container.get("image", "")
    if not image:
        yield FieldError(REQUIRED, f"{path}.image")
    elif image != image.strip():
        yield FieldError(INVALID, f"{path}.image", image, "must not have leading or trailing whitespace")
    yield from one_of(f"{path}.imagePullPolicy", container.get("imagePullPolicy"), _PULL_POLICIES)
    yield from _ports(container.get("ports") or [], f"{path}.ports")
    for index, variable in enumerate(container.get("env") or []):
        yield from _variable(variable, f"{path}.env[{index}]")
    yield from _mounts(container.get("volumeMounts") or [], f"{path}.volumeMounts", volumes)
    yield from _resources(container.get("resources") or {}, f"{path}.resources")
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if container.get(name) is not None:
            yield from _probe(container[name], f"{path}.{name}", must_be_one=name != "readinessProbe")


def _ports(ports: Sequence[Obj], path: str) -> Iterator[FieldError]:
    names: set[str] = set()
    for index, port in enumerate(ports):
        where = f"{path}[{index}]"
        name = port.get("name")
        if name:
            for problem in port_name_problems(name):
                yield FieldError(INVALID, f"{where}.name", name, problem)
            if name in names:
                yield FieldError(DUPLICATE, f"{where}.name", name)
            names.add(name)
        number = port.get("containerPort", 0)
        if not number:
            yield FieldError(REQUIRED, f"{where}.containerPort")
        elif not 0 < number < 65536:  # noqa: PLR2004
            yield FieldError(INVALID, f"{where}.containerPort", number, _PORTS)
        yield from one_of(f"{where}.protocol", port.get("protocol"), _PROTOCOLS)


def _variable(variable: Obj, path: str) -> Iterator[FieldError]:
    name = variable.get("name", "")
    if not name:
        yield FieldError(REQUIRED, f"{path}.name")
    else:
        yield from check(ENV_NAME, f"{path}.name", name)
    if variable.get("value") and variable.get("valueFrom"):
        yield FieldError(INVALID, f"{path}.valueFrom", "", "may not be specified when `value` is not empty")


def _mounts(mounts: Sequence[Obj], path: str, volumes: set[str]) -> Iterator[FieldError]:
    seen: set[str] = set()
    for index, mount in enumerate(mounts):
        where = f"{path}[{index}]"
        name, target = mount.get("name", ""), mount.get("mountPath", "")
        if not name:
            yield FieldError(REQUIRED, f"{where}.name")
        elif name not in volumes:
            yield FieldError(NOT_FOUND, f"{where}.name", name)
        if not target:
            yield FieldError(REQUIRED, f"{where}.mountPath")
        elif target in seen:
            yield FieldError(INVALID, f"{where}.mountPath", target, "must be unique")
        seen.add(target)


def _resources(resources: Obj, path: str) -> Iterator[FieldError]:
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for field, values in (("limits", limits), ("requests", requests)):
        for name, value in values.items():
            if parse_quantity(value) < 0:
                yield FieldError(INVALID, f"{path}.{field}[{name}]", value, "must be greater than or equal to 0")
    for name, value in requests.items():
        if name in limits and parse_quantity(value) > parse_quantity(limits[name]):
            detail = f"must be less than or equal to {name} limit of {limits[name]}"
            yield FieldError(INVALID, f"{path}.requests", value, detail)


def _probe(probe: Obj, path: str, *, must_be_one: bool) -> Iterator[FieldError]:
    found = [name for name in _HANDLERS if probe.get(name) is not None]
    if not found:
        yield FieldError(REQUIRED, path, detail="must specify a handler type")
    for extra in found[1:]:
        yield FieldError(FORBIDDEN, f"{path}.{extra}", detail="may not specify more than 1 handler type")
    for field in ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"):
        if (probe.get(field) or 0) < 0:
            yield FieldError(INVALID, f"{path}.{field}", probe[field], "must be greater than or equal to 0")
    if must_be_one and probe.get("successThreshold", 1) != 1:
        yield FieldError(INVALID, f"{path}.successThreshold", probe["successThreshold"], "must be 1")
    port = dig(probe, found[0], "port") if found else None
    if isinstance(port, int) and not 0 < port < 65536:  # noqa: PLR2004
        yield FieldError(INVALID, f"{path}.{found[0]}.port", port, _PORTS)
    if isinstance(port, str):
        for problem in port_name_problems(port):
            yield FieldError(INVALID, f"{path}.{found[0]}.port", port, problem)


_MUTABLE = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def validate_pod_update(new: Obj, old: Obj) -> Iterator[FieldError]:
    """Yield an error when more than images, tolerations or the deadline changed."""
    if len(new["spec"]["containers"]) != len(old["spec"]["containers"]):
        yield FieldError(FORBIDDEN, "spec.containers", detail="pod updates may not add or remove containers")
        return
    before, after = (entry["spec"].get("schedulingGates") or [] for entry in (old, new))
    if any(gate not in before for gate in after):
        yield FieldError(
            FORBIDDEN, "spec.schedulingGates", detail="only deletion is allowed, but found new scheduling gate"
        )
    if _fixed(new) != _fixed(old):
        yield FieldError(FORBIDDEN, "spec", detail=f"{_MUTABLE}\n{_difference(_fixed(new), _fixed(old))}")


def _fixed(pod: Obj) -> Obj:
    spec = copy.deepcopy(pod["spec"])
    for field in ("containers", "initContainers"):
        for container in spec.get(field) or []:
            container.pop("image", None)
    for field in ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "schedulingGates"):
        spec.pop(field, None)
    return dict(spec)


def _difference(new: Obj, old: Obj) -> str:
    changed = [key for key in sorted({*new, *old}) if new.get(key) != old.get(key)]
    lines = [f"- {key}: {go_value(old.get(key))}\n+ {key}: {go_value(new.get(key))}" for key in changed]
    return "\n".join(lines) + "\n"

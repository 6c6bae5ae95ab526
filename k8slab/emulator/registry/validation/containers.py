"""Rules of containers (validateContainers of pkg/apis/core/validation)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from k8slab.emulator.registry.validation.environment import validate_sources, validate_variables
from k8slab.emulator.registry.validation.names import LABEL, check, port_name_problems
from k8slab.emulator.registry.validation.probes import validate_probes
from k8slab.emulator.registry.validation.resources import validate_resources
from k8slab.emulator.registry.validation.security import validate_security
from k8slab.emulator.registry.validation.values import one_of, port_number
from k8slab.emulator.registry.validation.volumes import validate_mounts
from k8slab.kube.objects import Obj
from k8slab.kube.status import DUPLICATE, FORBIDDEN, INVALID, REQUIRED, FieldError

_PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_MESSAGE_POLICIES = ("File", "FallbackToLogsOnError")
_ONLY_SIDECARS = "may not be set for init containers without restartPolicy=Always"


def validate_containers(spec: Obj, path: str, volumes: set[str]) -> Iterator[FieldError]:
    """Yield what is wrong with the containers and init containers of a pod."""
    containers, names = spec.get("containers") or [], set[str]()
    host_network = bool(spec.get("hostNetwork"))
    if not containers:
        yield FieldError(REQUIRED, f"{path}.containers")
    for index, container in enumerate(containers):
        where = f"{path}.containers[{index}]"
        yield from validate_container(container, where, volumes, host_network=host_network)
        yield from _unique(container, where, names)
        yield from validate_probes(container, where)
    yield from _host_ports(containers, f"{path}.containers")
    for index, container in enumerate(spec.get("initContainers") or []):
        yield from _init_container(
            container, f"{path}.initContainers[{index}]", volumes, names, host_network=host_network
        )


def _init_container(
    container: Obj, path: str, volumes: set[str], names: set[str], *, host_network: bool
) -> Iterator[FieldError]:
    yield from validate_container(container, path, volumes, host_network=host_network)
    yield from _unique(container, path, names)
    sidecar = container.get("restartPolicy") == "Always"
    if container.get("restartPolicy") is not None:
        yield from one_of(f"{path}.restartPolicy", container["restartPolicy"], ("Always", "Never", "OnFailure"))
    if sidecar:
        yield from validate_probes(container, path)
        return
    for field in ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe"):
        if container.get(field) is not None:
            yield FieldError(FORBIDDEN, f"{path}.{field}", detail=_ONLY_SIDECARS)


def _unique(container: Obj, path: str, names: set[str]) -> Iterator[FieldError]:
    name = str(container.get("name", ""))
    if name and name in names:
        yield FieldError(DUPLICATE, f"{path}.name", name)
    names.add(name)


def validate_container(container: Obj, path: str, volumes: set[str], *, host_network: bool) -> Iterator[FieldError]:
    """Yield what is wrong with a container of any sort."""
    name, image = str(container.get("name", "")), container.get("image", "")
    if not name:
        yield FieldError(REQUIRED, f"{path}.name")
    else:
        yield from check(LABEL, f"{path}.name", name)
    if not image:
        yield FieldError(REQUIRED, f"{path}.image")
    elif image != image.strip():
        yield FieldError(INVALID, f"{path}.image", image, "must not have leading or trailing whitespace")
    policy = container.get("terminationMessagePolicy") or "File"
    yield from one_of(f"{path}.terminationMessagePolicy", policy, _MESSAGE_POLICIES)
    yield from _ports(container.get("ports") or [], f"{path}.ports", host_network=host_network)
    yield from validate_variables(container.get("env") or [], f"{path}.env")
    yield from validate_sources(container.get("envFrom") or [], f"{path}.envFrom")
    yield from validate_mounts(container.get("volumeMounts") or [], f"{path}.volumeMounts", volumes)
    yield from one_of(f"{path}.imagePullPolicy", container.get("imagePullPolicy"), _PULL_POLICIES)
    yield from validate_resources(container.get("resources") or {}, f"{path}.resources")
    for rule in container.get("resizePolicy") or []:
        yield from one_of(f"{path}.resizePolicy", rule.get("restartPolicy"), ("NotRequired", "RestartContainer"))
    yield from validate_security(container.get("securityContext") or {}, f"{path}.securityContext")


def _ports(ports: Sequence[Obj], path: str, *, host_network: bool) -> Iterator[FieldError]:
    names: set[str] = set()
    for index, port in enumerate(ports):
        where, name = f"{path}[{index}]", port.get("name")
        if name:
            problems = list(port_name_problems(name))
            for problem in problems:
                yield FieldError(INVALID, f"{where}.name", name, problem)
            if not problems and name in names:
                yield FieldError(DUPLICATE, f"{where}.name", name)
            names.add(name)
        number, host = port.get("containerPort", 0), port.get("hostPort", 0)
        if not number:
            yield FieldError(REQUIRED, f"{where}.containerPort")
        else:
            yield from port_number(f"{where}.containerPort", number)
        if host:
            yield from port_number(f"{where}.hostPort", host)
        if host_network and host != number:
            yield FieldError(
                INVALID, f"{where}.hostPort", host, "must match `containerPort` when `hostNetwork` is true"
            )
        yield from one_of(f"{where}.protocol", port.get("protocol"), _PROTOCOLS)


def _host_ports(containers: Sequence[Obj], path: str) -> Iterator[FieldError]:
    seen: set[str] = set()
    for index, container in enumerate(containers):
        for number, port in enumerate(container.get("ports") or []):
            if not port.get("hostPort"):
                continue
            taken = f"{port.get('protocol', 'TCP')}/{port.get('hostIP', '')}/{port['hostPort']}"
            if taken in seen:
                yield FieldError(DUPLICATE, f"{path}[{index}].ports[{number}].hostPort", taken)
            seen.add(taken)

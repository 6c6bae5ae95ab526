"""Rules of probes and lifecycle hooks (ValidateProbe and ValidateHandler of pkg/apis/core/validation)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from k8slab.emulator.registry.validation.names import port_name_problems
from k8slab.emulator.registry.validation.values import not_negative, one_of, port_number, required
from k8slab.kube.objects import Obj
from k8slab.kube.status import FORBIDDEN, INVALID, REQUIRED, FieldError

_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")
_TIMES = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")
_HEADER = re.compile(r"[-A-Za-z0-9]+")
_HEADER_TEXT = (
    "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for "
    "validation is '[-A-Za-z0-9]+')"
)


def validate_probes(container: Obj, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with a container's lifecycle hooks and probes."""
    lifecycle = container.get("lifecycle") or {}
    for name in ("postStart", "preStop"):
        if lifecycle.get(name) is not None:
            yield from _handler(lifecycle[name], f"{path}.lifecycle.{name}")
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if container.get(name) is not None:
            yield from _probe(container[name], f"{path}.{name}", must_be_one=name != "readinessProbe")


def _probe(probe: Obj, path: str, *, must_be_one: bool) -> Iterator[FieldError]:
    yield from _handler(probe, path)
    for field in _TIMES:
        yield from not_negative(f"{path}.{field}", probe.get(field))
    grace = probe.get("terminationGracePeriodSeconds")
    if grace is not None and grace <= 0:
        yield FieldError(INVALID, f"{path}.terminationGracePeriodSeconds", grace, "must be greater than 0")
    if must_be_one and probe.get("successThreshold", 1) != 1:
        yield FieldError(INVALID, f"{path}.successThreshold", probe["successThreshold"], "must be 1")


def _handler(handler: Obj, path: str) -> Iterator[FieldError]:
    found = [name for name in _HANDLERS if handler.get(name) is not None]
    for extra in found[1:]:
        yield FieldError(FORBIDDEN, f"{path}.{extra}", detail="may not specify more than 1 handler type")
    if not found:
        yield FieldError(REQUIRED, path, detail="must specify a handler type")
        return
    kind, where = found[0], f"{path}.{found[0]}"
    if kind == "exec":
        yield from required(f"{where}.command", handler[kind].get("command"))
    elif kind in ("httpGet", "tcpSocket", "grpc"):
        yield from _port(handler[kind].get("port", 0), f"{where}.port")
        if kind == "httpGet":
            yield from _http(handler[kind], where)


def _port(port: Any, path: str) -> Iterator[FieldError]:
    if isinstance(port, int):
        yield from port_number(path, port)
        return
    for problem in port_name_problems(str(port)):
        yield FieldError(INVALID, path, port, problem)


def _http(get: Obj, path: str) -> Iterator[FieldError]:
    yield from one_of(f"{path}.scheme", get.get("scheme") or "HTTP", ("HTTP", "HTTPS"))
    for header in get.get("httpHeaders") or []:
        if not _HEADER.fullmatch(header.get("name", "")):
            yield FieldError(INVALID, f"{path}.httpHeaders", header.get("name", ""), _HEADER_TEXT)

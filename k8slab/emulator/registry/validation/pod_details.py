"""Rules of the rarer fields of a pod's spec (ValidatePodSpec and its helpers in pkg/apis/core/validation)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from k8slab.emulator.registry.validation.names import qualified_name_problems
from k8slab.emulator.registry.validation.values import ip_address, one_of
from k8slab.kube.objects import Obj
from k8slab.kube.status import FORBIDDEN, INVALID, FieldError

_SYSCTL = re.compile(r"([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?")
_SYSCTL_RULE = (
    r"must have at most 253 characters and match regex "
    r"^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$"
)
_LONGEST_SYSCTL = 253
PROFILES = ("Localhost", "RuntimeDefault", "Unconfined")


def validate_profile(context: Obj, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with the seccomp profile of a security context."""
    profile = context.get("seccompProfile")
    if profile is not None:
        yield from one_of(f"{path}.seccompProfile.type", profile.get("type", ""), PROFILES)


def validate_pod_context(spec: Obj, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with what the pod's containers share."""
    context, where = spec.get("securityContext") or {}, f"{path}.securityContext"
    if spec.get("hostUsers") is False:
        for field in ("hostNetwork", "hostPID", "hostIPC"):
            if spec.get(field):
                yield FieldError(FORBIDDEN, f"{path}.{field}", detail="when `hostUsers` is false")
    if spec.get("shareProcessNamespace") and spec.get("hostPID"):
        detail = "ShareProcessNamespace and HostPID cannot both be enabled"
        yield FieldError(INVALID, f"{where}.shareProcessNamespace", spec["shareProcessNamespace"], detail)
    for index, sysctl in enumerate(context.get("sysctls") or []):
        name = sysctl.get("name", "")
        if len(name) > _LONGEST_SYSCTL or not _SYSCTL.fullmatch(name):
            yield FieldError(INVALID, f"{where}.sysctls[{index}].name", name, _SYSCTL_RULE)
    yield from validate_profile(context, where)


def validate_gates(spec: Obj, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with readiness gates and scheduling gates."""
    for index, gate in enumerate(spec.get("readinessGates") or []):
        name = gate.get("conditionType", "")
        for problem in qualified_name_problems(name):
            yield FieldError(INVALID, f"{path}.readinessGates[{index}].conditionType", name, problem)
    for index, gate in enumerate(spec.get("schedulingGates") or []):
        name = gate.get("name", "")
        for problem in qualified_name_problems(name):
            yield FieldError(INVALID, f"{path}.schedulingGates[{index}]", name, problem)


def validate_nameservers(spec: Obj, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with the addresses of DNS servers."""
    for index, server in enumerate((spec.get("dnsConfig") or {}).get("nameservers") or []):
        yield from ip_address(f"{path}.dnsConfig.nameservers[{index}]", str(server))


def validate_system(spec: Obj, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with the operating system that a pod asks for."""
    system = spec.get("os")
    if system is not None:
        yield from one_of(f"{path}.os", system.get("name", ""), ("linux", "windows"))

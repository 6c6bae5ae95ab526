"""Rules of pods and pod templates (ValidatePodSpec of k8s.io/kubernetes/pkg/apis/core/validation)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from k8slab.emulator.registry.validation.containers import validate_containers
from k8slab.emulator.registry.validation.names import LABEL, SUBDOMAIN, check, check_labels
from k8slab.emulator.registry.validation.pod_details import (
    validate_gates,
    validate_nameservers,
    validate_pod_context,
    validate_system,
)
from k8slab.emulator.registry.validation.scheduling import validate_affinity, validate_spread, validate_tolerations
from k8slab.emulator.registry.validation.values import in_range, ip_address, one_of
from k8slab.emulator.registry.validation.volumes import validate_volumes
from k8slab.kube.objects import Obj, dig
from k8slab.kube.status import FORBIDDEN, REQUIRED, FieldError

# Kubernetes lists these in the order of its source.
_RESTART_POLICIES = ("Always", "OnFailure", "Never")
_DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")


def validate_pod(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a pod."""
    yield from validate_pod_spec(obj.get("spec") or {}, "spec")


def validate_new_pod(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a new pod."""
    spec = obj.get("spec") or {}
    yield from validate_pod_spec(spec, "spec")
    if spec.get("ephemeralContainers"):
        yield FieldError(FORBIDDEN, "spec.ephemeralContainers", detail="cannot be set on create")


def validate_template(template: Obj, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with a pod template."""
    yield from check_labels(dig(template, "metadata", "labels", default={}), f"{path}.labels")
    yield from validate_pod_spec(template.get("spec") or {}, f"{path}.spec")


def validate_pod_spec(spec: Obj, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with a pod spec, in Kubernetes' order."""
    volumes = spec.get("volumes") or []
    yield from validate_volumes(volumes, f"{path}.volumes")
    yield from validate_containers(spec, path, {str(volume.get("name", "")) for volume in volumes})
    yield from _policies(spec, path)
    yield from check_labels(spec.get("nodeSelector") or {}, f"{path}.nodeSelector")
    yield from _user(spec, path)
    yield from validate_pod_context(spec, path)
    yield from validate_affinity(spec.get("affinity") or {}, f"{path}.affinity")
    yield from validate_nameservers(spec, path)
    yield from _dns_config(spec, path)
    yield from validate_gates(spec, path)
    yield from validate_spread(spec.get("topologySpreadConstraints") or [], f"{path}.topologySpreadConstraints")
    yield from _names(spec, path)
    yield from validate_tolerations(spec.get("tolerations") or [], f"{path}.tolerations")
    yield from _host_aliases(spec.get("hostAliases") or [], f"{path}.hostAliases")
    if spec.get("priorityClassName"):
        yield from check(SUBDOMAIN, f"{path}.priorityClassName", spec["priorityClassName"])
    yield from validate_system(spec, path)


def _policies(spec: Obj, path: str) -> Iterator[FieldError]:
    for field, supported in (("restartPolicy", _RESTART_POLICIES), ("dnsPolicy", _DNS_POLICIES)):
        if not spec.get(field):
            yield FieldError(REQUIRED, f"{path}.{field}")
        else:
            yield from one_of(f"{path}.{field}", spec[field], supported)


def _user(spec: Obj, path: str) -> Iterator[FieldError]:
    context = spec.get("securityContext") or {}
    for field in ("runAsUser", "runAsGroup", "fsGroup"):
        yield from in_range(f"{path}.securityContext.{field}", context.get(field))


def _dns_config(spec: Obj, path: str) -> Iterator[FieldError]:
    if spec.get("dnsPolicy") != "None":
        return
    config = spec.get("dnsConfig")
    if config is None:
        detail = "must provide `dnsConfig` when `dnsPolicy` is None"
        yield FieldError(REQUIRED, f"{path}.dnsConfig", detail=detail)
    elif not config.get("nameservers"):
        detail = "must provide at least one DNS nameserver when `dnsPolicy` is None"
        yield FieldError(REQUIRED, f"{path}.dnsConfig.nameservers", detail=detail)


def _names(spec: Obj, path: str) -> Iterator[FieldError]:
    for field in ("serviceAccountName", "nodeName"):
        if spec.get(field):
            yield from check(SUBDOMAIN, f"{path}.{field}", spec[field])
    yield from in_range(f"{path}.activeDeadlineSeconds", spec.get("activeDeadlineSeconds"), least=1)
    for field in ("hostname", "subdomain"):
        if spec.get(field):
            yield from check(LABEL, f"{path}.{field}", spec[field])


def _host_aliases(entries: Sequence[Obj], path: str) -> Iterator[FieldError]:
    for index, entry in enumerate(entries):
        yield from ip_address(f"{path}[{index}].ip", str(entry.get("ip", "")))
        for number, name in enumerate(entry.get("hostnames") or []):
            yield from check(SUBDOMAIN, f"{path}[{index}].hostnames[{number}]", name)

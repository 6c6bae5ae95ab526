"""Defaults of pods and pod templates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from k8slab.kube.objects import Obj

_TOLERATED = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_VOLUME_MODES = ("configMap", "secret", "projected", "downwardAPI")


def default_pod_spec(spec: Obj) -> None:
    """Fill in what every pod spec gets, in pods and in templates."""
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("securityContext", {})
    spec.setdefault("schedulerName", "default-scheduler")
    if spec.get("serviceAccountName"):
        spec.setdefault("serviceAccount", spec["serviceAccountName"])
    for container in _containers(spec):
        _default_container(container, host_network=bool(spec.get("hostNetwork")))
    for volume in spec.get("volumes") or []:
        _default_volume(volume)


def _containers(spec: Obj) -> Iterable[Obj]:
    for field in ("initContainers", "containers", "ephemeralContainers"):
        yield from spec.get(field) or []


def _default_container(container: Obj, *, host_network: bool) -> None:
    container.setdefault("resources", {})
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    container.setdefault("imagePullPolicy", _pull_policy(str(container.get("image", ""))))
    for port in container.get("ports") or []:
        port.setdefault("protocol", "TCP")
        if host_network:
            port.setdefault("hostPort", port.get("containerPort"))
    for variable in container.get("env") or []:
        reference = (variable.get("valueFrom") or {}).get("fieldRef")
        if reference is not None:
            reference.setdefault("apiVersion", "v1")
        resource = (variable.get("valueFrom") or {}).get("resourceFieldRef")
        if resource is not None:
            resource.setdefault("divisor", "0")
    for name in _PROBES:
        if container.get(name) is not None:
            _default_probe(container[name])
    for handler in (container.get("lifecycle") or {}).values():
        _default_http_get(handler)


def _pull_policy(image: str) -> str:
    if "@" in image:
        return "IfNotPresent"
    tag = image.rpartition("/")[2].partition(":")[2]
    return "Always" if tag in ("", "latest") else "IfNotPresent"


def _default_probe(probe: Obj) -> None:
    probe.setdefault("timeoutSeconds", 1)
    probe.setdefault("periodSeconds", 10)
    probe.setdefault("successThreshold", 1)
    probe.setdefault("failureThreshold", 3)
    _default_http_get(probe)
    if probe.get("grpc") is not None:
        probe["grpc"].setdefault("service", "")


def _default_http_get(handler: Any) -> None:
    if isinstance(handler, dict) and handler.get("httpGet") is not None:
        handler["httpGet"].setdefault("path", "/")
        handler["httpGet"].setdefault("scheme", "HTTP")


def _default_requests(resources: Obj) -> None:
    for name, limit in (resources.get("limits") or {}).items():
        resources.setdefault("requests", {}).setdefault(name, limit)


def _default_volume(volume: Obj) -> None:
    if len(volume) == 1:
        volume["emptyDir"] = {}
    for source in _VOLUME_MODES:
        if volume.get(source) is not None:
            volume[source].setdefault("defaultMode", 420)
            _default_projection(volume[source])
    if volume.get("hostPath") is not None:
        volume["hostPath"].setdefault("type", "")
    template = (volume.get("ephemeral") or {}).get("volumeClaimTemplate")
    if template is not None:
        template.setdefault("metadata", {})
        template.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")


def _default_projection(source: Obj) -> None:
    for projected in source.get("sources") or []:
        if projected.get("serviceAccountToken") is not None:
            projected["serviceAccountToken"].setdefault("expirationSeconds", 3600)
        _default_items((projected.get("downwardAPI") or {}).get("items"))
    _default_items(source.get("items"))


def _default_items(items: Any) -> None:
    for item in items or []:
        if isinstance(item.get("fieldRef"), dict):
            item["fieldRef"].setdefault("apiVersion", "v1")
        if isinstance(item.get("resourceFieldRef"), dict):
            item["resourceFieldRef"].setdefault("divisor", "0")


def default_pod(pod: Obj) -> None:
    """Fill in what a pod gets on top of its spec's defaults."""
    pod.setdefault("spec", {}).setdefault("enableServiceLinks", True)
    default_pod_spec(pod["spec"])
    if pod["spec"]["terminationGracePeriodSeconds"] < 0:
        # Negative ones are taken for one second (pkg/registry/core/pod/strategy.go).
        pod["spec"]["terminationGracePeriodSeconds"] = 1
    for container in _containers(pod["spec"]):
        _default_requests(container["resources"])


def admit_pod(pod: Obj, token_suffix: str) -> None:
    """Do what admission does to a new pod: service account, its token volume, tolerations, priority."""
    spec = pod["spec"]
    spec.setdefault("serviceAccountName", "default")
    spec["serviceAccount"] = spec["serviceAccountName"]
    if spec.get("automountServiceAccountToken", True):
        _mount_token(spec, f"kube-api-access-{token_suffix}")
    tolerations: list[Obj] = spec.setdefault("tolerations", [])
    for key in _TOLERATED:
        if not any(
            entry.get("key") in (key, None) and entry.get("effect") in ("NoExecute", None) for entry in tolerations
        ):
            tolerations.append({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300})


_TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - a path


def _mount_token(spec: Obj, volume: str) -> None:
    mounted = [c for c in _containers(spec) if not _mounts(c, _TOKEN_PATH)]
    if not mounted or any(entry["name"].startswith("kube-api-access-") for entry in spec.get("volumes") or []):
        return
    for container in mounted:
        mount = {"name": volume, "readOnly": True, "mountPath": _TOKEN_PATH}
        container.setdefault("volumeMounts", []).append(mount)
    spec.setdefault("volumes", []).append(
        {"name": volume, "projected": {"defaultMode": 420, "sources": _token_sources()}}
    )


def _mounts(container: Obj, path: str) -> bool:
    return any(mount.get("mountPath") == path for mount in container.get("volumeMounts") or [])


def _token_sources() -> list[Obj]:
    namespace = {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
    return [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [namespace]}},
    ]


def qos_class(spec: Obj) -> str:
    """Return ``Guaranteed``, ``Burstable`` or ``BestEffort`` (k8s.io/kubernetes/pkg/apis/core/v1/helper/qos)."""
    resources = [container.get("resources") or {} for container in _containers(spec)]
    named = [
        {
            name: (entry.get("requests") or {}).get(name) or (entry.get("limits") or {}).get(name)
            for name in ("cpu", "memory")
        }
        for entry in resources
    ]
    if not any(value for entry in named for value in entry.values()):
        return "BestEffort"
    complete = all((entry.get("limits") or {}).get(name) for entry in resources for name in ("cpu", "memory"))
    equal = all((entry.get("requests") or {}).get(name) == (entry.get("limits") or {}).get(name)
                for entry in resources for name in ("cpu", "memory"))  # fmt: skip
    return "Guaranteed" if complete and equal else "Burstable"

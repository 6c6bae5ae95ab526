"""The port of the pods that a Service sends to: a name that no container has, a number on which nothing listens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from k8slab.diagnose.findings import Finding
from k8slab.diagnose.words import in_namespace, listed, near, said
from k8slab.kube.objects import Obj, dig, name_of, namespace_of
from k8slab.snapshot.lookups import container_ports

# Where well-known images listen unless told otherwise; only to say what is likely, never to decide.
_USUAL: dict[str, int] = {"nginx": 80, "httpd": 80, "whoami": 80, "redis": 6379, "http-echo": 5678, "hello-app": 8080}
_REFUSED = frozenset({"refused", "reset", "502", "timeout", "504"})


def target_port_findings(service: Obj, port: Obj | None, pods: Sequence[Obj]) -> Iterator[Finding]:
    """Yield target ports that are names which no container port has."""
    name, where = name_of(service), namespace_of(service)
    for entry in [port] if port else dig(service, "spec", "ports", default=[]):
        target = entry.get("targetPort")
        names = sorted({str(label) for pod in pods for label in container_ports(pod)})
        if not isinstance(target, str) or target in names:
            continue
        like = near(target, names)
        hint = f" Did you mean {like}?" if like else ""
        yield Finding(
            "target-port-name-unknown",
            f"{said(service, 'Service')} sends port {entry.get('port')} to the container port called {target!r}, and "
            "no "
            f"container has one. Container ports here: {listed(names)}.{hint}",
            in_namespace(f"kubectl describe service {name}", where),
            (f"Service {name} targetPort: {target}", f"container ports: {listed(names)}"),
            frozenset({"refused", "timeout", "502", "503", "504", "reset"}),
        )


def listening_findings(service: Obj, port: Obj | None, pods: Sequence[Obj]) -> Iterator[Finding]:
    """Yield target ports on which the pods probably do not listen; certain when the connection was refused."""
    name, where = name_of(service), namespace_of(service)
    for entry in [port] if port else dig(service, "spec", "ports", default=[]):
        number = target_number(entry, pods)
        if not number:
            continue
        declared = sorted({value for pod in pods for value in container_ports(pod).values()})
        usual = _usual(pods)
        seen = (
            f"Service {name} {entry.get('port')} -> targetPort {entry.get('targetPort')}",
            f"container ports declared: {listed(declared)}",
        )
        command = in_namespace(f"kubectl describe service {name}", where)
        if declared and number not in declared:
            like = f"; the containers declare {listed(declared)}"
            text = f"{said(service, 'Service')} sends to port {number} of its pods (targetPort){like}."
            yield Finding("target-port-wrong", text, command, seen, _REFUSED, doubt=not usual or usual == number)
        elif usual and number != usual:
            text = (
                f"{said(service, 'Service')} sends to port {number} of its pods (targetPort), where nothing may"
                " listen: "
            )
            text += f"{_image(pods)} listens on port {usual} unless it is told otherwise."
            yield Finding("target-port-wrong", text, command, seen, _REFUSED, doubt=True)
        else:
            pod = name_of(pods[0])
            text = (
                f"Pod {pod} is ready, but refuses connections to port {number}: its app listens on another port, or on "
            )
            text += "127.0.0.1 only (inside the pod), where no Service reaches it."
            command = in_namespace(f"kubectl logs {pod}", where)
            yield Finding("app-not-listening", text, command, seen, frozenset({"refused", "reset", "502"}), doubt=True)


def target_number(entry: Obj, pods: Sequence[Obj]) -> int:
    """Return the number that a Service port sends to; 0 when it is a name that no pod has."""
    target = entry.get("targetPort", entry.get("port"))
    if isinstance(target, int):
        return target
    return next((ports[str(target)] for pod in pods if str(target) in (ports := container_ports(pod))), 0)


def _image(pods: Sequence[Obj]) -> str:
    image = str(dig(pods[0], "spec", "containers", 0, "image", default=""))
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0]


def _usual(pods: Sequence[Obj]) -> int:
    first = dig(pods[0], "spec", "containers", 0, default={})
    told = first.get("args") or first.get("command") or first.get("env") or first.get("volumeMounts", [])[1:]
    return 0 if told else _USUAL.get(_image(pods), 0)

"""Where requests for the hosts of Ingresses enter the cluster: pure, over a picture."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from k8slab.kube.objects import Obj, dig, labels_of, name_of, namespace_of
from k8slab.kube.resources import INGRESSES, PODS, SERVICES
from k8slab.snapshot.lookups import has_ended, is_ready
from k8slab.snapshot.picture import Snapshot

Scheme = Literal["http", "https"]
PORTS: dict[str, int] = {"http": 80, "https": 443}
# The controller by its image in any registry: ingress-nginx/controller, nginx-ingress-controller, controller-chroot.
_IMAGE = re.compile(r"(^|/)(ingress-nginx/controller(-chroot)?|nginx-ingress-controller)(?=[:@]|$)")
# Top-level names that no public DNS serves (RFC 2606, RFC 6761): a lesson's domains can stand nowhere else.
_RESERVED = re.compile(r"(^|\.)(test|example|invalid|example\.(com|net|org))$")


@dataclass(frozen=True, slots=True)
class Door:
    """A port through which the ingress controller is reached; ``port`` is the node's."""

    scheme: str
    port: int
    by: Literal["hostPort", "nodePort"]
    owner: str


def is_controller(pod: Obj) -> bool:
    """Tell whether a pod runs ingress-nginx."""
    return any(_IMAGE.search(str(entry.get("image", ""))) for entry in dig(pod, "spec", "containers", default=[]))


def controller_pods(snapshot: Snapshot) -> tuple[Obj, ...]:
    """Return the pods of ingress-nginx in any namespace, the ready ones first."""
    pods = [pod for pod in snapshot.everywhere(PODS) if is_controller(pod) and not has_ended(pod)]
    return tuple(sorted(pods, key=lambda pod: not is_ready(pod)))


def controller_services(snapshot: Snapshot) -> tuple[Obj, ...]:
    """Return the Services that lead to the controller's pods."""
    pods = controller_pods(snapshot)
    return tuple(service for service in snapshot.everywhere(SERVICES) if any(_selects(service, pod) for pod in pods))


def _selects(service: Obj, pod: Obj) -> bool:
    wanted, labels = dig(service, "spec", "selector", default={}), labels_of(pod)
    same = namespace_of(service) == namespace_of(pod)
    return same and bool(wanted) and all(labels.get(key) == value for key, value in wanted.items())


def doors(snapshot: Snapshot, scheme: str) -> tuple[Door, ...]:
    """Return the ways in for ``http`` or ``https``, the pods' own host ports first (they need no Service)."""
    return (*_host_ports(snapshot, scheme), *_node_ports(snapshot, scheme))


def _host_ports(snapshot: Snapshot, scheme: str) -> Iterator[Door]:
    for pod in controller_pods(snapshot):
        for container in dig(pod, "spec", "containers", default=[]):
            for port in container.get("ports") or ():
                if port.get("hostPort") and scheme in (port.get("name"), _scheme_of(port.get("containerPort"))):
                    yield Door(scheme, int(port["hostPort"]), "hostPort", f"{namespace_of(pod)}/{name_of(pod)}")


def _node_ports(snapshot: Snapshot, scheme: str) -> Iterator[Door]:
    for service in controller_services(snapshot):
        for port in dig(service, "spec", "ports", default=[]):
            if port.get("nodePort") and scheme in (port.get("name"), port.get("appProtocol"), _scheme_of(port["port"])):
                owner = f"{namespace_of(service)}/{name_of(service)}"
                yield Door(scheme, int(port["nodePort"]), "nodePort", owner)


def _scheme_of(port: object) -> str:
    return next((scheme for scheme, number in PORTS.items() if number == port), "")


def hosts(snapshot: Snapshot) -> dict[str, list[Obj]]:
    """Return the Ingresses by the hosts of their rules (in lower case), oldest first, without rules for any host."""
    found: dict[str, list[Obj]] = {}
    for ingress in sorted(snapshot.everywhere(INGRESSES), key=_age):
        for rule in dig(ingress, "spec", "rules", default=[]):
            host = str(rule.get("host") or "").lower()
            if host and ingress not in found.setdefault(host, []):
                found[host].append(ingress)
    return found


def _age(ingress: Obj) -> str:
    return str(dig(ingress, "metadata", "creationTimestamp", default=""))


def host_matches(rule_host: str, host: str) -> bool:
    """Tell whether the host of a rule covers a host: itself, or one label for ``*`` (networking.k8s.io/v1)."""
    if rule_host == host:
        return True
    label, _, rest = host.partition(".")
    return bool(label) and rule_host.startswith("*.") and rule_host[2:] == rest


def ingresses_for(snapshot: Snapshot, host: str) -> list[Obj]:
    """Return the Ingresses with a rule for the host; an exact rule hides wildcard rules."""
    known, wanted = hosts(snapshot), host.lower().rstrip(".")
    if wanted in known:
        return known[wanted]
    return [ingress for rule, found in known.items() if host_matches(rule, wanted) for ingress in found]


def is_lesson_domain(snapshot: Snapshot, host: str) -> bool:
    """Tell whether a name means the ingress: a rule has it, or its ending is reserved for examples."""
    return bool(ingresses_for(snapshot, host)) or _RESERVED.search(host.lower().rstrip(".")) is not None

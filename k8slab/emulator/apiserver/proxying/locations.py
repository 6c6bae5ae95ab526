"""Where a proxied request goes (ResourceLocation of k8s.io/kubernetes/pkg/registry/core/pod and /service)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from k8slab.kube.objects import Obj, dig
from k8slab.kube.status import ApiError, bad_request, failure

_SCHEMES = ("", "http", "https")
# What Go's resolver knows of names of ports.
_KNOWN_PORTS = {"http": 80, "https": 443}
_LARGEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Asked:
    """``[SCHEME:]NAME[:PORT]`` as it stands in the URL."""

    scheme: str
    name: str
    port: str


@dataclass(frozen=True, slots=True)
class Location:
    """An address to dial, and whether to speak TLS there."""

    host: str
    port: int
    tls: bool


def unavailable(message: str) -> ApiError:
    """503: what the request is for cannot be reached."""
    return failure(503, "ServiceUnavailable", message)


def asked_of(text: str, kind: str) -> Asked:
    """Return the parts of a name in a URL; raises ``ApiError`` 400."""
    parts = text.split(":")
    scheme, name, port = {1: ["", *parts, ""], 2: ["", *parts], 3: parts}.get(len(parts), ["?", "", ""])
    if scheme not in _SCHEMES or not name:
        raise bad_request(f'invalid {kind} request "{text}"')
    return Asked(scheme, name, port)


def pod_location(pod: Obj, asked: Asked) -> Location:
    """Return where a pod answers: the port of the URL, else the first one that it declares, else the scheme's."""
    address = dig(pod, "status", "podIP", default="")
    if not address:
        raise bad_request("address not allowed")
    containers = pod["spec"]["containers"]
    declared = next((str(entry["ports"][0]["containerPort"]) for entry in containers if entry.get("ports")), "")
    tls = asked.scheme == "https"
    return Location(address, _number(asked.port or declared or ("443" if tls else "80")), tls)


def _number(text: str) -> int:
    if text in _KNOWN_PORTS:
        return _KNOWN_PORTS[text]
    if not text.isdigit():
        raise unavailable(f"error trying to reach service: dial tcp: lookup tcp/{text}: unknown port")
    if int(text) > _LARGEST_PORT:
        raise unavailable(f"error trying to reach service: dial tcp: address {text}: invalid port")
    return int(text)


def service_location(
    service: Obj, endpoints: Obj | None, asked: Asked, text: str, choose: Callable[[int], int]
) -> Location:
    """Return one of the pods behind a Service; ``text`` is the name in the URL, ``choose(n)`` gives 0 to n-1."""
    port = asked.port
    if port.isdigit():
        found = next((e for e in dig(service, "spec", "ports", default=[]) if e["port"] == int(port)), None)
        if found is None:
            raise unavailable(f'no service port {port} found for service "{asked.name}"')
        port = found.get("name") or ""
    subsets: Sequence[Obj] = (endpoints or {}).get("subsets") or []
    if not subsets:
        raise unavailable(f'no endpoints available for service "{asked.name}"')
    places = [
        (str(address["ip"]), int(entry["port"]))
        for subset in subsets
        for entry in subset.get("ports") or []
        if (entry.get("name") or "") == port
        for address in subset.get("addresses") or []
        if address.get("targetRef")
    ]
    if not places:
        raise unavailable(f'no endpoints available for service "{text}"')
    return Location(*places[choose(len(places))], asked.scheme == "https")

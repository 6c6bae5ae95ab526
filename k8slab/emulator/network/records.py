"""Answers of the name server: A, CNAME, SRV and PTR records (github.com/kubernetes/dns, docs/specification.md).

Pure, over a view of the objects. The names of endpoints are as CoreDNS makes them: the pod's host name, or its
address with dashes.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from k8slab.emulator.network import dns
from k8slab.kube.objects import Obj, dig, name_of, namespace_of

_ARPA = ".in-addr.arpa"


@dataclass(frozen=True, slots=True)
class Record:
    """One record: a full name, its type and its data in text form."""

    name: str
    kind: str
    data: str


class AllRecords(dns.Records, Protocol):
    """The objects, also by what they hold."""

    def services(self) -> Iterable[Obj]:
        """Return all Services."""
        ...


def answer(records: AllRecords, name: str, kind: str) -> list[Record] | None:
    """Return the records of a full name; None when there is no such name (NXDOMAIN)."""
    full = name.lower().rstrip(".")
    if full.endswith(_ARPA):
        found = _pointers(records, full) if kind in ("PTR", "ANY") else []
        return found or None
    if full.startswith("_"):
        return _services(records, full, kind)
    chain: list[Record] = []
    for _ in range(8):  # a chain of names may lead in a circle
        addresses = dns.lookup(records, full)
        target = dns.external_name(records, full)
        if addresses:
            return [*chain, *(Record(full, "A", text) for text in addresses if kind in ("A", "ANY"))]
        if not target:
            break
        chain.append(Record(full, "CNAME", target))
        full = target
    return chain or None


def _services(records: AllRecords, name: str, kind: str) -> list[Record] | None:
    labels = name.removesuffix(f".svc.{dns.ZONE}").split(".")
    if len(labels) != 4 or not name.endswith(f".svc.{dns.ZONE}"):  # noqa: PLR2004 - port, protocol, Service, namespace
        return None
    service = records.service(labels[3], labels[2])
    if service is None:
        return None
    port, protocol = labels[0].removeprefix("_"), labels[1].removeprefix("_").upper()
    found = list(_service_records(records, service, name, port, protocol))
    return (found if kind in ("SRV", "ANY") else []) if found else None


def _service_records(records: AllRecords, service: Obj, name: str, port: str, protocol: str) -> Iterator[Record]:
    host = f"{name_of(service)}.{namespace_of(service)}.svc.{dns.ZONE}"
    if dig(service, "spec", "clusterIP", default="None") != "None":
        for entry in dig(service, "spec", "ports", default=[]):
            if entry.get("name") == port and entry.get("protocol", "TCP") == protocol:
                yield Record(name, "SRV", f"0 100 {entry['port']} {host}")
        return
    found = [
        (dns.endpoint_name(endpoint), int(entry["port"]))
        for part in records.slices(service)
        for entry in part.get("ports") or []
        if entry.get("name") == port and entry.get("protocol", "TCP") == protocol
        for endpoint in part.get("endpoints") or []
        if dns.is_published(service, endpoint)
    ]
    for label, number in found:
        yield Record(name, "SRV", f"0 {100 // len(found)} {number} {label}.{host}")


def _pointers(records: AllRecords, name: str) -> list[Record]:
    address = ".".join(reversed(name.removesuffix(_ARPA).split(".")))
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return []
    made: list[Record] = []
    for service in records.services():
        host = f"{name_of(service)}.{namespace_of(service)}.svc.{dns.ZONE}"
        if dig(service, "spec", "clusterIP") == address:
            return [Record(name, "PTR", host)]
        made += [
            Record(name, "PTR", f"{dns.endpoint_name(endpoint)}.{host}")
            for part in records.slices(service)
            for endpoint in part.get("endpoints") or []
            if address in (endpoint.get("addresses") or []) and dns.is_published(service, endpoint)
        ]
    return made

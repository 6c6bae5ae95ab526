"""What nginx and njs need for a table of routes: sockets, upstreams, and the matches as data. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from k8slab.emulator.ingress.planning import SLOTS
from k8slab.emulator.ingress.text.files import Upstream
from k8slab.emulator.ingress.text.proxying import upstream_name
from k8slab.routing.gateway.listeners import Listener
from k8slab.routing.gateway.matching import Entry
from k8slab.routing.gateway.rules import Rule
from k8slab.routing.gateway.table import Table
from k8slab.routing.model import Backend

FIRST_PORT = 10080
Ports = Mapping[tuple[str, int], int]


@dataclass(frozen=True, slots=True)
class Served:
    """A listener that works, with a number for its server and the port of the pod behind its Gateway's Service."""

    listener: Listener
    number: int
    port: int
    rules: list[Rule]


def gateway_of(listener: Listener) -> str:
    """Return ``namespace/name`` of a listener's Gateway."""
    return listener.key.rpartition("/")[0]


def pod_ports(table: Table, known: Ports) -> dict[tuple[str, int], int]:
    """Return a port of the controller's pod for each port of each Gateway; those that have one keep it."""
    wanted = sorted({(gateway_of(entry), entry.port) for entry in table.listeners if entry.works})
    found = {key: known[key] for key in wanted if key in known}
    free = (number for number in range(FIRST_PORT, 65536) if number not in set(known.values()))
    return {key: found.get(key) or next(free) for key in wanted}


def served(table: Table, ports: Ports) -> list[Served]:
    """Return the listeners that work."""
    working = [entry for entry in table.listeners if entry.works]
    return [
        Served(entry, number, ports[gateway_of(entry), entry.port], table.rules(entry.key))
        for number, entry in enumerate(working)
    ]


def plan(table: Table) -> dict[str, tuple[Backend, Upstream]]:
    """Return every upstream by its name, with the Service port it leads to."""
    backends = {upstream_name(backend, forwarded=False): backend for backend in table.backends()}
    return {name: (backend, Upstream(name, SLOTS)) for name, backend in sorted(backends.items())}


def place(rule: int, target: int | str) -> str:
    """Return the named location of a rule's target."""
    return f"@rule{rule}-{target}"


def matches_json(table: Table, listeners: list[Served]) -> str:
    """Return what njs decides by, as JSON: the matches of each server in their order."""
    made = {}
    for entry in listeners:
        numbers = {(rule.owner, rule.number): number for number, rule in enumerate(entry.rules)}
        tried = table.tried[entry.listener.key]
        made[str(entry.number)] = [_match(one, numbers[one.rule.owner, one.rule.number], entry) for one in tried]
    return json.dumps(made, sort_keys=True)


def _match(entry: Entry, number: int, where: Served) -> dict[str, Any]:
    rule = entry.rule
    return {
        "hostname": entry.hostname, "kind": entry.kind, "path": entry.path, "method": entry.method,
        "headers": entry.headers, "queries": entry.queries, "port": where.listener.port,
        "redirect": rule.redirect, "rewrite": rule.rewrite, "place": place(number, "redirect"),
        "targets": [(target.weight, place(number, index) if target.backend else "@none")
                    for index, target in enumerate(rule.targets)],
    }  # fmt: skip

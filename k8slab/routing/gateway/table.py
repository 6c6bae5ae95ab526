"""Everything together: listeners with the rules that are tried there, and what each object's status says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from k8slab.kube.objects import Obj, name_of, namespace_of
from k8slab.routing.gateway.attaching import Attachment, attachments
from k8slab.routing.gateway.hostnames import covers, precedence
from k8slab.routing.gateway.listeners import Listener, listeners_of
from k8slab.routing.gateway.matching import Asked, Entry, decide, entries, ordered
from k8slab.routing.gateway.rules import RouteRules, Rule, rules_of
from k8slab.routing.gateway.world import World, age
from k8slab.routing.model import Backend


@dataclass(frozen=True, slots=True)
class Judged:
    """A route with its attachments and its rules."""

    route: Obj
    attached: list[Attachment]
    found: RouteRules


@dataclass(slots=True)
class Table:
    """``tried`` holds, by the listener's key, the matches in their order; ``attached`` how many routes it has."""

    listeners: list[Listener] = field(default_factory=list)
    routes: list[Judged] = field(default_factory=list)
    tried: dict[str, list[Entry]] = field(default_factory=dict)
    attached: dict[str, int] = field(default_factory=dict)

    def rules(self, key: str) -> list[Rule]:
        """Return the rules that are tried at a listener, each once."""
        return list({(rule.owner, rule.number): rule for rule in (entry.rule for entry in self.tried[key])}.values())

    def backends(self) -> Iterator[Backend]:
        """Yield every Service port that a request or its copy may be led to."""
        for key in self.tried:
            for rule in self.rules(key):
                yield from (target.backend for target in rule.targets if target.backend)
                yield from (mirror.backend for mirror in rule.mirrors)

    def decide(self, gateway: tuple[str, str], port: int, asked: Asked) -> Entry | None:
        """Return the match that a request to a Gateway (namespace, name) takes: one listener, and its first match."""
        here = [entry for entry in self.listeners if entry.works and entry.port == port]
        here = [entry for entry in here if (namespace_of(entry.gateway), name_of(entry.gateway)) == gateway]
        meta = [entry for entry in here if covers(entry.hostname, asked.host)]
        found = min(meta, key=lambda entry: precedence(entry.hostname), default=None)
        return decide(self.tried[found.key], asked) if found else None


def build_table(world: World) -> Table:
    """Return the table of all Gateways of ours."""
    made = Table([listener for gateway in world.our_gateways() for listener in listeners_of(gateway, world)])
    made.tried = {listener.key: [] for listener in made.listeners}
    made.attached = {listener.key: 0 for listener in made.listeners}
    waiting: dict[str, list[tuple[tuple[str, str, str], Entry]]] = {key: [] for key in made.tried}
    for route in sorted(world.routes, key=age):
        found = attachments(route, made.listeners, world)
        if not found:
            continue
        judged = Judged(route, found, rules_of(route, world))
        made.routes.append(judged)
        if not judged.found.whole:
            _attach(judged, made, waiting)
    made.tried = {key: ordered(given) for key, given in waiting.items()}
    return made


def _attach(judged: Judged, made: Table, waiting: dict[str, list[tuple[tuple[str, str, str], Entry]]]) -> None:
    seen: set[str] = set()
    for attachment in judged.attached:
        for listener, hostnames in attachment.listeners:
            if listener.key in seen:
                continue
            seen.add(listener.key)
            made.attached[listener.key] += 1
            found = entries(hostnames, judged.found.rules)
            waiting[listener.key] += [(age(judged.route), entry) for entry in found]

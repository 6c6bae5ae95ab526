"""Finds the way of a connection: names, Services, NodePorts, pods, the pod's own localhost."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence

from k8slab.clock import Entropy
from k8slab.emulator.api import DroppedError, NoSuchHostError, RefusedError, Route, Source
from k8slab.emulator.machinery.informer import Informer
from k8slab.emulator.network import dns
from k8slab.emulator.network.addresses import GATEWAY, NODE_ADDRESS, AddressPool
from k8slab.emulator.network.balancing import Balancer
from k8slab.emulator.network.guard import Guard
from k8slab.emulator.network.records import Record, answer
from k8slab.emulator.network.services import Endpoint, endpoints_of, port_of, slices_of
from k8slab.kube.objects import Obj, dig, name_of, namespace_of


class ObjectView:
    """What routing reads of the cluster's objects."""

    def __init__(self, services: Informer, slices: Informer, pods: Informer) -> None:
        self._services = services
        self._slices = slices
        self._pods = pods

    def service(self, namespace: str, name: str) -> Obj | None:
        """Return a Service."""
        return self._services.get(namespace, name)

    def slices(self, service: Obj) -> list[Obj]:
        """Return the EndpointSlices of a Service."""
        return slices_of(service, self._slices.objects(namespace_of(service)))

    def services(self) -> list[Obj]:
        """Return all Services."""
        return list(self._services.objects())

    def by_cluster_ip(self, address: str) -> Obj | None:
        """Return the Service with that cluster address."""
        found = (entry for entry in self._services.objects() if dig(entry, "spec", "clusterIP") == address)
        return next(found, None)

    def by_node_port(self, port: int) -> Obj | None:
        """Return the Service that has a node port."""
        return next((entry for entry in self._services.objects() if port_of(entry, port, "nodePort")), None)

    def pod(self, namespace: str, name: str) -> Obj | None:
        """Return a pod."""
        return self._pods.get(namespace, name)


class Router:
    """Turns a source, a host and a port into a listener. ``listeners`` maps (address, port) to a unix socket."""

    def __init__(
        self,
        view: ObjectView,
        pool: AddressPool,
        listeners: Mapping[tuple[str, int], str],
        balancer: Balancer,
        entropy: Entropy,
        guard: Guard,
    ) -> None:
        self._view = view
        self._guard = guard
        self._pool = pool
        self._listeners = listeners
        self._balancer = balancer
        self._entropy = entropy

    def resolve(self, source: Source, host: str) -> Sequence[str]:
        """Return the addresses of a name; raises ``NoSuchHostError``."""
        if dns.is_address(host):
            return [host]
        own = self._own_names(source, host.lower())
        if own:
            return own
        self._guard.check_name(source, host)
        for full_name in dns.candidates(host, self._domains(source)):
            found = self._lookup(full_name)
            if found:
                return found
        raise NoSuchHostError(host)

    def records(self, source: Source, name: str, kind: str) -> list[Record] | None:
        """Return the records of a full name; None: there is none. Raises ``DialError`` where a policy forbids it."""
        self._guard.check_name(source, name)
        return answer(self._view, name, kind)

    def _own_names(self, source: Source, host: str) -> list[str]:
        # The kubelet writes both into a pod's /etc/hosts.
        if host == "localhost":
            return ["127.0.0.1"]
        return [source.address] if source.pod and host == source.pod else []

    def _domains(self, source: Source) -> list[str]:
        if not source.namespace:
            return dns.search_domains("default")
        pod = self._view.pod(source.namespace, source.pod)
        extra = dig(pod, "spec", "dnsConfig", "searches", default=[]) if pod else []
        policy = dig(pod, "spec", "dnsPolicy", default="ClusterFirst") if pod else "ClusterFirst"
        return list(extra) if policy in ("None", "Default") else dns.search_domains(source.namespace, extra)

    def _lookup(self, full_name: str) -> list[str]:
        for _ in range(8):  # a chain of names may lead in a circle
            found = dns.lookup(self._view, full_name)
            target = dns.external_name(self._view, full_name)
            if found or not target:
                return found
            full_name = target
        return []

    def route(self, source: Source, host: str, port: int) -> Route:
        """Choose the listener for a new connection; raises ``DialError``."""
        addresses = self.resolve(source, host)
        return self.route_to(source, addresses[self._entropy.choice(len(addresses))], port)

    def route_to(self, source: Source, address: str, port: int) -> Route:
        """Choose the listener behind an address."""
        if ipaddress.ip_address(address).is_loopback:
            address = source.address
        if address == NODE_ADDRESS:
            return self._to_node(source, port)
        service = self._view.by_cluster_ip(address)
        if service is not None:
            entry = port_of(service, port)
            if entry is None:
                raise DroppedError(f"{address}:{port}: Service {name_of(service)} has no port {port}")
            return self._to_service(source, service, entry)
        return self._to_pod(source, Endpoint(address, port))

    def _to_node(self, source: Source, port: int) -> Route:
        service = self._view.by_node_port(port)
        entry = port_of(service, port, "nodePort") if service else None
        if (service is None or entry is None) and (NODE_ADDRESS, port) in self._listeners:
            # What the node itself serves: the API server.
            return self._to_pod(source, Endpoint(NODE_ADDRESS, port))
        if service is None or entry is None:
            raise RefusedError(f"nothing listens on port {port} of the node")
        return self._to_service(source, service, entry)

    def reaches_node_port(self, port: int) -> bool:
        """Tell whether a connection to a node port would find a listener."""
        service = self._view.by_node_port(port)
        entry = port_of(service, port, "nodePort") if service else None
        if service is None or entry is None:
            return False
        endpoints = endpoints_of(self._view.slices(service), entry.get("name") or "")
        return any((endpoint.address, endpoint.port) in self._listeners for endpoint in endpoints)

    def _to_service(self, source: Source, service: Obj, entry: Obj) -> Route:
        endpoints = endpoints_of(self._view.slices(service), entry.get("name") or "")
        if not endpoints:
            raise RefusedError(f"Service {namespace_of(service)}/{name_of(service)} has no ready endpoints")
        return self._to_pod(source, self._balancer.choose(service, endpoints, source.address))

    def _to_pod(self, source: Source, endpoint: Endpoint) -> Route:
        self._guard.check(source, endpoint.address, endpoint.port)
        path = self._listeners.get((endpoint.address, endpoint.port))
        if path is None:
            if self._pool.owner(endpoint.address):
                raise RefusedError(f"nothing listens on {endpoint.address}:{endpoint.port}")
            raise DroppedError(f"nothing answers at {endpoint.address}")
        # The fabric has one listener per pod port; the client's port only needs to look like one.
        client_port = 32768 + self._entropy.choice(28232)
        client = source.address or GATEWAY
        preamble = f"PROXY TCP4 {client} {endpoint.address} {client_port} {endpoint.port}\r\n".encode()
        return Route(path, preamble, endpoint.address, endpoint.port)

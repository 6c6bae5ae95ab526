"""Holds connections to the NetworkPolicies of the cluster."""

from __future__ import annotations

from k8slab.emulator.api import DroppedError, NoSuchHostError, Source
from k8slab.emulator.machinery.informer import Informer
from k8slab.emulator.network.addresses import AddressPool
from k8slab.emulator.network.policy import Connection, Peer, allows, peer_of
from k8slab.kube.objects import labels_of, name_of

# Where names are asked for: the DNS server of every cluster.
_DNS = Peer("10.96.0.10", "kube-system", {"k8s-app": "kube-dns"}, {"dns": 53, "dns-tcp": 53}, pod=True)
_DNS_PORT = 53


class Guard:
    """Reads policies, namespaces and pods; refuses what the policies do not allow."""

    def __init__(self, policies: Informer, namespaces: Informer, pods: Informer, pool: AddressPool) -> None:
        self._policies = policies
        self._namespaces = namespaces
        self._pods = pods
        self._pool = pool

    def check(self, source: Source, address: str, port: int) -> None:
        """Raise ``DroppedError`` for a connection that a policy holds back."""
        policies = self._policies.objects()
        if policies and not allows(
            Connection(self._source(source), self._target(address), port), policies, self._places()
        ):
            raise DroppedError(f"a NetworkPolicy drops packets from {source.pod or source.address} to {address}:{port}")

    def check_name(self, source: Source, host: str) -> None:
        """Raise ``NoSuchHostError`` when the source may not ask for names: resolvers give up on lost packets."""
        policies = self._policies.objects()
        if not policies:
            return
        asked = Connection(self._source(source), _DNS, _DNS_PORT, "UDP")
        if not allows(asked, policies, self._places()):
            raise NoSuchHostError(host)

    def _places(self) -> dict[str, dict[str, str]]:
        return {name_of(entry): labels_of(entry) for entry in self._namespaces.objects()}

    def _source(self, source: Source) -> Peer:
        pod = self._pods.get(source.namespace, source.pod) if source.pod else None
        return Peer(source.address) if pod is None else peer_of(pod, source.address)

    def _target(self, address: str) -> Peer:
        uid = self._pool.owner(address)
        pod = self._pods.by_uid(uid) if uid else None
        return Peer(address) if pod is None else peer_of(pod, address)

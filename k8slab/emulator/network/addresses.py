"""Pod addresses: one pool, handed out in turn, so that an address just freed is not given to the next pod."""

from __future__ import annotations

import ipaddress

POD_NETWORK = "10.244.0.0/24"
GATEWAY = "10.244.0.1"
NODE_ADDRESS = "172.18.0.2"


class AddressPool:
    """Addresses by owner; the network's first two addresses are the network's own."""

    def __init__(self, network: str = POD_NETWORK) -> None:
        self._hosts = [str(address) for address in ipaddress.ip_network(network).hosts()][1:]
        self._owners: dict[str, str] = {}
        self._by_owner: dict[str, str] = {}
        self._next = 0

    def claim(self, owner: str, address: str = "") -> str:
        """Give an owner its address (the same one again); ``address`` restores an earlier one when it is free.

        Raises ``RuntimeError`` when all are taken.
        """
        if owner in self._by_owner:
            return self._by_owner[owner]
        chosen = address if address in self._hosts and address not in self._owners else self._free()
        self._owners[chosen] = owner
        self._by_owner[owner] = chosen
        return chosen

    def _free(self) -> str:
        for _ in self._hosts:
            candidate = self._hosts[self._next]
            self._next = (self._next + 1) % len(self._hosts)
            if candidate not in self._owners:
                return candidate
        raise RuntimeError(f"no free pod address: all {len(self._hosts)} are in use")

    def release(self, owner: str) -> str:
        """Take an owner's address back; return it, or an empty text."""
        address = self._by_owner.pop(owner, "")
        self._owners.pop(address, None)
        return address

    def owner(self, address: str) -> str:
        """Return who has an address, or an empty text."""
        return self._owners.get(address, "")

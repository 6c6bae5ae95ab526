"""What can go wrong with the store."""

from __future__ import annotations

from k8slab.errors import ClusterError


class StoreError(ClusterError):
    """The store's file cannot be read or written."""


class CompactedError(Exception):
    """A revision is older than the log reaches back."""

    def __init__(self, wanted: int, oldest: int) -> None:
        # The words of etcd3 storage (k8s.io/apiserver/pkg/storage/etcd3/errors.go).
        super().__init__(f"too old resource version: {wanted} ({oldest})")
        self.wanted = wanted
        self.oldest = oldest

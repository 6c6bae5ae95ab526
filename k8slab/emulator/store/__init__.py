"""One ordered log of revisions: the only state of the embedded cluster."""

from k8slab.emulator.store.entries import Change, Entry, StoreKey
from k8slab.emulator.store.errors import CompactedError, StoreError
from k8slab.emulator.store.log import Cursor, Store

__all__ = ["Change", "CompactedError", "Cursor", "Entry", "Store", "StoreError", "StoreKey"]

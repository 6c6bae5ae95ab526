"""The watched copies of one resource's objects, findable by name, namespace, uid and owner."""

from __future__ import annotations

from k8slab.kube.objects import Obj, ObjectKey, key_of, owner_references, uid_of


class ObjectIndex:
    """Objects by key. They are shared: whoever wants to change one copies it first."""

    def __init__(self) -> None:
        self._objects: dict[ObjectKey, Obj] = {}
        self._namespaces: dict[str, dict[ObjectKey, Obj]] = {}
        self._uids: dict[str, Obj] = {}
        self._owned: dict[str, dict[ObjectKey, Obj]] = {}

    def __len__(self) -> int:
        return len(self._objects)

    def keys(self) -> set[ObjectKey]:
        """Return the keys of all objects."""
        return set(self._objects)

    def get(self, key: ObjectKey) -> Obj | None:
        """Return the object with that key."""
        return self._objects.get(key)

    def by_uid(self, uid: str) -> Obj | None:
        """Return the object with that uid."""
        return self._uids.get(uid)

    def objects(self, namespace: str = "") -> list[Obj]:
        """Return the objects of a namespace, or all of them."""
        found = self._namespaces.get(namespace, {}) if namespace else self._objects
        return list(found.values())

    def dependents(self, uid: str) -> list[Obj]:
        """Return the objects with an owner reference to that uid."""
        return list(self._owned.get(uid, {}).values())

    def put(self, obj: Obj) -> Obj | None:
        """Store an object and return the one it replaces."""
        key = key_of(obj)
        previous = self.remove(key)
        self._objects[key] = obj
        self._namespaces.setdefault(key.namespace, {})[key] = obj
        self._uids[uid_of(obj)] = obj
        for owner in _owner_uids(obj):
            self._owned.setdefault(owner, {})[key] = obj
        return previous

    def remove(self, key: ObjectKey) -> Obj | None:
        """Forget an object and return it."""
        obj = self._objects.pop(key, None)
        if obj is None:
            return None
        _drop(self._namespaces, key.namespace, key)
        self._uids.pop(uid_of(obj), None)
        for owner in _owner_uids(obj):
            _drop(self._owned, owner, key)
        return obj


def _owner_uids(obj: Obj) -> set[str]:
    return {str(reference.get("uid", "")) for reference in owner_references(obj)}


def _drop(groups: dict[str, dict[ObjectKey, Obj]], name: str, key: ObjectKey) -> None:
    group = groups.get(name)
    if group is None:
        return
    group.pop(key, None)
    if not group:
        del groups[name]

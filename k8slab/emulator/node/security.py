"""Who a container runs as, and what it may write (pods' and containers' securityContext)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from k8slab.emulator.node.environment import ConfigError
from k8slab.emulator.node.volumes.mounts import Mount
from k8slab.kube.objects import Obj, dig, name_of, namespace_of, uid_of


def _setting(pod: Obj, container: Obj, name: str) -> Any:
    own = dig(container, "securityContext", name)
    return own if own is not None else dig(pod, "spec", "securityContext", name)


def user_of(pod: Obj, container: Obj, image_user: int) -> dict[str, Any]:
    """Return ``uid``, ``gid``, ``groups`` and ``fs_group``; ``image_user`` is the image's own.

    Raises ``ConfigError`` in the words of k8s.io/kubernetes/pkg/kubelet/kuberuntime: verifyRunAsNonRoot.
    """
    given = _setting(pod, container, "runAsUser")
    uid = int(given) if given is not None else image_user
    if _setting(pod, container, "runAsNonRoot") and uid == 0:
        where = f'(pod: "{name_of(pod)}_{namespace_of(pod)}({uid_of(pod)})", container: {container["name"]})'
        if given is not None:
            raise ConfigError(f"container's runAsUser breaks non-root policy {where}")
        raise ConfigError(f"container has runAsNonRoot and image will run as root {where}")
    gid = int(_setting(pod, container, "runAsGroup") or 0)
    fs_group = dig(pod, "spec", "securityContext", "fsGroup")
    extra = [int(group) for group in dig(pod, "spec", "securityContext", "supplementalGroups", default=[])]
    groups = sorted({gid, *extra, *([int(fs_group)] if fs_group is not None else [])})
    return {"uid": uid, "gid": gid, "groups": groups, "fs_group": int(fs_group or 0)}


def read_only_paths(container: Obj, mounts: Iterable[Mount]) -> tuple[str, ...]:
    """Return the container's paths that cannot be written."""
    whole = ("/",) if dig(container, "securityContext", "readOnlyRootFilesystem") else ()
    return (*whole, *(mount.path for mount in mounts if mount.read_only))


def writable_paths(mounts: Iterable[Mount]) -> list[str]:
    """Return the mounts that can be written, whoever the user is (the kubelet makes them so)."""
    return [mount.path for mount in mounts if not mount.read_only]

"""Images that are not there (the kubelet's waiting reasons: k8s.io/kubernetes/pkg/kubelet/images)."""

from __future__ import annotations

from collections.abc import Iterator

from k8slab.diagnose.events import last_event
from k8slab.diagnose.findings import UNREACHED, Evidence, Finding
from k8slab.diagnose.words import in_namespace
from k8slab.kube.objects import Obj, dig, name_of, namespace_of
from k8slab.snapshot import Snapshot
from k8slab.snapshot.lookups import container_statuses

_MEANINGS = {
    "ErrImagePull": ("image-wrong", "cannot be pulled: is its name and tag spelt right?"),
    "ImagePullBackOff": ("image-wrong", "cannot be pulled: is its name and tag spelt right?"),
    "InvalidImageName": ("image-name-invalid", "is no valid name of an image."),
    "ErrImageNeverPull": ("image-never-pulled", "is not on the node, and imagePullPolicy Never forbids to fetch it."),
    "ImageInspectError": ("image-broken", "cannot be read by the container runtime."),
    "RegistryUnavailable": ("registry-unavailable", "cannot be pulled now: the registry does not answer."),
}
_DENIED = ("unauthorized", "authentication required", "denied", "forbidden")


def image_findings(snapshot: Snapshot, pod: Obj, _evidence: Evidence) -> Iterator[Finding]:
    """Yield the containers whose image cannot be had."""
    for status in container_statuses(pod):
        reason = str(dig(status, "state", "waiting", "reason", default=""))
        if reason not in _MEANINGS:
            continue
        cause, meaning = _MEANINGS[reason]
        message = last_event(snapshot, pod, ("Failed",), "pull") or dig(
            status, "state", "waiting", "message", default=""
        )
        secrets = [str(entry.get("name")) for entry in dig(pod, "spec", "imagePullSecrets", default=[])]
        hint = ""
        if any(sign in message.lower() for sign in _DENIED) and "not found" not in message:
            cause = "image-pull-denied"
            hint = " The registry wants a login (imagePullSecrets)" + (f": {', '.join(secrets)}." if secrets else ".")
        yield Finding(
            cause,
            f"The image {status.get('image')!r} of pod {name_of(pod)} {meaning}{hint}",
            in_namespace(f"kubectl describe pod {name_of(pod)}", namespace_of(pod)),
            (f"container {status.get('name')}: {reason}", *((message,) if message else ())),
            UNREACHED,
        )

"""What may come next on the line of a magic: commands, kinds, names, namespaces, options. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from k8slab.kube.objects import name_of
from k8slab.kube.resources import NAMESPACES, PODS, Catalog
from k8slab.magics.suggestions import COMMANDS
from k8slab.snapshot import Snapshot

_FLAGS: dict[str, tuple[str, ...]] = {
    "": ("--namespace", "--all-namespaces", "--selector", "--output", "--help"),
    "get": ("--show-labels", "--watch", "--output=wide", "--output=yaml", "--output=json", "--sort-by="),
    "apply": ("--filename", "--dry-run=server", "--server-side"),
    "delete": ("--filename", "--now", "--all", "--wait=false"),
    "logs": ("--follow", "--previous", "--tail=", "--container", "--all-containers"),
    "expose": ("--port=", "--target-port=", "--type=NodePort", "--name="),
    "scale": ("--replicas=",),
    "create": ("--image=", "--replicas=", "--dry-run=client", "--from-literal="),
    "rollout": ("--timeout=", "--to-revision="),
}
_VERBS = ("get", "describe", "delete", "edit", "label", "annotate", "patch", "scale", "expose", "wait", "autoscale")
_OF_PODS = ("logs", "exec", "port-forward", "cp", "attach", "debug")
_SUBCOMMANDS = {
    "rollout": ("status", "history", "undo", "restart", "pause", "resume"),
    "create": (
        "deployment",
        "service",
        "ingress",
        "configmap",
        "secret",
        "namespace",
        "job",
        "quota",
        "serviceaccount",
    ),
    "set": ("image", "env", "resources", "selector"),
    "config": ("view", "current-context", "get-contexts"),
}
_VALUE_IS_NAMESPACE = ("-n", "--namespace")


def completions(words: Sequence[str], snapshot: Snapshot | None) -> list[str]:
    """Return what the last word may become; the last one is unfinished, and may be empty."""
    before, last = list(words[:-1]), words[-1] if words else ""
    found = _candidates(before, last, snapshot)
    return sorted({word for word in found if word.startswith(last)})


def _candidates(before: list[str], last: str, snapshot: Snapshot | None) -> Sequence[str]:
    plain = _without_values(before)
    verb = plain[0] if plain else ""
    if before and before[-1] in _VALUE_IS_NAMESPACE:
        return _names(NAMESPACES.plural, snapshot)
    if last.startswith("--namespace="):
        return [f"--namespace={name}" for name in _names(NAMESPACES.plural, snapshot)]
    if last.startswith("-"):
        return (*_FLAGS[""], *_FLAGS.get(verb, ()))
    if not plain:
        return COMMANDS
    return _operands(verb, plain[1:], last, snapshot)


def _operands(verb: str, operands: list[str], last: str, snapshot: Snapshot | None) -> Sequence[str]:
    kind, slash, _ = last.partition("/")
    if slash:
        return [f"{kind}/{name}" for name in _names(kind, snapshot)]
    if verb in _SUBCOMMANDS and not operands:
        return _SUBCOMMANDS[verb]
    if verb in _OF_PODS and not operands:
        return (*_names(PODS.plural, snapshot), "deployment/", "service/", "pod/")
    place = operands[1:] if verb in ("rollout", "set") else operands
    if verb in (*_VERBS, "rollout", "set", "explain"):
        return _names(place[0], snapshot) if place else _kinds()
    return ()


def _kinds() -> list[str]:
    return [word for item in Catalog() for word in (item.plural, item.singular)]


def _names(kind: str, snapshot: Snapshot | None) -> list[str]:
    resource = Catalog().named(kind)
    return [name_of(obj) for obj in snapshot.list(resource)] if resource and snapshot else []


def _without_values(words: list[str]) -> list[str]:
    """Return the words that are neither options nor values of options."""
    kept, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word in (
            "-n",
            "--namespace",
            "-l",
            "--selector",
            "-o",
            "--output",
            "-f",
            "--filename",
            "-c",
            "--container",
        ):
            skip = True
        elif not word.startswith("-"):
            kept.append(word)
    return kept

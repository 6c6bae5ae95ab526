"""Why a path meets no rule, or another one than was meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from k8slab.diagnose.findings import Finding
from k8slab.diagnose.ingress.scene import Scene
from k8slab.diagnose.words import in_namespace, listed, near
from k8slab.kube.objects import Obj, annotations_of, dig, name_of, namespace_of
from k8slab.kube.resources import INGRESSES
from k8slab.routing.annotations import PREFIX
from k8slab.routing.building import backend_of
from k8slab.routing.model import Location
from k8slab.snapshot.ingress_doors import host_matches

_META = re.compile(r"[()|*+?\[\]{}^$\\]")


def path_findings(scene: Scene) -> Iterator[Finding]:
    """Yield what is wrong with the match of the request's path."""
    location = scene.location
    if not scene.path:
        yield Finding(
            "path-malformed", f"nginx calls the path {scene.request.path} malformed.", "", (), frozenset({"400"})
        )
        return
    if scene.found.redirect and scene.found.head is not None:
        text = (
            f"The rule is for {scene.found.head.text}, with a slash at its end: nginx redirects {scene.path} there"
            " (301)."
        )
        yield Finding("trailing-slash", text, "kubectl get ingress -A -o wide", (), frozenset({"301"}))
    if location is None or (location.implicit and location.backend is None):
        yield from _unmatched(scene)
        return
    yield from _duplicates(scene, location)
    yield from _greedy(scene, location)


def _declared(scene: Scene) -> list[Location]:
    return [entry for entry in scene.server.locations if not entry.implicit]


def _unmatched(scene: Scene) -> Iterator[Finding]:
    declared = _declared(scene)
    if not declared:
        return  # the host hop has said why
    owner = declared[0].owner
    command = in_namespace(f"kubectl describe ingress {owner.name}", owner.namespace)
    shown = tuple(f"Ingress {entry.owner.path}: {entry.path_type} {entry.path}" for entry in declared)
    cause, why = _why_unmatched(scene, declared)
    text = f"No rule of {scene.server.host} matches the path {scene.path}; {why}"
    yield Finding(cause, text, command, shown, frozenset({"404"}))


def _why_unmatched(scene: Scene, declared: list[Location]) -> tuple[str, str]:
    for why in _NEAR_MISSES:
        for entry in declared:
            text = why[1](scene, entry)
            if text:
                return why[0], text
    texts = [entry.path for entry in declared]
    like = near(scene.path, texts) or near("/" + scene.path.lstrip("/").partition("/")[0], texts)
    return "path-mismatch", f"the nearest rule is {like}." if like else f"its rules are {listed(texts)}."


def _literal(scene: Scene, entry: Location) -> str:
    if _META.search(entry.path) and not scene.server.is_regex:
        return (
            f"{entry.path} looks like a regular expression, but is taken literally: it needs the annotation use-regex."
        )
    return ""


def _exact(scene: Scene, entry: Location) -> str:
    if entry.path_type != "Exact" or scene.server.is_regex:
        return ""
    if scene.path.rstrip("/") == entry.path.rstrip("/"):
        return f"{entry.path} is Exact: a slash at the end makes it another path."
    below = scene.path.startswith(entry.path.rstrip("/") + "/")
    return f"{entry.path} is Exact and covers nothing below it (pathType Prefix does)." if below else ""


def _case(scene: Scene, entry: Location) -> str:
    alike = scene.path.lower().startswith(entry.path.lower()) and not scene.path.startswith(entry.path)
    if alike and not scene.server.is_regex:
        return f"{entry.path} is spelt with other capitals: paths are compared letter by letter."
    return ""


def _segment(scene: Scene, entry: Location) -> str:
    if scene.path.startswith(entry.path) and not scene.server.is_regex:
        return f"the prefix {entry.path} covers whole segments only: {entry.path}/..., not {scene.path}."
    return ""


def _broken(scene: Scene, entry: Location) -> str:
    return f"{entry.path} is no regular expression." if scene.server.is_regex and not _compiles(entry.path) else ""


# Why a rule that looks as if it were meant does not fit, with the cause; the first that has something to say counts.
_NEAR_MISSES: tuple[tuple[str, Callable[[Scene, Location], str]], ...] = (
    ("regex-not-enabled", _literal),
    ("path-exact", _exact),
    ("path-case", _case),
    ("path-prefix-segment", _segment),
    ("regex-broken", _broken),
)


def _compiles(expression: str) -> bool:
    try:
        re.compile(expression)
    except re.error:
        return False
    return True


def _duplicates(scene: Scene, location: Location) -> Iterator[Finding]:
    """Yield Ingresses that want the same host and path and lost to an older one."""
    for ingress in scene.snapshot.everywhere(INGRESSES):
        key = (namespace_of(ingress), name_of(ingress))
        canary = annotations_of(ingress).get(f"{PREFIX}canary") == "true"
        if key == (location.owner.namespace, location.owner.name) or canary or not scene.classes.owns(ingress):
            continue
        if any(_same(scene, location, host, path, key[0]) for host, path in _paths(ingress)):
            yield Finding(
                "ingress-conflict",
                f"Two Ingresses want {scene.server.host}{location.path}: the older one wins, {location.owner.path}; "
                f"{key[0]}/{key[1]} is not heard.",
                "kubectl get ingress -A --sort-by=.metadata.creationTimestamp",
                (f"taken: Ingress {location.owner.path}", f"not heard: Ingress {key[0]}/{key[1]}"),
                frozenset({"ok", "404", "502", "503", "301", "302", "308"}),
                doubt=True,
            )


def _paths(ingress: Obj) -> Iterator[tuple[str, Obj]]:
    for rule in dig(ingress, "spec", "rules", default=[]):
        for path in dig(rule, "http", "paths", default=[]):
            yield str(rule.get("host") or "_").lower(), path


def _same(scene: Scene, location: Location, host: str, path: Obj, namespace: str) -> bool:
    fits = host == scene.server.host or (host != "_" and host_matches(host, scene.server.host))
    same = (path.get("path") or "/") == location.path
    return fits and same and backend_of(path.get("backend"), namespace) != location.backend


def _greedy(scene: Scene, location: Location) -> Iterator[Finding]:
    """Yield a regular expression whose literal beginning goes on in the middle of a word of the request."""
    head = scene.found.head
    if head is None or head.kind != "regex":
        return
    literal = _META.split(location.path.removeprefix("^"), maxsplit=1)[0]
    optional = re.match(re.escape(literal) + r"\?", location.path)
    fixed = literal[:-1] if optional else literal
    rest = scene.path[len(fixed) :] if scene.path.lower().startswith(fixed.lower()) else ""
    command = in_namespace(f"kubectl describe ingress {location.owner.name}", location.owner.namespace)
    if fixed.strip("/") and not fixed.endswith("/") and rest and not rest.startswith("/"):
        better = f"{fixed}(/|$)(.*)"
        yield Finding(
            "regex-too-greedy",
            f"The rule {location.path} also takes {scene.path}: on this host paths are regular expressions, and "
            "nothing in it "
            f"ends the word {fixed}. {better} does.",
            command,
            (f"Ingress {location.owner.path}: {location.path}",),
            frozenset({"ok", "404", "502", "503", "400", "500"}),
            doubt=True,
        )
    elif fixed.strip("/") and optional and "(.*)" in location.path:
        yield Finding(
            "regex-too-greedy",
            f"The rule {location.path} takes more than it seems: {fixed}x fits it as well, as its slash is optional. "
            f"{fixed}(/|$)(.*) does not.",
            command,
            (f"Ingress {location.owner.path}: {location.path}",),
            frozenset({"ok"}),
            doubt=True,
        )

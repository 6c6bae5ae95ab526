"""What rewrite-target does to the path, and the ways in which it is written wrongly."""

from __future__ import annotations

import re
from collections.abc import Iterator

from k8slab.diagnose.findings import Finding
from k8slab.diagnose.ingress.scene import Scene
from k8slab.diagnose.words import in_namespace
from k8slab.kube.objects import annotations_of
from k8slab.routing.annotations import PREFIX
from k8slab.routing.model import Location
from k8slab.routing.rewriting import Rewritten, rewrite

# An app answers for a path that it does not have, or with the start page where everything is rewritten to it.
_SEEN = frozenset({"ok", "404", "400", "500", "301", "302", "403"})


def upstream_path(scene: Scene) -> str:
    """Return the path that the app is asked for."""
    location = scene.location
    if location is None or not location.rewrites:
        return scene.request.path
    made = rewritten(location, scene.path)
    return (made.redirect or made.path) if made else scene.request.path


def rewritten(location: Location, path: str) -> Rewritten | None:
    """Return what the location's rewrite makes of a path; None for an expression that nginx refuses."""
    try:
        return rewrite(location.path, location.settings.rewrite_target, path)
    except re.error:
        return None


def used_groups(target: str) -> tuple[int, ...]:
    """Return the numbers of the groups that a target uses, in order."""
    return tuple(int(number) for number in re.findall(r"\$(\d)", target))


def rewrite_findings(scene: Scene) -> Iterator[Finding]:
    """Yield what is wrong with the rewrite of the location that takes the request."""
    location = scene.location
    if location is None:
        return
    if location.rewrites:
        yield from _wrong(scene, location)
    else:
        yield from _none(scene, location)


def _wrong(scene: Scene, location: Location) -> Iterator[Finding]:
    target, path = location.settings.rewrite_target, scene.path
    used, made = used_groups(target), rewritten(location, path)
    if made is None or not made.changed:
        return
    groups = len(made.groups)
    beyond = _beyond(location.path, path)
    others = [
        entry for entry in scene.server.locations if entry.owner == location.owner and entry.path != location.path
    ]
    if used and not groups and any("(" in entry.path for entry in others):
        text = (
            f"rewrite-target {target} holds for every path of the Ingress, also for {location.path}, which has no"
            " group: "
        )
        text += f"every request to it becomes {made.path}. Put that path into an Ingress of its own."
        yield _finding("rewrite-on-every-path", text, location)
    elif used and max(used) > groups:
        text = (
            f"rewrite-target {target} uses ${max(used)}, but {location.path} has {groups} group(s): the app is asked"
            " for "
        )
        text += f"{made.path}, whatever was asked."
        yield _finding("rewrite-group-missing", text, location)
    elif used and _lost(made.groups, used):
        number = _lost(made.groups, used)
        text = (
            f"rewrite-target {target} leaves ${number} out, which holds the rest of the path"
            f" ({made.groups[number - 1]!r}): "
        )
        text += f"the app is asked for {made.path}."
        yield _finding("rewrite-wrong-group", text, location)
    elif not used and beyond:
        text = (
            f"rewrite-target {target} has no group in it ($1, $2): every path below {location.path} becomes"
            f" {made.path}, so "
        )
        text += f"the app never hears of {beyond}."
        yield _finding("rewrite-without-group", text, location)
    elif made.path.startswith("//"):
        yield _finding("rewrite-double-slash", f"The rewrite makes {made.path}, with two slashes.", location)


def _beyond(expression: str, path: str) -> str:
    """Return what of the path goes beyond the literal beginning of its rule."""
    literal = re.split(r"[()|*+?\[\]{}^$\\]", expression.removeprefix("^"), maxsplit=1)[0]
    return path[len(literal) :].strip("/") if path.lower().startswith(literal.lower()) else ""


def _lost(groups: tuple[str, ...], used: tuple[int, ...]) -> int:
    """Return the number of a group that captured words and is not used; 0 when none is."""
    return next(
        (
            number
            for number, text in enumerate(groups, 1)
            if text.strip("/")
            and number not in used
            and not any(text in groups[other - 1] for other in used if other <= len(groups))
        ),
        0,
    )


def _none(scene: Scene, location: Location) -> Iterator[Finding]:
    ingress = scene.ingress
    written = annotations_of(ingress or {}).get(f"{PREFIX}rewrite-target", "")
    if written and not location.settings.rewrite_target:
        text = (
            f"The controller ignores rewrite-target {written!r}: it may hold letters, digits, - . _ ~ / : and $ only."
        )
        yield _finding("rewrite-target-ignored", text, location)
    elif location.path not in ("/", "") and location.path_type != "Exact":
        text = (
            f"The app is asked for {scene.request.path} as it is, with {location.path} in front; if it has its pages"
            " at /, "
        )
        text += f"rewrite: path {location.path.rstrip('/')}(/|$)(.*) with rewrite-target /$2."
        yield Finding(
            "rewrite-missing",
            text,
            _describe(location),
            (f"Ingress {location.owner.path}: no rewrite-target",),
            frozenset({"404", "403"}),
            doubt=True,
        )


def _describe(location: Location) -> str:
    return in_namespace(f"kubectl describe ingress {location.owner.name}", location.owner.namespace)


def _finding(cause: str, text: str, location: Location) -> Finding:
    shown = f"Ingress {location.owner.path}: path {location.path}, rewrite-target {location.settings.rewrite_target}"
    return Finding(cause, text, _describe(location), (shown,), _SEEN, doubt=True)

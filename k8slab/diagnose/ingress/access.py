"""What keeps a matched request out: logins, address lists, limits, sizes, times, the protocol of the backend."""

from __future__ import annotations

from collections.abc import Iterator

from k8slab.diagnose.findings import Evidence, Finding
from k8slab.diagnose.ingress.scene import Scene
from k8slab.diagnose.words import in_namespace, listed, near
from k8slab.kube.objects import annotations_of, name_of
from k8slab.kube.resources import SECRETS
from k8slab.routing.annotations import PREFIX
from k8slab.routing.model import Location
from k8slab.routing.settings import Settings


def access_findings(scene: Scene, evidence: Evidence) -> Iterator[Finding]:
    """Yield what the location's annotations refuse; only what fits the answer counts in the end."""
    location = scene.location
    if location is None:
        return
    yield from _denied(scene, location)
    yield from _login(scene, location)
    yield from _addresses(scene, location)
    yield from _limits(scene, location)
    yield from _sizes_and_times(scene, location, evidence)
    yield from _ignored(scene, location)


def _finding(
    location: Location, cause: str, text: str, shown: str, symptoms: set[str], *, doubt: bool = True, command: str = ""
) -> Finding:
    command = command or f"kubectl describe ingress {location.owner.name}"
    where = location.owner.namespace
    return Finding(
        cause,
        text,
        in_namespace(command, where),
        (f"Ingress {location.owner.path}: {shown}",),
        frozenset(symptoms),
        doubt=doubt,
    )


def _denied(scene: Scene, location: Location) -> Iterator[Finding]:
    if location.settings.denied:
        text = f"The controller answers 503 for this path: {location.settings.denied}."
        yield _finding(location, "annotation-denied", text, location.settings.denied, {"503"}, doubt=False)
    del scene


def _login(scene: Scene, location: Location) -> Iterator[Finding]:
    settings = location.settings
    if settings.auth_type:
        yield from _auth_secret(scene, location, settings)
        text = (
            f"The path wants a login ({settings.auth_type} auth): without a right name and password it answers 401."
            " Give one: "
        )
        text += "-u NAME:PASSWORD."
        yield _finding(location, "auth-failed", text, f"auth-type: {settings.auth_type}", {"401"})
    if settings.auth_url:
        text = (
            f"Every request is first shown to {settings.auth_url} (auth-url), which did not let it through or did not"
            " answer."
        )
        yield _finding(
            location,
            "auth-url-refuses",
            text,
            f"auth-url: {settings.auth_url}",
            {"401", "403", "500", "502", "503", "302"},
        )


def _auth_secret(scene: Scene, location: Location, settings: Settings) -> Iterator[Finding]:
    space, _, name = settings.auth_secret.rpartition("/")
    where = space or location.owner.namespace
    if SECRETS.qualified_name not in scene.snapshot.objects or scene.snapshot.gap(SECRETS, where):
        return
    secret = scene.snapshot.get(SECRETS, name, where) if name else None
    looking = "kubectl get secrets"
    if secret is None:
        like = near(name, [name_of(entry) for entry in scene.snapshot.list(SECRETS, where)])
        hint = f" There is one called {like}." if like else ""
        text = (
            f"The Secret {settings.auth_secret or '(none named)'} with the names and passwords does not exist in"
            " namespace "
        )
        text += f"{where}: the controller answers 503.{hint}"
        yield _finding(
            location,
            "auth-secret-missing",
            text,
            f"auth-secret: {settings.auth_secret}",
            {"503"},
            doubt=False,
            command=looking,
        )
    elif settings.auth_secret_type != "auth-map" and "auth" not in (secret.get("data") or {}):  # noqa: S105 - a form
        text = (
            f"The Secret {name} has no key called auth (it has {listed(secret.get('data') or {})}): the controller"
            " answers 503."
        )
        yield _finding(
            location, "auth-secret-malformed", text, f"auth-secret: {name}", {"503"}, doubt=False, command=looking
        )


def _addresses(scene: Scene, location: Location) -> Iterator[Finding]:
    allowed = location.settings.allowlist or scene.configuration.allowlist
    denied = location.settings.denylist or scene.configuration.denylist
    if allowed:
        text = (
            f"Only the addresses {listed(allowed)} may ask for this path (whitelist-source-range); yours is none of"
            " them."
        )
        yield _finding(location, "source-not-allowed", text, f"whitelist-source-range: {listed(allowed)}", {"403"})
    if denied:
        text = (
            f"The addresses {listed(denied)} may not ask for this path (denylist-source-range); yours is one of them."
        )
        yield _finding(location, "source-denied", text, f"denylist-source-range: {listed(denied)}", {"403"})


def _limits(scene: Scene, location: Location) -> Iterator[Finding]:
    settings, configuration = location.settings, scene.configuration
    rates = (("limit-rps", settings.limit_rps, "second"), ("limit-rpm", settings.limit_rpm, "minute"))
    for name, rate, unit in rates:
        if rate <= 0:
            continue
        burst = rate * settings.limit_burst_multiplier
        text = (
            f"The rate limit is hit: {name} {rate} lets {rate} requests per {unit} through, after a burst of {burst} "
        )
        text += f"(limit-burst-multiplier {settings.limit_burst_multiplier}) and one more; the rest gets "
        text += (
            f"{configuration.limit_req_status}. Wait {max(1, 60 // rate) if unit == 'minute' else 1} s for the next"
            " one."
        )
        yield _finding(
            location,
            "rate-limited",
            text,
            f"{name}: {rate}",
            {str(configuration.limit_req_status)},
            command=f"k8slab load {scene.request.url}",
        )
    if settings.limit_connections > 0:
        text = f"More than {settings.limit_connections} requests at the same time (limit-connections) get "
        text += f"{configuration.limit_conn_status}."
        yield _finding(
            location,
            "connection-limited",
            text,
            f"limit-connections: {settings.limit_connections}",
            {str(configuration.limit_conn_status)},
        )


def _sizes_and_times(scene: Scene, location: Location, evidence: Evidence) -> Iterator[Finding]:
    settings, configuration = location.settings, scene.configuration
    size = settings.body_size or configuration.body_size
    text = f"The request's body is larger than the {size} that nginx takes here (annotation proxy-body-size)."
    yield _finding(location, "body-too-large", text, f"proxy-body-size: {size}", {"413"})
    seconds = settings.read_timeout or configuration.read_timeout
    text = f"The app did not answer within {seconds} s (annotation proxy-read-timeout)."
    yield _finding(
        location, "upstream-timeout", text, f"proxy-read-timeout: {seconds}", {"504"}, command="kubectl get pods"
    )
    if settings.backend_protocol not in ("HTTP", "", "AUTO_HTTP"):
        text = (
            f"nginx speaks {settings.backend_protocol} to the app (annotation backend-protocol); the app does not"
            " understand it."
        )
        yield _finding(
            location, "backend-protocol-wrong", text, f"backend-protocol: {settings.backend_protocol}", {"502", "400"}
        )
    elif evidence.symptom == "400" and "plain HTTP request was sent to HTTPS" in evidence.body:
        text = (
            "The app speaks https, and nginx asks it in http: the Ingress needs the annotation backend-protocol:"
            ' "HTTPS".'
        )
        yield _finding(location, "backend-protocol-missing", text, "backend-protocol: HTTP", {"400"})


def _ignored(scene: Scene, location: Location) -> Iterator[Finding]:
    """Yield annotations without effect: snippets that the administrator does not allow."""
    snippets = [
        name for name in annotations_of(scene.ingress or {}) if name.startswith(PREFIX) and name.endswith("-snippet")
    ]
    if snippets and not scene.configuration.allow_snippets:
        text = (
            f"The annotation {snippets[0]} has no effect: snippets are off (allow-snippet-annotations in the"
            " controller's "
        )
        text += "ConfigMap)."
        yield _finding(location, "snippet-ignored", text, snippets[0], {"ok", "404", "403"})
